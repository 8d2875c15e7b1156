"""`founder link`: the command by its name alone, in every folder, with completion."""

from __future__ import annotations

import os

from founderstack.cli import on_path
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("link", stack=False, example="sudo ./founder link")
    options.add_argument("--remove", action="store_true", help=_("take the link and the completion away again"))
    return options


def run(arguments: list[str]) -> int:
    """Make the link, or take it away."""
    options = usage()
    given = options.parse_args(arguments)
    places = on_path.homes(root=os.geteuid() == 0)
    if given.remove:
        print(_("The link is gone.") if on_path.unlink(places) else _("There was no link of ours."))
        return EXIT_OK
    path = on_path.link(places)
    print(_("{path} is there, with completion by Tab in a new shell.").format(path=path))
    return EXIT_OK
