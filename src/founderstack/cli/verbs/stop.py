"""`founder stop`: stop single services on purpose; they are shown as stopped, not as failed."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.stack.single import ask_to_stop, shows
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import SERVICE
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.names import known
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.operations.stack.single import stop
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("stop", yes=True, example="founder stop pgadmin")
    options.add_argument(
        "services", nargs="+", type=SERVICE, help=_("names as “founder status” shows them; “app” for the app")
    )
    return options


def run(arguments: list[str]) -> int:
    """Whoever needs another goes first; `founder up` starts them all again."""
    options = usage()
    given = options.parse_args(arguments)
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    names = known(site, given.services)
    ask_to_stop(site, names, manner)
    stop(site, names, shows(site, manner))
    if manner.events:
        return tell_result({"stopped": names})
    print(_("Stopped. “founder start” or “founder up” starts it again."))
    return EXIT_OK
