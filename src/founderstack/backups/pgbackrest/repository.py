"""pgBackRest's own commands: what is stored, taking it, giving it back, letting it go."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from founderstack.backups.pgbackrest.sayings import Progress, backup_of, failure, nothing_to_tell, silent, told
from founderstack.backups.postgres.tablespaces import own_folder
from founderstack.locale import _
from founderstack.model.point_in_time import ArchiveState, Gap, Stock, StoredBackup, Target
from founderstack.world.objects.folder import unreadable
from founderstack.world.os.clock import until
from founderstack.world.os.files import ensure_folder, read_text, write_atomic
from founderstack.world.os.leftovers import end_all, orphaned
from founderstack.world.os.processes import Result, run

PROGRAM = "/usr/bin/pgbackrest"
STANZA = "main"
_QUICK_S = 300
_LONG_S = 24 * 3600
NICE = 10
"""A backup gives way to the app."""
_LOCKED = 50
"""Exit code: another one is at work. Source: pgBackRest 2.45, src/build/error/error.yaml."""
_OTHER_SERVER = 28
"""Exit code of `stanza-create` where a repository is of a server with another identity."""
_NOT_LATER = 106
"""Exit code of a backup whose name would not be the latest: one that was killed at its end has left a later one."""
_SAID, _UNSAID = (0, 1, 2), -1
"""Codes of a repository that says what it holds: backups, not even a folder, or none. 99 is one that cannot be reached
or read, 3 one whose list is missing. Source: pgBackRest 2.45, src/command/info/info.c."""
_LOCK_WAIT_S = 60
_LABEL = re.compile(r"2\d{7}-\d{6}F")
"""How the name of every backup begins: when its full one was begun, in local time."""
_REFUSED = re.compile(r"new backup label '(\d{8}-\d{6})F")


class Run(Protocol):
    """How a program is run (world.os.processes.run)."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        user: str = ...,
        timeout_s: float = ...,
        nice: int = ...,
        on_line: Callable[[str], None] | None = ...,
        check: bool = ...,
    ) -> Result: ...


