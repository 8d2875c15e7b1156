"""What the changing verbs share: show the plan, ask where there is a risk, show progress, say what comes next."""

from __future__ import annotations

import sys
from collections.abc import Callable

from founderstack.cli.progress import Progress
from founderstack.cli.render import paint, seconds, show_plan
from founderstack.locale import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.model.events import Event
from founderstack.operations.converge import duration_key, estimate
from founderstack.operations.prepare import Prepared
from founderstack.operations.site import Site

Approve = Callable[[Prepared], None]
Emit = Callable[[Event], None]
Change = Callable[[Site, Approve, Emit], Prepared]


def carry_out(site: Site, change: Change, *, yes: bool) -> tuple[Prepared, float]:
    """Run a changing operation in the terminal; returns what was done and the seconds it took."""
    shown: list[Progress] = []
    began = site.clock.monotonic()

    def approve(prepared: Prepared) -> None:
        plan = prepared.plan
        typical = [site.history.typical_seconds(duration_key(step.id)) for step in plan.steps]
        show_plan(plan, prepared.resolved.desired, estimate(plan, typical), sys.stderr)
        warn_of_memory(site, prepared)
        if plan.risks and not yes:
            _ask(prepared)
        progress = Progress(plan, prepared.resolved.desired, site.clock)
        shown.append(progress)
        progress.__enter__()

    def emit(event: Event) -> None:
        shown[0].emit(event)

    try:
        prepared = change(site, approve, emit)
    finally:
        if shown:
            shown[0].__exit__()
    return prepared, site.clock.monotonic() - began


def report(site: Site, prepared: Prepared, took: float) -> int:
    """The end of a change: what to open next, or that there was nothing to do."""
    if not prepared.plan.steps:
        text = _("No changes ({count} services)").format(count=len(prepared.resolved.desired.processes))
        print(f"{text} · {seconds(took)}")
        return EXIT_OK
    view = prepared.resolved.views["gateway"]
    print(paint("✓ ", "green") + _("Everything is ready · {time}").format(time=seconds(took)))
    if "app" in prepared.resolved.components:
        print(f"  {_('App')}:    {paint(view.app_url, 'bold')}")
    print(f"  {_('Panel')}:  {paint(view.panel_url, 'bold')}")
    return EXIT_OK


def warn_of_memory(site: Site, prepared: Prepared) -> None:
    """Say so where the machine has less memory than everything needs at rest."""
    needed = prepared.resolved.ram_mib
    if needed > site.machine.ram_mib:
        text = _("This machine has {has} MiB of memory; the stack needs about {needs} MiB at rest.")
        print(paint("! ", "yellow", sys.stderr) + text.format(has=site.machine.ram_mib, needs=needed), file=sys.stderr)


def _ask(prepared: Prepared) -> None:
    if not sys.stdin.isatty():
        raise StackError(
            _("This change needs your consent"),
            _("{count} steps interrupt a service, and nobody can be asked here.").format(
                count=len(prepared.plan.risks)
            ),
            _("Read the plan, then run the command again with --yes."),
            exit_code=EXIT_AUTH_NEEDED,
        )
    question = _("{count} steps interrupt a service for a moment. Go on? [y/N] ").format(count=len(prepared.plan.risks))
    if input(question).strip().lower() not in ("y", "yes", "s", "si", "sí"):
        raise StackError(_("Nothing was changed"), _("You said no."), _("Run the command again when it suits you."))
