"""Versions of this tool beside its checkout: fetched, made ready, and which of them the launcher starts.

The launcher reads `.version`: its first line names a folder in `.versions`, nothing for the checkout itself, and its
second the one before. The file is replaced at once, so each command starts one whole version or the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_CHANGES_PENDING, EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.world.os import ambient
from founderstack.world.os.files import free_mib, read_text, remove_tree, write_atomic
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.processes import Result, run
from founderstack.world.source.checkout import VERSIONS, checkout_of
from founderstack.world.source.git import GIT, owner

LEAST_MIB = 700
"""For the new version's files and Python packages, and for the copy that agent and panel run from."""
_FETCH_S = 300
_MAKE_S = 1200
_LOOK_S = 120
_YOURS = (":(top)", ":(top,exclude)founder.toml", ":(top,exclude)app")
"""All of a checkout but what a founder keeps in it."""


class Versions:
    """The versions of the tool that a checkout has or can have."""

    def __init__(self, folder: str) -> None:
        """`folder` is the one that the tool runs from: a checkout, or a version beside one."""
        self._folder = folder
        self.checkout = checkout_of(folder)
        if self._said("rev-parse", "--show-toplevel") != os.path.realpath(self.checkout):
            raise StackError(
                _("{folder} is no checkout of Git").format(folder=self.checkout),
                _("This command fetches a newer version from the repository that the tool was cloned from."),
                _("Install the new version as this one was installed, then run: founder up"),
                exit_code=EXIT_PRECONDITION,
            )

    def only_one(self) -> AbstractContextManager[None]:
        """Nobody else upgrades this checkout while the block runs."""
        return stack_lock(f"{self.checkout}/.upgrade.lock", command="founder upgrade")

    @property
    def before(self) -> str | None:
        """The version that was here before the last change ("" is the checkout itself), None where there was none."""
        others = [one for one in self._noted() if one != self._here()]
        return others[-1] if others else None

    def switch(self, name: str) -> None:
        """Start this version from now on, in all commands that begin."""
        write_atomic(f"{self.checkout}/.version", f"{name}\n{self._here()}\n", mode=0o644)

    def fetch(self) -> None:
        """Bring the tags of the repository's releases; raises StackError where it is not reached."""
        said = self._git("fetch", "--quiet", "--no-tags", "origin", "refs/tags/v*:refs/tags/v*", timeout_s=_FETCH_S)
        if said.code:
            raise StackError(
                _("The repository of the tool could not be asked for newer versions"),
                said.err.strip()[-1000:] or _("Git said nothing."),
                _("See with “git fetch” in {folder} what it wants; nothing was changed.").format(folder=self.checkout),
            )

    def tags(self) -> list[str]:
        """Tags of releases that are known here."""
        return self._said("tag", "--list", "v*").split()

    def changelog(self, tag: str) -> str:
        """The changelog as that version has it."""
        return self._said("show", f"{tag}:CHANGELOG.md")

    def own_changes(self, tag: str) -> list[str]:
        """Files of the tool that were changed here, which that version would not have; a founder's own do not count."""
        changed = self._said("status", "--porcelain", "--untracked-files=no", "--", *_YOURS, folder=self._folder)
        files = {line.split(maxsplit=1)[1] for line in changed.splitlines() if " " in line}
        common = self._said("merge-base", "HEAD", tag, folder=self._folder)
        if common:
            files |= set(
                self._said("diff", "--name-only", common, "HEAD", "--", *_YOURS, folder=self._folder).split("\n")
            )
        return sorted(filter(None, files))

    def refuse_full_disk(self) -> None:
        """Raise StackError where a version has no room."""
        free = free_mib(self.checkout)
        if free < LEAST_MIB:
            raise StackError(
                _("There is not enough room on the disk of {state}").format(state=self.checkout),
                _("{free} MiB are free; this change wants at least {least} MiB.").format(free=free, least=LEAST_MIB),
                _("Make room there; nothing was changed."),
                exit_code=EXIT_PRECONDITION,
            )

    def make(self, tag: str) -> None:
        """Have a version ready beside the one that runs; what a killed attempt has left is made anew."""
        folder = self._path(tag)
        commit = self._said("rev-parse", f"{tag}^{{commit}}")
        if self._said("rev-parse", "HEAD", folder=folder) != commit or self._said(
            "status", "--porcelain", "--untracked-files=no", folder=folder
        ):
            remove_tree(folder)
            self._git("worktree", "prune")
            added = self._git("worktree", "add", "--quiet", "--detach", folder, tag, timeout_s=_MAKE_S)
            if added.code:
                raise _not_made(tag, added)
        ready = self._start(tag, ("--version",), _MAKE_S)
        if ready.code:
            raise _not_made(tag, ready)

    def shown_plan(self, name: str, stack_file: str) -> str:
        """The plan of a stack as that version sees it, for people."""
        return self._planned(name, stack_file).out

    def plan(self, name: str, stack_file: str) -> Mapping[str, Any]:
        """The same for machines."""
        found: Mapping[str, Any] = json.loads(self._planned(name, stack_file, "--json").out)
        return found

    def launcher(self, name: str) -> str:
        """What starts that version."""
        return f"{self._path(name)}/founder"

    def carry_out(self, name: str, words: tuple[str, ...]) -> Result:
        """What a command of that version says, for programs; its errors come as they are."""
        return self._start(name, words, _MAKE_S)

    def prune(self) -> None:
        """Remove versions that neither run nor are the way back."""
        folder = f"{self.checkout}/{VERSIONS}"
        kept = {self._here(), self.before or ""}
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name not in kept:
                remove_tree(f"{folder}/{name}")
        self._git("worktree", "prune")

    def _planned(self, name: str, stack_file: str, *more: str) -> Result:
        said = self._start(name, ("plan", "--file", stack_file, *more), _LOOK_S)
        if said.code not in (EXIT_OK, EXIT_CHANGES_PENDING):
            raise StackError(
                _("The other version does not take this stack as it is"),
                said.err.strip()[-2000:],
                _("Cure what it says, then run the command again; nothing was changed."),
                exit_code=EXIT_PRECONDITION,
            )
        return said

    def _start(self, name: str, words: tuple[str, ...], timeout_s: float) -> Result:
        # The checkout's launcher would start the version that it was switched to.
        env = {**ambient.inherited(), "FOUNDER_OWN_VERSION": "1"}
        return run([self.launcher(name), *words], env=env, timeout_s=timeout_s, check=False)

    def _path(self, name: str) -> str:
        return f"{self.checkout}/{VERSIONS}/{name}" if name else self.checkout

    def _here(self) -> str:
        """The version that runs now."""
        return "" if self._folder == self.checkout else os.path.basename(self._folder)

    def _noted(self) -> list[str]:
        return (read_text(f"{self.checkout}/.version") or "").split("\n")[:-1]

    def _said(self, *arguments: str, folder: str = "") -> str:
        found = self._git(*arguments, folder=folder) if os.path.isdir(folder or self.checkout) else Result(1, "", "")
        return found.out.strip() if found.code == 0 else ""

    def _git(self, *arguments: str, folder: str = "", timeout_s: float = 120) -> Result:
        # It must not wait for a password that nobody can give it here.
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
        command = [*GIT, "-c", "core.hooksPath=/dev/null", "-C", folder or self.checkout, *arguments]
        env = {**ambient.download_environment(), **quiet}
        return run(command, user=owner(self.checkout), env=env, timeout_s=timeout_s, check=False)


def _not_made(tag: str, said: Result) -> StackError:
    return StackError(
        _("Version {version} could not be made ready").format(version=tag.removeprefix("v")),
        (said.err or said.out).strip()[-2000:],
        _("Cure what it says, then run the command again; the version that runs is as it was."),
    )
