"""A SQLite file whose loss costs no function: no failure of it ever reaches whoever uses it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import sqlite3

Answer = TypeVar("Answer")

_BUSY_WAIT_S = 5


class LossyDatabase:
    """The file at `path` with the tables of `schema`; a damaged one is moved aside and begun anew."""

    def __init__(self, path: str, schema: str, *, survives_power_cut: bool = True) -> None:
        """A killed process costs nothing either way; not waiting for the disk makes a write ten times cheaper."""
        self._path = path
        self._schema = schema
        self._synchronous = "NORMAL" if survives_power_cut else "OFF"

    def exists(self) -> bool:
        """True where something was written already."""
        return os.path.exists(self._path)

    def use(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """What `work` gives, or `otherwise` where the file is busy for long, full, damaged or not allowed."""
        import sqlite3

        for _attempt in range(2):
            try:
                with closing(self._open()) as database:
                    return work(database)
            except sqlite3.OperationalError:
                # Busy, a full disk, no rights: the file is good, this one answer is given up.
                return otherwise
            except sqlite3.DatabaseError:
                if not self._set_aside():
                    return otherwise
        return otherwise

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        self._make_private()
        database = sqlite3.connect(self._path, timeout=_BUSY_WAIT_S)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(f"PRAGMA synchronous = {self._synchronous}")
            database.executescript(self._schema)
        except BaseException:
            database.close()
            raise
        return database

    def _make_private(self) -> None:
        # A failed step's last words may be anything. SQLite gives its own files beside this one the same mode.
        # Never opened where it is there: closing it would drop the locks of this process's other connections.
        with suppress(OSError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _set_aside(self) -> bool:
        try:
            os.replace(self._path, f"{self._path}.damaged")
            for ending in ("-wal", "-shm"):
                if os.path.exists(self._path + ending):
                    os.unlink(self._path + ending)
        except OSError:
            return False
        return True
