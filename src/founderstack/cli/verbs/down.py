"""`founder down`: stop everything, keep the data."""

from __future__ import annotations

import sys

from founderstack import wiring
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint, seconds
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.model.events import Event
from founderstack.operations.stack.down import down
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    return parser("down", yes=True, example="founder down")


def run(arguments: list[str]) -> int:
    """Stop in the order in which nobody misses what he needs."""
    given = usage().parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    stopped = down(site, show_stop)
    if stopped:
        print(_("{count} processes stopped. Your data stays; “founder up” starts them again.").format(count=stopped))
    else:
        print(_("Nothing was running."))
    return EXIT_OK


def show_stop(event: Event) -> None:
    """One line for each process that ended."""
    if event.kind == "done":
        name = event.step.partition(":")[2]
        print(f"{paint('✓', 'green', sys.stderr)} {name}  {seconds(event.seconds)}", file=sys.stderr)
