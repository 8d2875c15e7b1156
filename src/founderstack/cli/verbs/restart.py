"""`founder restart`: restart processes, or replace the app's instances by fresh ones."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.stack.changes import Approve, carry_out, judged, report
from founderstack.cli.stack.single import ask_to_restart, shows
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import SERVICE
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.names import known
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.model.protocols import Emit
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.single import restart
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import restart_app
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("restart", yes=True, example="founder restart redis app")
    options.add_argument(
        "services", nargs="+", type=SERVICE, help=_("names as “founder status” shows them; “app” for the app")
    )
    return options


def run(arguments: list[str]) -> int:
    """Restart what is named: the app without a failed request, everything else in its place."""
    options = usage()
    given = options.parse_args(arguments)
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    names = known(site, given.services)
    others = [name for name in names if not site.runtime.observe().processes[name].ring]
    if others:
        ask_to_restart(site, others, manner)
        restart(site, others, shows(site, manner))
        judged(site)
    if len(others) == len(names):
        return tell_result({"restarted": others}) if manner.events else EXIT_OK
    prepared, took = carry_out(site, _restart_app, manner)
    return report(site, prepared, took, manner)


def _restart_app(site: Site, approve: Approve, emit: Emit) -> Prepared:
    return restart_app(site, approve, emit)
