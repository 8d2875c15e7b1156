"""What `stop`, `start` and `restart` share: the services that are meant, consent, and a line for each."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from founderstack.cli.stack.changes import consent
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.events import tell_event
from founderstack.cli.terminal.manner import Manner
from founderstack.cli.terminal.render import paint, seconds
from founderstack.cli.terminal.typed import _
from founderstack.model.events import Event
from founderstack.model.process import Instance
from founderstack.model.protocols import Emit
from founderstack.operations.stack.single import who_needs
from founderstack.operations.stack.site import Site

_TITLES = {"stop": lambda: _("stop {name}"), "start": lambda: _("start {name}"), "restart": lambda: _("restart {name}")}


def shows(site: Site, manner: Manner) -> Emit:
    """Where the events of single services go."""
    called = {name: one.identity.spoken() for name, one in site.runtime.observe().processes.items()}

    def shown(event: Event) -> None:
        verb, _colon, name = event.step.partition(":")
        if manner.events:
            tell_event(event, _TITLES[verb]().format(name=called[name]))
        elif event.kind in ("done", "failed"):
            sign = paint("✓", "green", sys.stderr) if event.kind == "done" else paint("✗", "red", sys.stderr)
            print(f"{sign} {called[name]}  {seconds(event.seconds)}", file=sys.stderr)

    return shown


def ask_to_stop(site: Site, names: list[str], manner: Manner) -> None:
    """Say who needs them and ask; raises StackError where the answer is no or nobody can be asked."""
    _say_who_needs(site, names, manner)
    if not manner.yes:
        question = _("Stop {names}? [y/N] ").format(names=_listed(site.runtime.observe().processes, names))
        why = _("It interrupts a service, and nobody can be asked here.")
        consent(question, why, _("To stop it all the same, add: --yes"))


def ask_to_restart(site: Site, names: list[str], manner: Manner) -> None:
    """The same where it interrupts something; a script that restarts something has decided and goes on."""
    processes = site.runtime.observe().processes
    heavy = _say_who_needs(site, names, manner) or any(processes[name].interrupts for name in names)
    if heavy and not manner.yes and questions.somebody_there():
        consent(_("Restart {names}? [y/N] ").format(names=_listed(processes, names)), "")


def _say_who_needs(site: Site, names: list[str], manner: Manner) -> bool:
    """True where a running service needs one of them; of the app's instances it is said once."""
    processes = site.runtime.observe().processes
    needing = list(dict.fromkeys(processes[name].ring or name for name in who_needs(processes, names)))
    if needing and not manner.events:
        text = _("These need it and may fail meanwhile: {names}").format(names=", ".join(needing))
        print(paint("! ", "yellow", sys.stderr) + text, file=sys.stderr)
    return bool(needing)


def _listed(processes: Mapping[str, Instance], names: Iterable[str]) -> str:
    return ", ".join(processes[name].identity.spoken() for name in names)
