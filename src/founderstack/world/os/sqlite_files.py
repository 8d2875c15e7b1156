"""SQLite files of others: what SQLite makes of them happens in a process of its own, which can do no harm.

Whoever may write to such a file decides what SQLite opens beside it, and how long a question takes: a pipe for a
journal, or a view without an end, must cost that file alone and never keep the tool waiting. The process has the
rights of the folder's owner, bounds for memory and files, and a deadline (world.os.sqlite_child).
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.processes import how_it_ended, run
from founderstack.world.os.reaching import Reached

ASIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the endings of their names."""
PATIENCE_S = 300.0
_CHILD = os.path.join(os.path.dirname(__file__), "sqlite_child.py")
_GROWTH = 1024**3
"""What a file may grow by when something is written to it."""


class SqliteFailed(Exception):
    """Why SQLite did not do it, without a full stop."""


@dataclass(frozen=True)
class Statement:
    """One statement, done once for each of `rows` where there are any."""

    sql: str
    rows: Sequence[Sequence[Any]] = ()


def copy(path: str, into: str, room: int, *, patience_s: float = PATIENCE_S) -> None:
    """Put the database as it is in one moment, whoever writes to it, into the empty file `into`.

    The copy may take `room` bytes. Raises SqliteFailed, and OSError where the folder cannot be reached.
    """
    _asked(_Wish(os.path.abspath(path), into=into, room=room), patience_s)


def ask(
    path: str, mode: str, statements: Iterable[Statement], *, patience_s: float = PATIENCE_S
) -> list[tuple[Any, ...]]:
    """All rows that these statements give, on one connection; `mode` as in a URI of SQLite: ro, rw or rwc.

    Raises SqliteFailed, and OSError where the folder cannot be reached.
    """
    said = tuple((statement.sql, tuple(statement.rows)) for statement in statements)
    size = os.stat(path).st_size if os.path.exists(path) else 0
    wish = _Wish(os.path.abspath(path), mode=mode, statements=said, room=size + _GROWTH)
    return [tuple(json.loads(line)) for line in _asked(wish, patience_s).splitlines()]


@dataclass(frozen=True)
class _Wish:
    path: str
    room: int
    into: str = ""
    mode: str = "ro"
    statements: tuple[tuple[str, Sequence[Sequence[Any]]], ...] = ()


def _asked(wish: _Wish, patience_s: float) -> str:
    owner = _owner_of_folder(wish.path)
    told = json.dumps({**vars(wish), "uid": owner.st_uid, "gid": owner.st_gid})
    program = [sys.executable, "-I", "-S", _CHILD]
    try:
        answer = run(program, stdin=told, timeout_s=patience_s, check=False)
    except StackError as error:
        raise SqliteFailed(error.why.rstrip(".")) from None
    if answer.code != 0:
        raise SqliteFailed((answer.err.strip() or how_it_ended(answer.code)).rstrip("."))
    return answer.out


def _owner_of_folder(path: str) -> os.stat_result:
    """Whose folder it is; raises SqliteFailed where SQLite would open what is no file, and wait there."""
    reached = Reached()
    try:
        folder, name = reached.folder_of(path), os.path.basename(path)
        for beside in (name + ending for ending in ("", *ASIDE)):
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(os.stat(beside, dir_fd=folder).st_mode):
                    raise SqliteFailed(_("{path} is no regular file").format(path=f"{os.path.dirname(path)}/{beside}"))
        return os.fstat(folder)
    finally:
        reached.close()
