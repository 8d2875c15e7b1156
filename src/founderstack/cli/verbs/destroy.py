"""`founder destroy`: remove a stack and all of its data."""

from __future__ import annotations

import os
import sys

from founderstack import wiring
from founderstack.cli import boot
from founderstack.cli.options import parser
from founderstack.cli.render import paint
from founderstack.cli.verbs.down import show_stop
from founderstack.locale import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.operations.down import destroy
from founderstack.operations.site import Site
from founderstack.world import files
from founderstack.world.stack_file import find_stack_file


def run(arguments: list[str]) -> int:
    """Show what goes, have the stack's name typed, then remove it."""
    options = parser("destroy", yes=True, example="founder destroy --yes --confirm diary")
    options.add_argument("--confirm", default="", metavar="NAME", help=_("the stack's name, for scripts with --yes"))
    given = options.parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    name = site.stack.name
    print(
        paint("! ", "red", sys.stderr)
        + _("This removes {state}: the database, files, secrets and certificates of “{name}”.").format(
            state=site.places.state, name=name
        ),
        file=sys.stderr,
    )
    for folder, mib in _sizes(f"{site.places.state}/data"):
        print(f"  {folder:<12}{mib} MiB", file=sys.stderr)
    typed = given.confirm if given.yes else _typed(site)
    if typed != name:
        raise StackError(
            _("Nothing was removed"),
            _("“{typed}” is not the stack’s name, “{name}”.").format(typed=typed, name=name),
            _("For scripts: founder destroy --yes --confirm {name}").format(name=name),
            exit_code=EXIT_AUTH_NEEDED,
        )
    boot.remove(site)
    destroy(site, show_stop)
    print(_("The stack “{name}” is gone. Its stack file is still there.").format(name=name))
    return EXIT_OK


def _sizes(data: str) -> list[tuple[str, int]]:
    """Each component's data folder and the MiB in it, the largest first."""
    try:
        folders = os.listdir(data)
    except FileNotFoundError:
        return []
    sizes = {name: sum(_size(path) for path in files.list_files(f"{data}/{name}")) for name in folders}
    return sorted(((name, size // 2**20) for name, size in sizes.items()), key=lambda pair: -pair[1])


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:  # a running database comes and goes with its files
        return 0


def _typed(site: Site) -> str:
    if not sys.stdin.isatty():
        return ""
    return input(_("Type the stack’s name to remove it: ")).strip()
