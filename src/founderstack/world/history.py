"""What happened and how long it took: a SQLite file whose loss costs no function."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

from founderstack.model.events import Event

if TYPE_CHECKING:
    import sqlite3

Answer = TypeVar("Answer")
Row = TypeVar("Row")

_RUNS_FOR_ESTIMATE = 5
_KEPT_EVENTS = 20_000
_BUSY_WAIT_S = 5
_TABLE = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, step TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_by_step ON event (step, kind, id);
"""


class History:
    """The events of one stack. No failure of the file ever reaches the caller: a damaged one is moved aside."""

    def __init__(self, path: str) -> None:
        self._path = path

    def record(self, event: Event) -> None:
        """Keep an event; the oldest go when there are very many."""

        def write(database: sqlite3.Connection) -> None:
            row = (event.kind, event.step, event.at, event.seconds, event.detail)
            with database:
                cursor = database.execute(
                    "INSERT INTO event (kind, step, at, seconds, detail) VALUES (?, ?, ?, ?, ?)", row
                )
                database.execute("DELETE FROM event WHERE id <= ?", ((cursor.lastrowid or 0) - _KEPT_EVENTS,))

        self._with_database(write, None)

    def typical_seconds(self, step_id: str) -> float | None:
        """Median of the step's last five good runs, None before the first."""

        def read(database: sqlite3.Connection) -> list[float]:
            rows = database.execute(
                "SELECT seconds FROM event WHERE step = ? AND kind = 'done' ORDER BY id DESC LIMIT ?",
                (step_id, _RUNS_FOR_ESTIMATE),
            )
            return [float(row[0]) for row in rows]

        from statistics import median

        seconds = self._read(read)
        return median(seconds) if seconds else None

    def recent(self, limit: int) -> list[Event]:
        """The newest events, newest first."""

        def read(database: sqlite3.Connection) -> list[Event]:
            rows = database.execute(
                "SELECT kind, step, at, seconds, detail FROM event ORDER BY id DESC LIMIT ?", (limit,)
            )
            return [Event(*row) for row in rows]

        return self._read(read)

    def _read(self, work: Callable[[sqlite3.Connection], list[Row]]) -> list[Row]:
        # A look at the plan makes no file.
        return self._with_database(work, []) if os.path.exists(self._path) else []

    def _with_database(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
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
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_TABLE)
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
