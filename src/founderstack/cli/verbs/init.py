"""`founder init`: make a stack file."""

from __future__ import annotations

import os
import shlex

from founderstack import wiring
from founderstack.catalogue import COMPONENTS
from founderstack.cli.terminal.kinds import FOLDER
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.stackfile.keys import slug, tables
from founderstack.stackfile.schema import NAME as SCHEMA
from founderstack.stackfile.template import new_stack_file
from founderstack.world.os import files
from founderstack.world.os.machine import read_machine
from founderstack.world.state.places import package_folder


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("init", stack=False, example="founder init --name diary")
    options.add_argument("folder", nargs="?", type=FOLDER, default=".", help=_("where (default: this folder)"))
    options.add_argument("--name", default="", metavar=_("NAME"), help=_("the stack's name (default: the folder's)"))
    options.add_argument("--domain", default="", metavar=_("DOMAIN"), help=_("the app's public name"))
    options.add_argument(
        "--language", default="", choices=("", "en", "es"), metavar="en|es", help=_("for everybody who reads")
    )
    return options


def run(arguments: list[str]) -> int:
    """Write a small commented founder.toml; one that is there already is left alone."""
    options = usage()
    given = options.parse_args(arguments)
    folder = os.path.abspath(given.folder)
    path = os.path.join(folder, "founder.toml")
    if os.path.exists(path):
        raise StackError(
            _("{path} is there already").format(path=path),
            _("A stack file is never overwritten."),
            _("Edit it; or make one in another folder: founder init FOLDER"),
            exit_code=EXIT_PRECONDITION,
        )
    text = new_stack_file(
        given.name or slug(os.path.basename(folder)), given.domain, given.language, tables(COMPONENTS), _schema(folder)
    )
    wiring.check_stack(text.encode(), path, read_machine())
    files.ensure_folder(folder)
    files.write_atomic(path, text)
    command = "founder up" if folder == os.getcwd() else shlex.join(["founder", "up", "--file", path])
    print(_("{path} is written. Next: {command}").format(path=path, command=typed(command)))
    return EXIT_OK


def _schema(folder: str) -> str:
    """Where an editor finds the schema of a stack file in this folder; "" where the tool came without its documents."""
    path = os.path.join(os.path.dirname(os.path.dirname(package_folder())), "docs", SCHEMA)
    if not os.path.exists(path):
        return ""
    inside = os.path.commonpath([os.path.dirname(os.path.dirname(path)), folder]) != "/"
    return os.path.relpath(path, folder) if inside else path
