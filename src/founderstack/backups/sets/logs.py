"""Logs that only grow, in SQLite files of components: one that a restore brings back holds all of today as well."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import astuple, dataclass

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.sqlite_files import SqliteFailed, Statement, ask

_COLUMNS = "at, user, address, action, detail"
_TABLE = """
create table if not exists {table} (
    number integer primary key, at real not null, user text not null, address text not null, action text not null,
    detail text not null
) strict
"""
_PATIENCE_S = 60.0
"""The log's file may be anybody's work by now, and nobody waits for it longer."""


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
        insert = f"insert into {table} ({_COLUMNS}) values (?, ?, ?, ?, ?)"
        with suppress(SqliteFailed, OSError):
            ask(path, "rw", [Statement(insert, [astuple(entry)])], patience_s=_PATIENCE_S)


def carry_over(now: str, restored: str, table: str, *, patience_s: float = _PATIENCE_S) -> None:
    """Add to the log in `restored` what the one in `now` has besides. Safe to call twice.

    Raises StackError where that cannot be done; then nothing of it was.
    """
    if not _is_file(now) or os.path.islink(restored):
        return
    try:
        entries = ask(now, "rw", [Statement(f"select {_COLUMNS} from {table} order by at")], patience_s=patience_s)
        additions = [
            Statement(_TABLE.format(table=table)),
            Statement(f"create temp table today as select {_COLUMNS} from main.{table} limit 0"),
            Statement("begin"),
            Statement("insert into today values (?, ?, ?, ?, ?)", entries),
            Statement(
                f"insert into main.{table} ({_COLUMNS}) select {_COLUMNS} from today"
                f" except select {_COLUMNS} from main.{table} order by at"
            ),
            Statement("commit"),
        ]
        ask(restored, "rwc", additions if entries else additions[:1], patience_s=patience_s)
    except (SqliteFailed, OSError) as error:
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
