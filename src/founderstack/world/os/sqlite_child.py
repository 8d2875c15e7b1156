"""A program of its own: works on one SQLite file of somebody else's, with his rights and within bounds.

Started by world.os.sqlite_files, which says why. It is run by its path and imports nothing of ours: whoever's rights it
takes on need not be able to read the tool.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
from contextlib import closing
from typing import Any
from urllib.parse import quote

_MEMORY = 1024**3
_LARGEST_ANSWER = 256 * 1024**2
_WAIT_S = 30.0
"""How long somebody else may hold the file."""


def main() -> None:
    """Do what the wish on standard input says; rows go out as JSON, one a line, and what went wrong as a text."""
    wish = json.load(sys.stdin)
    path = wish["path"]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (wish["room"], wish["room"]))
    try:
        target = _target(wish["into"]) if wish["into"] else None
        _become(wish["uid"], wish["gid"])
        if target is not None:
            _copy(path, target)
        else:
            _answer(path, wish["mode"], wish["statements"])
    except (sqlite3.Error, OSError, ValueError, TypeError, MemoryError) as error:
        sys.exit(str(error) or type(error).__name__)


def _become(uid: int, gid: int) -> None:
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _target(path: str) -> sqlite3.Connection:
    """The copy's file, opened before the rights go; SQLite opens nothing beside it from then on."""
    target = sqlite3.connect(path, isolation_level=None)
    for setting in ("locking_mode = EXCLUSIVE", "journal_mode = OFF", "synchronous = OFF"):
        target.execute(f"PRAGMA {setting}").fetchall()
    return target


def _copy(path: str, target: sqlite3.Connection) -> None:
    with closing(target), closing(_opened(path, "ro")) as database:
        # A moment that lasts.
        database.execute("BEGIN")
        database.execute("SELECT 1 FROM sqlite_master").fetchall()
        database.backup(target)


def _answer(path: str, mode: str, statements: list[tuple[str, list[Any]]]) -> None:
    left = _LARGEST_ANSWER
    with closing(_opened(path, mode)) as database:
        for statement, rows in statements:
            if rows:
                database.executemany(statement, rows)
                continue
            for row in database.execute(statement):
                line = json.dumps(row) + "\n"
                left -= len(line)
                if left < 0:
                    raise ValueError(f"its answer is longer than {_LARGEST_ANSWER} bytes")
                sys.stdout.write(line)


def _opened(path: str, mode: str) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(path)}?mode={mode}", uri=True, timeout=_WAIT_S, isolation_level=None)
    for setting in ("trusted_schema = OFF", "temp_store = MEMORY"):
        database.execute(f"PRAGMA {setting}")
    return database


if __name__ == "__main__":
    main()
