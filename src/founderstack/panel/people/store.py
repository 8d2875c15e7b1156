"""The panel's own database: people, sessions and the audit log.

Losing it signs everybody out and forgets whom an admin has let in; the stack's own account is not in it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError

MOST_AUDITED = 20_000
MOST_REFUSED = 5_000
"""Wrong passwords are counted apart: whoever tries thousands does not push out what people did."""
REFUSED = "sign-in refused"
_PRUNE_EVERY = 50
_TABLES = f"""
create table if not exists person (
    user text primary key, hash text not null, role text not null, own text not null, code_secret text not null,
    code_step integer not null, until real not null
) strict;
create table if not exists recovery (user text not null, digest text not null, primary key (user, digest)) strict;
create table if not exists signed_in (
    id text primary key, user text not null, mark text not null, created real not null, seen real not null,
    fresh real not null, address text not null, browser text not null
) strict;
drop table if exists session;
create table if not exists audit (
    number integer primary key, at real not null, user text not null, address text not null, action text not null,
    detail text not null
) strict;
create trigger if not exists audit_stays before update on audit begin select raise(abort, 'the log is kept'); end;
create trigger if not exists audit_is_new before insert on audit
    when exists (select 1 from audit where number = new.number)
    begin select raise(abort, 'the log is kept'); end;
create index if not exists audit_kind on audit (action = '{REFUSED}', number);
create trigger if not exists audit_is_kept before delete on audit
    when old.action <> '{REFUSED}' and (
        select count(*) from audit where (action = '{REFUSED}') = 0 and number > old.number
    ) < {MOST_AUDITED}
    begin select raise(abort, 'the log is kept'); end;
create table if not exists key (name text primary key, value blob not null) strict;
"""  # noqa: S608 - our own constants

Statement = tuple[str, Sequence[Any]]


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

    def change(self, *statements: Statement) -> int:
        """All of the statements or none, on the disk when it returns; how many rows the last one changed.

        Raises StackError where it cannot be written: nobody is told that a password is changed when it is not.
        """
        try:
            self._database.execute("pragma synchronous = full")
            self._database.execute("begin immediate")
            try:
                changed = 0
                for statement, values in statements:
                    changed = self._database.execute(statement, values).rowcount
                self._database.execute("commit")
            except sqlite3.Error:
                self._database.rollback()
                raise
        except sqlite3.Error as problem:
            raise StackError(
                what=_("The panel could not save that"),
                why=str(problem),
                fix=_("Make room on the disk, then do it again. Nothing was changed."),
            ) from None
        finally:
            self.write("pragma synchronous = normal")
        return changed

    def audit(self, at: float, user: str, address: str, action: str, detail: str = "") -> None:
        """Note who did what, from where. Entries are never changed; the oldest leave when there are too many."""
        self.write(
            "insert into audit (at, user, address, action, detail) values (?, ?, ?, ?, ?)",
            (at, user[:64], address[:64], action, detail[:200]),
        )
        if self._database.execute("select max(number) % ? from audit", (_PRUNE_EVERY,)).fetchone()[0] == 0:
            for refused, most in ((0, MOST_AUDITED), (1, MOST_REFUSED)):
                oldest = "select number from audit where (action = ?) = ? order by number desc limit 1 offset ?"
                self.write(
                    f"delete from audit where (action = ?) = ? and number <= ({oldest})",  # noqa: S608 - ours
                    (REFUSED, refused, REFUSED, refused, most),
                )

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
        database.execute("select count(*) from signed_in").fetchall()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
