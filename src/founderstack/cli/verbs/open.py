"""`founder open`: where to find the app, the panel or a tool; in a browser where there is one."""

from __future__ import annotations

import os

from founderstack.cli import glance
from founderstack.cli.terminal.kinds import ADDRESS
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK, EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.world.os.processes import run as run_program
from founderstack.world.state.stack_file import find_stack_file

_OPENERS = ("xdg-open", "wslview", "open")


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("open", example="founder open panel")
    options.add_argument("what", nargs="?", type=ADDRESS, default="app", help=_("app, panel or a tool such as pgadmin"))
    return options


def run(arguments: list[str]) -> int:
    """Print the address, and open it where a browser can be reached."""
    options = usage()
    given = options.parse_args(arguments)
    known = glance.addresses(glance.records(glance.state_of(find_stack_file(given.file))))
    if given.what not in known:
        raise StackError(
            _("There is nothing to open that is called “{name}”").format(name=given.what),
            _("There are: {names}.").format(names=", ".join(known) or "–"),
            _("Choose one of them.") if known else _("Run “founder up” first."),
            exit_code=EXIT_USAGE if known else EXIT_PRECONDITION,
        )
    print(known[given.what])
    _open(known[given.what])
    return EXIT_OK


def _open(url: str) -> None:
    """Hand the address to the desktop, where there is one; a server has none, and the address was printed."""
    for opener in _OPENERS:
        path = next(
            (f"{folder}/{opener}" for folder in ("/usr/bin", "/usr/local/bin") if _runs(f"{folder}/{opener}")), ""
        )
        if path:
            run_program([path, url], timeout_s=10, check=False)
            return


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK)
