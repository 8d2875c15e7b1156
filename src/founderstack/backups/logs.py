"""Logs that only grow, in SQLite files of components: one that a restore brings back holds all of today as well."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from urllib.parse import quote

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.reaching import Reached, as_owner_of

_COLUMNS = "at, user, address, action, detail"
_TABLE = """
create table if not exists {table} (
    number integer primary key, at real not null, user text not null, address text not null, action text not null,
    detail text not null
) strict
"""
_WAIT_S = 10.0


@dataclass(frozen=True)
class Entry:
    """Who did what, when and from where."""

    at: float
    user: str
    address: str
    action: str
    detail: str


def enter(path: str, table: str, entry: Entry) -> None:
    """Add an entry to the log in a file that may be in use; a log that cannot be written to holds up nobody."""
    if _is_file(path):
        with suppress(sqlite3.Error, OSError), _opened(path, "rw") as database:
            database.execute(f"insert into {table} ({_COLUMNS}) values (?, ?, ?, ?, ?)", astuple(entry))


def carry_over(now: str, restored: str, table: str) -> None:
    """Add to the log in `restored` what the one in `now` has besides. Safe to call twice.

    Raises StackError where that cannot be done; then nothing of it was.
    """
    if not _is_file(now) or os.path.islink(restored):
        return
    try:
        with _opened(now, "rw") as database:
            entries = database.execute(f"select {_COLUMNS} from {table} order by at").fetchall()
        with _opened(restored, "rwc") as database:
            database.execute(_TABLE.format(table=table))
            database.execute(f"create temp table today as select {_COLUMNS} from main.{table} limit 0")
            database.execute("begin")
            database.executemany("insert into today values (?, ?, ?, ?, ?)", entries)
            database.execute(
                f"insert into main.{table} ({_COLUMNS}) select {_COLUMNS} from today"
                f" except select {_COLUMNS} from main.{table} order by at"
            )
            database.execute("commit")
    except (sqlite3.Error, OSError) as error:
        raise StackError(
            _("The log in {path} cannot be carried over").format(path=now),
            f"{error}.",
            _("Nothing was replaced. Set that file aside under another name, then run the command again."),
        ) from None


def _is_file(path: str) -> bool:
    """True of a file; a link may lead to somebody else's."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def _opened(path: str, mode: str) -> Iterator[sqlite3.Connection]:
    """The file, opened with the rights of the folder's owner: what he has laid beside it leads nowhere else."""
    reached = Reached()
    try:
        with (
            as_owner_of(reached.folder_of(path)),
            closing(sqlite3.connect(_address(path, mode), uri=True, timeout=_WAIT_S, isolation_level=None)) as database,
        ):
            yield database
    finally:
        reached.close()


def _address(path: str, mode: str) -> str:
    return f"file:{quote(path)}?mode={mode}"
