"""What happened and how long it took: a SQLite file whose loss costs no function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from founderstack.locale import Sentence, wire
from founderstack.model.events import Event
from founderstack.model.version_0_1 import lasting
from founderstack.world.state.lossy_sqlite import LossyDatabase

if TYPE_CHECKING:
    import sqlite3

Row = TypeVar("Row")

_RUNS_FOR_ESTIMATE = 5
_KEPT_EVENTS = 20_000
_TABLE = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, step TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS event_text (event INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS event_by_step ON event (step, kind, id);
"""


class History:
    """The events of one stack. No failure of the file ever reaches the caller: a damaged one is moved aside."""

    def __init__(self, path: str) -> None:
        self._database = LossyDatabase(path, _TABLE)

    def record(self, event: Event) -> None:
        """Keep an event; the oldest go when there are very many."""

        def write(database: sqlite3.Connection) -> None:
            row = (event.kind, event.step, event.at, event.seconds, event.detail)
            with database:
                cursor = database.execute(
                    "INSERT INTO event (kind, step, at, seconds, detail) VALUES (?, ?, ?, ?, ?)", row
                )
                if isinstance(event.detail, Sentence):
                    said = (cursor.lastrowid, wire.dumps({"detail": event.detail}))
                    database.execute("INSERT OR REPLACE INTO event_text (event, document) VALUES (?, ?)", said)
                gone = ((cursor.lastrowid or 0) - _KEPT_EVENTS,)
                database.execute("DELETE FROM event WHERE id <= ?", gone)
                database.execute("DELETE FROM event_text WHERE event <= ?", gone)

        self._database.use(write, None)

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
                "SELECT kind, step, at, seconds, detail, document FROM event LEFT JOIN event_text ON event = id "
                "ORDER BY id DESC LIMIT ?",
                (limit,),
            )
            return [
                Event(kind, lasting(step), at, seconds, wire.loads(said)["detail"] if said else detail)
                for kind, step, at, seconds, detail, said in rows
            ]

        return self._read(read)

    def _read(self, work: Callable[[sqlite3.Connection], list[Row]]) -> list[Row]:
        # A look at the plan makes no file.
        return self._database.use(work, []) if self._database.exists() else []
