"""What the changing verbs share: show the plan, ask where there is a risk, show progress, say what comes next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.events import tell_event, tell_result, tell_steps
from founderstack.cli.terminal.manner import Manner
from founderstack.cli.terminal.plan_text import show_plan
from founderstack.cli.terminal.progress import Progress
from founderstack.cli.terminal.render import paint, seconds, title
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.model.events import Event
from founderstack.model.protocols import Emit
from founderstack.operations.stack.converge import estimate
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site

_JUDGE_S = 8.0

Approve = Callable[[Prepared], None]
Change = Callable[[Site, Approve, Emit], Prepared]


def carry_out(site: Site, change: Change, manner: Manner) -> tuple[Prepared, float]:
    """Run a changing operation in the terminal; returns what was done and the seconds it took."""
    shown: list[Progress | EventLines] = []
    began = site.clock.monotonic()

    def approve(prepared: Prepared) -> None:
        if manner.plan and prepared.digest != manner.plan:
            raise _another_plan()
        if not manner.events:
            _show(site, prepared)
        if prepared.plan.risks and not manner.yes:
            _ask(prepared)
        desired = prepared.resolved.desired
        told = EventLines(prepared) if manner.events else Progress(prepared.plan, desired, site.clock)
        shown.append(told)
        told.__enter__()

    def emit(event: Event) -> None:
        shown[0].emit(event)

    try:
        prepared = change(site, approve, emit)
    finally:
        if shown:
            shown[0].__exit__()
    if prepared.plan.steps:
        judged(site)
    return prepared, site.clock.monotonic() - began


def judged(site: Site) -> None:
    """Have the agent look at what was just changed, so that a status right afterwards knows of it."""
    from founderstack.agent.client import ask

    with suppress(StackError):  # an agent that is not there is for `status` to tell
        ask(site.places.files.agent_socket, "judge", timeout_s=_JUDGE_S)


def report(site: Site, prepared: Prepared, took: float, manner: Manner) -> int:
    """The end of a change: what to open next, or that there was nothing to do."""
    view = prepared.resolved.views["gateway"]
    has_app = "app" in prepared.resolved.components
    if manner.events:
        urls = {"panel": view.panel_url, **({"app": view.app_url} if has_app else {})}
        return tell_result({"steps": len(prepared.plan.steps), "seconds": round(took, 2), "addresses": urls})
    if not prepared.plan.steps:
        text = _("No changes ({count} services)").format(count=len(prepared.resolved.desired.processes))
        print(f"{text} · {seconds(took)}")
        return EXIT_OK
    print(paint("✓ ", "green") + _("Everything is ready · {time}").format(time=seconds(took)))
    if has_app:
        print("  " + _("App") + f":    {paint(view.app_url, 'bold')}")
    print("  " + _("Panel") + f":  {paint(view.panel_url, 'bold')}")
    return EXIT_OK


class EventLines:
    """The events of a change as lines of JSON; in the place of `Progress`."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        # By family: instances are named after secrets that the first run only makes after the plan was shown.
        steps = prepared.plan.steps
        self._titles = {step.family_id: title(step, prepared.resolved.desired) for step in steps}

    def __enter__(self) -> EventLines:
        tell_steps(self._prepared.digest, step_values(self._prepared))
        return self

    def __exit__(self, *_: object) -> None: ...

    def emit(self, event: Event) -> None:
        """Tell one event."""
        tell_event(event, self._titles.get(event.family_id, ""))


def step_values(prepared: Prepared) -> list[dict[str, object]]:
    """Each step of a plan for machines, with its title in the reader's language."""
    return [
        {
            "id": step.id,
            "action": step.verb,
            "family": step.family_id,
            "generation": step.identity.generation,
            "name": step.target,
            "target": step.target,
            "title": title(step, prepared.resolved.desired),
            "reason": step.reason,
            "risk": step.risk,
            "needs": list(step.needs),
        }
        for step in prepared.plan.steps
    ]


def plan_document(prepared: Prepared) -> dict[str, object]:
    """The plan for machines."""
    return {"v": 1, "digest": prepared.digest, "changes": step_values(prepared)}


def _show(site: Site, prepared: Prepared) -> None:
    plan = prepared.plan
    typical = [site.history.typical_seconds(step.service_id) for step in plan.steps]
    show_plan(plan, prepared.resolved.desired, estimate(plan, typical), sys.stderr)
    warn_of_memory(site, prepared)


def _another_plan() -> StackError:
    return StackError(
        _("The plan has become another one"),
        _("Something changed between the moment it was shown and now."),
        _("Look at the new plan, then apply that."),
    )


def warn_of_memory(site: Site, prepared: Prepared) -> None:
    """Say so where the machine has less memory than everything needs at rest."""
    needed = prepared.resolved.ram_mib
    if needed > site.machine.ram_mib:
        text = _("This machine has {has} MiB of memory; the stack needs about {needs} MiB at rest.")
        print(paint("! ", "yellow", sys.stderr) + text.format(has=site.machine.ram_mib, needs=needed), file=sys.stderr)


def _ask(prepared: Prepared) -> None:
    count = len(prepared.plan.risks)
    consent(
        _("Steps that interrupt a service for a moment: {count}. Go on? [y/N] ").format(count=count),
        _("Steps that interrupt a service: {count}. Nobody can be asked here.").format(count=count),
    )


def consent(question: str, why: str, fix: str = "") -> None:
    """Ask; raises StackError where the answer is no, or, with `why` and `fix`, where there is nobody to ask."""
    if not questions.somebody_there():
        raise StackError(
            _("This change needs your consent"),
            why,
            fix or _("Read the plan, then run the command again with --yes."),
            exit_code=EXIT_AUTH_NEEDED,
        )
    if not questions.agreed(question):
        raise StackError(_("Nothing was changed"), _("You said no."), _("Run the command again when it suits you."))
