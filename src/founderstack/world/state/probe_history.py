"""What probes were answered, summed up over spans of time: a SQLite file of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from founderstack.world.state.lossy_sqlite import LossyDatabase

if TYPE_CHECKING:
    import sqlite3

_TABLE = """
CREATE TABLE IF NOT EXISTS span (
    seconds INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL, ok INTEGER NOT NULL, failed INTEGER NOT NULL,
    up_s REAL NOT NULL, down_s REAL NOT NULL, latencies BLOB NOT NULL, error TEXT NOT NULL, error_at REAL NOT NULL,
    PRIMARY KEY (seconds, at, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Span:
    """The answers of one process in one span of time."""

    seconds: int
    """Its length."""
    at: int
    """When it began, seconds since the epoch."""
    name: str
    ok: int
    failed: int
    up_s: float
    down_s: float
    latencies: bytes
    error: str
    error_at: float


_COLUMNS = ", ".join(field.name for field in fields(Span))
_MARKS = ", ".join("?" for _field in fields(Span))


class Answers:
    """The spans of one stack. No failure of the file ever reaches the caller."""

    def __init__(self, path: str) -> None:
        self._database = LossyDatabase(path, _TABLE, survives_power_cut=False)

    def save(self, spans: Sequence[Span]) -> bool:
        """Write these, over earlier states of the same; False where nothing could be written."""

        def write(database: sqlite3.Connection) -> bool:
            with database:
                insert = f"INSERT OR REPLACE INTO span ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608  # our own names
                database.executemany(insert, [astuple(span) for span in spans])
            return True

        return self._database.use(write, False)

    def prune(self, keep: Mapping[int, int], now: float) -> bool:
        """Of each length, keep the newest `keep[seconds]`; what claims to be of a time to come was written under a
        clock that was wrong, and goes.

        By number and not by age, so that a clock that is wrong for an hour does not take everything with it.
        """

        def write(database: sqlite3.Connection) -> bool:
            with database:
                for seconds, most in keep.items():
                    database.execute("DELETE FROM span WHERE seconds = ? AND at > ?", (seconds, now + seconds))
                    database.execute(
                        "DELETE FROM span WHERE seconds = ?1 AND at < "
                        "(SELECT at FROM span WHERE seconds = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)",
                        (seconds, most),
                    )
            return True

        return self._database.use(write, False)

    def since(self, seconds: int, at: float, until: float, name: str = "") -> list[Span]:
        """Spans of this length that began between the two times, oldest first; of one process where it is named."""

        def read(database: sqlite3.Connection) -> list[Span]:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM span "  # noqa: S608  # our own names
                "WHERE seconds = ? AND at >= ? AND at <= ? AND ? IN ('', name) ORDER BY at",
                (seconds, at, until, name),
            )
            return [Span(*row) for row in rows]

        return self._database.use(read, []) if self._database.exists() else []
