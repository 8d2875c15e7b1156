"""The panel's own database: sessions and the audit log. Losing it signs everybody out and breaks nothing else."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

_MOST_AUDITED = 20_000
_TABLES = """
create table if not exists session (
    id text primary key, user text not null, mark text not null, created real not null, seen real not null,
    address text not null, browser text not null
) strict;
create table if not exists audit (
    number integer primary key, at real not null, user text not null, address text not null, action text not null,
    detail text not null
) strict;
create table if not exists key (name text primary key, value blob not null) strict;
"""


class Store:
    """A SQLite file; where it cannot be used, the same in memory, until the next start."""

    def __init__(self, path: str) -> None:
        self._database = _opened(path)

    def key(self, name: str, size: int = 32) -> bytes:
        """Random bytes that stay the same as long as the file does."""
        self.write("insert or ignore into key values (?, ?)", (name, os.urandom(size)))
        rows = self.read("select value from key where name = ?", (name,))
        return bytes(rows[0][0]) if rows else os.urandom(size)

    def read(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows; none where the file cannot be read."""
        try:
            return self._database.execute(question, values).fetchall()
        except sqlite3.Error as problem:
            sys.stderr.write(f"database: {problem}\n")
            return []

    def write(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Change rows; a full disk loses the change and nothing else."""
        try:
            self._database.execute(statement, values)
        except sqlite3.Error as problem:
            sys.stderr.write(f"database: {problem}\n")

    def audit(self, at: float, user: str, address: str, action: str, detail: str = "") -> None:
        """Note who did what, from where."""
        self.write(
            "insert into audit (at, user, address, action, detail) values (?, ?, ?, ?, ?)",
            (at, user[:64], address[:64], action, detail[:200]),
        )
        self.write("delete from audit where number <= (select max(number) from audit) - ?", (_MOST_AUDITED,))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _opened(path: str) -> sqlite3.Connection:
    try:
        return _prepared(path)
    except sqlite3.DatabaseError as problem:
        sys.stderr.write(f"database: {problem}; it is set aside and a new one begun\n")
    try:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.replace(path + suffix, f"{path}{suffix}.broken")
        return _prepared(path)
    except (OSError, sqlite3.DatabaseError) as problem:
        sys.stderr.write(f"database: {problem}; it is kept in memory\n")
        return _prepared(":memory:")


def _prepared(path: str) -> sqlite3.Connection:
    before = os.umask(0o077)
    try:
        database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    finally:
        os.umask(before)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.execute("pragma cache_size = -256")
        database.executescript(_TABLES)
        database.execute("select count(*) from session").fetchall()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
