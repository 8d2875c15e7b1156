"""`founder start`: start services again that were stopped, as they were."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.stack.changes import judged
from founderstack.cli.stack.single import shows
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import SERVICE
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.names import known
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.operations.stack.single import start
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("start", yes=True, example="founder start pgadmin")
    options.add_argument(
        "services", nargs="+", type=SERVICE, help=_("names as “founder status” shows them; “app” for the app")
    )
    return options


def run(arguments: list[str]) -> int:
    """Whoever is needed by another comes first; done when each is ready."""
    options = usage()
    given = options.parse_args(arguments)
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    names = known(site, given.services)
    start(site, names, shows(site, manner))
    judged(site)
    return tell_result({"started": names}) if manner.events else EXIT_OK
