"""`founder destroy`: remove a stack and all of its data."""

from __future__ import annotations

import os
import shlex
import sys

from founderstack import wiring
from founderstack.backups.sets.set_locations import KEY, SetLocations, keeping, kept_folder, lying
from founderstack.cli import on_path
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _, typed
from founderstack.cli.verbs.down import show_stop
from founderstack.model.backup import IDENTITY
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.operations.stack.down import destroy
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import megabytes
from founderstack.runtimes.host import systemd_unit
from founderstack.world.os import files
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("destroy", yes=True, example="founder destroy --yes --confirm diary")
    options.add_argument("--confirm", default="", metavar=_("NAME"), help=_("the stack's name, for scripts with --yes"))
    options.add_argument("--backups", action="store_true", help=_("remove its backups on this machine as well"))
    return options


def run(arguments: list[str]) -> int:
    """Show what goes and what stays, have the stack's name typed, then remove it."""
    options = usage()
    given = options.parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    name, part = site.stack.name, site.stack.parts.get("backup")
    found = lying(site.places.state, name, part.settings if part else None)
    kept = kept_folder(site.places.state, site.clock.now())
    told = [
        paint("! ", "red", sys.stderr)
        + _("This removes {state}: the database, files, secrets and certificates of “{name}”.").format(
            state=site.places.state, name=name
        ),
        *(f"  {folder:<12}{mib} MiB" for folder, mib in _sizes(site.places.files.data)),
        *_about_backups(found, kept, sets=not given.backups),
    ]
    print("\n".join(told), file=sys.stderr)
    answer = given.confirm if given.yes else _typed(site)
    if answer != name:
        raise StackError(
            _("Nothing was removed"),
            _("“{typed}” is not the stack’s name, “{name}”.").format(typed=answer, name=name)
            if answer
            else _("Nobody confirmed it with the stack’s name."),
            _("For scripts: founder destroy --yes --confirm {name}").format(name=name),
            exit_code=EXIT_AUTH_NEEDED,
        )
    systemd_unit.remove(site.runtime, root=site.machine.root)
    destroy(site, show_stop, keeping(found, kept, _key(site), sets=not given.backups))
    on_path.unlink_after_the_last(on_path.homes(root=site.machine.root))
    print(_("The stack “{name}” is gone. Its stack file is still there.").format(name=name))
    if found.ids and not given.backups:
        command = shlex.join(["founder", "rebuild", "--from", kept, "--key-file", f"{kept}/{KEY}", "--name", name])
        print(_("It comes back from its backups with: {command}").format(command=typed(command)))
    return EXIT_OK


def _key(site: Site) -> str:
    """What opens the stack's backups, "" where it is known no more."""
    try:
        return site.secrets.get(IDENTITY)
    except StackError:
        return ""


def _about_backups(found: SetLocations, kept: str, *, sets: bool) -> list[str]:
    """What becomes of the sets, in lines."""
    lines = []
    if found.ids:
        words = {
            "count": len(found.ids),
            "size": megabytes(found.bytes),
            "newest": found.ids[0],
            "oldest": found.ids[-1],
        }
        text = _("ITS BACKUPS ON THIS MACHINE GO AS WELL: {count} ({size}), from {oldest} to {newest}.")
        if sets:
            text = _("Its backups on this machine stay: {count} ({size}), from {oldest} to {newest}.")
        lines.append(text.format(**words))
    if found.elsewhere:
        lines.append(_("Backups in {places} stay.").format(places=", ".join(found.elsewhere)))
    if found.ids and sets:
        lines.append(_("They and their key will lie in {folder}; with --backups they go, too.").format(folder=kept))
    elif found.elsewhere:
        lines.append(_("Their key will lie in {folder}.").format(folder=kept))
    return [f"  {line}" for line in lines]


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
    return questions.typed(_("Type the stack’s name to remove it: "))
