"""`founder` as a command of the shell: a link to the launcher where shells look, and completion beside it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.render import paint, show_error
from founderstack.cli.terminal.shells import SCRIPTS
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.state_folder import StateFolder
from founderstack.world.os import calling, files
from founderstack.world.os.ambient import state_root


@dataclass(frozen=True)
class Homes:
    """Where a user's shells look."""

    link: str
    """Path of the command, "" where no folder for it is on PATH."""
    completion: dict[str, str]
    """Shell → the file in which it looks for completion of this command."""


def homes(*, root: bool) -> Homes:
    """Those of root are everybody's."""
    if root:
        share = "/usr/local/share"
        zsh = {"zsh": f"{share}/zsh/site-functions/_founder"}
        return Homes(f"/usr/local/bin/{calling.NAME}", _beside(share) | zsh)
    own = os.path.expanduser("~/.local")
    found = f"{own}/bin" in calling.path_folders()
    # zsh has no folder of one user's that it looks into by itself.
    return Homes(f"{own}/bin/{calling.NAME}" if found else "", _beside(f"{own}/share"))


def _beside(share: str) -> dict[str, str]:
    return {
        "bash": f"{share}/bash-completion/completions/founder",
        "fish": f"{share}/fish/vendor_completions.d/founder.fish",
    }


def link(to: Homes) -> str:
    """Make the command and its completion; returns its path. Safe to call twice, and nothing of others is replaced."""
    launcher = calling.launcher()
    if not to.link or not launcher:
        raise StackError(
            _("There is no place for a link"),
            _("~/.local/bin is not on your PATH.") if launcher else _("This copy of the tool has no launcher."),
            _("Make that folder, sign in again, and try again; or link {path} yourself.").format(path=launcher or "–"),
            exit_code=EXIT_PRECONDITION,
        )
    if os.path.lexists(to.link) and not _ours(to.link, launcher):
        raise StackError(
            _("{path} is there already").format(path=to.link),
            _("It is not a link to {path}, and nothing of others is replaced.").format(path=launcher),
            _("Where you need it no more, remove it, then run: founder link"),
            exit_code=EXIT_PRECONDITION,
        )
    files.ensure_folder(os.path.dirname(to.link))
    files.swap_link(to.link, launcher)
    for shell, path in to.completion.items():
        if _written_by_us(path, shell):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            files.write_atomic(path, SCRIPTS[shell])
    return to.link


def unlink(to: Homes) -> bool:
    """Take away what `link` has made; True where the command was there."""
    there = bool(to.link) and os.path.lexists(to.link) and _ours(to.link, calling.launcher())
    if there:
        files.remove_tree(to.link)
    for shell, path in to.completion.items():
        if os.path.exists(path) and _written_by_us(path, shell):
            files.remove_tree(path)
    return there


def unlink_after_the_last(to: Homes) -> None:
    """The same where no stack is left on this machine that could be asked for."""
    root = state_root()
    names = os.listdir(root) if os.path.isdir(root) else []
    if not any(os.path.exists(StateFolder(f"{root}/{name}").about) for name in names):
        unlink(to)


def offer_link(to: Homes, *, ask: bool = True) -> None:
    """Ask once, at set-up; where nobody can be asked, or everything was agreed to beforehand, say how."""
    if not to.link or calling.on_path() or os.path.lexists(to.link) or not calling.launcher():
        return
    if not (ask and questions.somebody_there() and sys.stdout.isatty()):
        print(_("To type “{name}” in any folder: {command}").format(name=calling.NAME, command=typed("founder link")))
        return
    print(
        "\n"
        + _("{path} can make “{name}” a command that works in every folder.").format(path=to.link, name=calling.NAME)
    )
    if questions.agreed(_("Make that link? [y/N] ")):
        try:
            print(
                paint("✓ ", "green")
                + _("{path} is there, with completion by Tab in a new shell.").format(path=link(to))
            )
        except StackError as error:
            show_error(error)


def _ours(path: str, launcher: str) -> bool:
    """Whether a link leads to this launcher, or to one of a checkout that is gone."""
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return target == launcher or (os.path.basename(target) == calling.NAME and not os.path.exists(target))


def _written_by_us(path: str, shell: str) -> bool:
    """Whether the file may be replaced: there is none, or it begins as ours do."""
    content = files.read_text(path)
    return content is None or content.splitlines()[:2] == SCRIPTS[shell].splitlines()[:2]
