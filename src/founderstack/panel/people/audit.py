"""The audit log: who did what, when and from where; read page by page, or whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from founderstack.panel.people.store import Store

PAGE = 50
_COLUMNS = ("number", "at", "user", "address", "action", "detail")


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    number: int
    at: str
    """UTC, `2026-11-24T18:30:05Z`."""
    user: str
    address: str
    action: str
    detail: str


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; "" leaves open."""

    user: str = ""
    action: str = ""
    text: str = ""
    """Somewhere in any column."""


class Audit:
    """Reads the log. Whoever writes it goes through `Store.audit`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, wanted: Filter, before: int = 0) -> Sequence[Entry]:
        """The newest entries, or those before the one with that number; one more than `PAGE` where there are more."""
        return self._read(wanted, before, PAGE + 1)

    def whole(self, wanted: Filter) -> Iterator[Entry]:
        """Every entry, the newest first."""
        before = 0
        while rows := self._read(wanted, before, 500):
            yield from rows
            before = rows[-1].number

    def known(self) -> tuple[Sequence[str], Sequence[str]]:
        """The names and the actions that are in the log."""
        users = self._store.read(
            "select distinct user from audit where action <> 'sign-in refused' order by user limit 200"
        )
        actions = self._store.read("select distinct action from audit order by action limit 100")
        return [row[0] for row in users], [row[0] for row in actions]

    def _read(self, wanted: Filter, before: int, most: int) -> list[Entry]:
        pattern = "%" + "".join(f"\\{letter}" if letter in "%_\\" else letter for letter in wanted.text[:100]) + "%"
        rows = self._store.read(
            "select number, at, user, address, action, detail from audit"
            " where (?1 = 0 or number < ?1) and (?2 = '' or user = ?2) and (?3 = '' or action = ?3)"
            " and (?4 = '%%' or user like ?4 escape '\\' or address like ?4 escape '\\'"
            " or action like ?4 escape '\\' or detail like ?4 escape '\\')"
            " order by number desc limit ?5",
            (before, wanted.user[:64], wanted.action[:64], pattern, most),
        )
        return [Entry(row[0], _time(row[1]), *row[2:]) for row in rows]


def as_json_lines(entries: Iterator[Entry]) -> Iterator[bytes]:
    """One JSON object a line."""
    for entry in entries:
        yield json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def as_csv(entries: Iterator[Entry]) -> Iterator[bytes]:
    """A table for a spreadsheet; no cell is taken for a formula."""
    yield ",".join(_COLUMNS).encode() + b"\r\n"
    for entry in entries:
        line = io.StringIO()
        csv.writer(line).writerow([_cell(value) for value in asdict(entry).values()])
        yield line.getvalue().encode()


async def streamed(
    entries: Iterator[Entry], write: Callable[[Iterator[Entry]], Iterator[bytes]]
) -> AsyncIterator[bytes]:
    """The same piece by piece, in the thread that may read the log, with room for others in between."""
    for piece in write(entries):
        yield piece


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