@dataclass(frozen=True)
class Repository:
    """The repositories of one stack, on this machine and in S3."""

    configuration: str
    """Path of pgbackrest.conf."""
    user: str
    """The database's system user, whom the repository on this machine belongs to."""
    folder: str
    """What is kept beside the repositories: markers, locks (model.component.Archive)."""
    run: Run = run

    def prepare(self) -> None:
        """Make what is missing of each repository; from then on segments of the log are wanted.

        Archiving begins after it, never before: attempts that fail would hold pgBackRest's locks. A repository that
        knows another server of the stack, one that was rebuilt since, goes on with this one and keeps what it has.
        """
        path = self._option("repo1-path")
        if not os.path.isdir(os.path.dirname(path)):
            ensure_folder(os.path.dirname(path), mode=0o711)
        ensure_folder(path, mode=0o700, owner=self.user)
        made = self._ask("stanza-create", timeout_s=_QUICK_S, check=False)
        if made.code == _OTHER_SERVER:
            self._ask("stanza-upgrade", timeout_s=_QUICK_S)
        elif made.code != 0:
            raise failure("stanza-create", made)
        write_atomic(f"{self.folder}/wanted", "", owner=self.user)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The repositories that are set up."""
        return (1, 2) if self._option("repo2-path") else (1,)

    def stored(self) -> Stock:
        """What each repository holds; one that cannot be reached or read is unknown, and not empty."""
        found = json.loads(self._ask("info", "--output=json", timeout_s=_QUICK_S).out)
        backups = [
            backup_of(one, stanza) for stanza in found for one in stanza.get("backup", ()) if not one.get("error")
        ]
        said = {one["key"]: one["status"] for stanza in found for one in stanza.get("repo", ())}
        nothing = {"code": _UNSAID, "message": _("It was not asked.")}
        states = {number: said.get(number, nothing) for number in self.numbers}
        unknown = {number: str(state["message"]) for number, state in states.items() if state["code"] not in _SAID}
        return Stock(tuple(sorted(backups, key=lambda backup: (backup.ended, backup.repository))), unknown)

    def take(self, kind: str, number: int, progress: Progress = nothing_to_tell) -> StoredBackup:
        """Take one backup into one repository; what builds upon nothing becomes a full one by itself.

        So does what builds upon a full one that is older than a killed one: pgBackRest refuses its name. Where it
        refuses every name, because a clock was ahead, what bears a later day goes first.
        """
        said = self._back_up(kind, number, progress)
        if said.code == _NOT_LATER and kind != "full":
            said = self._back_up("full", number, progress)
        if said.code == _NOT_LATER and (refused := _REFUSED.search(f"{said.out}{said.err}")):
            day_after = datetime.strptime(refused[1], "%Y%m%d-%H%M%S") + timedelta(days=1)
            self._remove_later(number, f"{day_after:%Y%m%d-%H%M%S}")
            said = self._back_up("full", number, progress)
        if said.code != 0:
            raise failure("backup", said)
        stock = self.stored()
        made = [one for one in stock.of(number) if f"= {one.label}\n" in f"{said.out}\n"]
        if not made:
            raise silent(number, stock.unknown.get(number) or _("It does not list the backup that was just taken."))
        return made[0]

    def _remove_later(self, number: int, last: str) -> None:
        """Remove backups whose names are later than `last`, and what is left of their names in the history.

        pgBackRest takes them out of its list at the next backup.
        """
        root = f"backup/{STANZA}"
        for folder, options in ((root, ()), (f"{root}/backup.history", ("--recurse",))):
            words = (f"--repo={number}", "--output=json", *options, "repo-ls", folder)
            for path in json.loads(self._ask(*words, timeout_s=_QUICK_S).out):
                name = path.rpartition("/")[2]
                if _LABEL.match(name) and name[: len(last)] > last:
                    self._ask(f"--repo={number}", "--recurse", "repo-rm", f"{folder}/{path}", timeout_s=_LONG_S)

    def _back_up(self, kind: str, number: int, progress: Progress) -> Result:
        options = (f"--type={kind}", f"--repo={number}", "--log-level-console=detail")
        on_line = told(_("files of the database"), progress)
        return self._ask(*options, "backup", timeout_s=_LONG_S, on_line=on_line, check=False)

    def restore(self, begin: StoredBackup, target: Target, folder: str, progress: Progress = nothing_to_tell) -> None:
        """Write the data folder of a server that will recover up to the target when it starts.

        Whatever a former attempt left in `folder` is used or replaced, so that it may be called again; what of it is
        still at work is ended.
        """
        end_writers(folder)
        # Beside a server that archives: no lock shared with it, and nothing sent into its archive.
        own = [f"--repo={begin.repository}", f"--pg1-path={folder}", f"--lock-path={self.folder}/restore"]
        options = [
            *own,
            f"--tablespace-map-all={own_folder(folder)}",
            f"--set={begin.label}",
            "--archive-mode=off",
            "--delta",
            *_target(target),
        ]
        options.append(f"--recovery-option=restore_command={self._fetch(own)}")
        on_line = told(_("files of the database"), progress)
        self._ask(*options, "--log-level-console=detail", "restore", timeout_s=_LONG_S, on_line=on_line)

    def expire(self, gone: Sequence[StoredBackup]) -> None:
        """Let go of these backups, given oldest first, and of the log that no other needs."""
        for one in reversed(gone):
            options = (f"--repo={one.repository}", f"--set={one.label}")
            # What builds upon it went before; the last full one stays by pgBackRest's own rule.
            self._ask(*options, "expire", timeout_s=_LONG_S, check=False)

    def archived(self, data_folder: str) -> ArchiveState:
        """How the log of changes is kept now, of the server in that data folder."""
        try:
            names = os.listdir(f"{data_folder}/pg_wal/archive_status")
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise unreadable(f"{data_folder}/pg_wal/archive_status", error) from None
        broken = (read_text(f"{self.folder}/broken") or "0").split()
        waiting = sum(name.endswith(".ready") for name in names)
        return ArchiveState(os.path.exists(f"{self.folder}/wanted"), float(broken[0]), waiting)

    def gaps(self) -> tuple[Gap, ...]:
        """Stretches of which the log was let go, oldest first."""
        lines = (read_text(f"{self.folder}/gaps") or "").splitlines()
        closed = [Gap(*(float(word) for word in line.split())) for line in lines]
        broken = (read_text(f"{self.folder}/broken") or "").split()
        return (*closed, Gap(float(broken[0]), 0.0)) if broken else tuple(closed)

    def mended(self, ended: float) -> None:
        """Full backups were taken after the chain broke: write down what lies between, and be whole again."""
        broken = (read_text(f"{self.folder}/broken") or "").split()
        if broken:
            self.leave_out(float(broken[0]), ended)
            os.unlink(f"{self.folder}/broken")

    def leave_out(self, began: float, ended: float) -> None:
        """Write down a stretch of time whose moments cannot be reached."""
        before = read_text(f"{self.folder}/gaps") or ""
        write_atomic(f"{self.folder}/gaps", f"{before}{began} {ended}\n", owner=self.user)

    def _fetch(self, own: Sequence[str]) -> str:
        """The command that fetches a piece of the log; PostgreSQL takes a failure up to 125 for the end of the log."""
        get = shlex.join([PROGRAM, f"--config={self.configuration}", f"--stanza={STANZA}", *own, "archive-get"])
        # 1 says that there is no such piece. Whatever else is wrong must not look like it: the server gives up at 255.
        return f'{get.replace("%", "%%")} %f "%p" || {{ [ $? -eq 1 ] && exit 1; exit 255; }}'

    def _option(self, name: str) -> str:
        for line in (read_text(self.configuration) or "").splitlines():
            found, _equals, value = line.partition("=")
            if found == name:
                return value
        return ""

    def _ask(
        self,
        *words: str,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        check: bool = True,
    ) -> Result:
        command = [PROGRAM, f"--config={self.configuration}", f"--stanza={STANZA}", *words]
        said: list[Result] = []

        def ended() -> bool:
            said.append(self.run(command, user=self.user, timeout_s=timeout_s, nice=NICE, on_line=on_line, check=False))
            if said[-1].code != _LOCKED:
                return True
            # Workers of one that was killed hold its lock until they have done all that they were told to.
            end_all(lambda pid, words: self._is_worker(words) and orphaned(pid, words))
            return False

        until(ended, _LOCK_WAIT_S, every_s=0.5)
        if check and said[-1].code != 0:
            raise failure(words[-1], said[-1])
        return said[-1]

    def _is_worker(self, words: tuple[str, ...]) -> bool:
        return f"--config={self.configuration}" in words and words[-1].endswith(":local")


def end_writers(folder: str) -> None:
    """End every command of pgBackRest that writes into this data folder.

    Its workers outlive a command that is killed: they do all that they were told to, which is up to 20 MB of small
    files and takes half a minute, and a restore takes no lock (2.45, run). The next one into the same folder would
    end well, and then find files of the former in it: a server that lacks commits without a word.
    """
    end_all(lambda _pid, words: f"--pg1-path={folder}" in words)


def _target(target: Target) -> list[str]:
    kinds = {"time": "time", "point": "name", "backup": "immediate", "newest": "default"}
    options = [f"--type={kinds[target.kind]}"]
    if target.kind in ("time", "point"):
        options.append(f"--target={target.text}")
    # The end of the log needs no action: there the server promotes itself.
    return options if target.kind == "newest" else [*options, "--target-action=promote"]
