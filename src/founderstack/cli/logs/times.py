"""When a line of a log was written, as the line itself tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

_LOOKED_AT = 160
"""A line says when it was written at its beginning; what comes after may quote any time."""
_DAY = r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)[T ]"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<part>\d+))?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
_SHAPES = (
    # PostgreSQL, Nginx, pgBackRest, gunicorn and whatever writes ISO 8601, within JSON too.
    re.compile(rf"{_DAY}{_CLOCK}{_ZONE}"),
    # Redis and Valkey: 30 Nov 2026 10:15:00.123
    re.compile(rf"(?P<day>\d\d) (?P<name>[A-Z][a-z][a-z]) (?P<year>\d{{4}}) {_CLOCK}"),
    # SeaweedFS: I1130 10:15:00.123456
    re.compile(rf"^[IWEF](?P<month>\d\d)(?P<day>\d\d) {_CLOCK}"),
)
# What Node's loggers write: seconds or milliseconds since the epoch.
_EPOCH = re.compile(r'"(?:time|ts|timestamp)": ?(?P<seconds>\d{10})(?P<part>\d{3})?\b')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def written_at(line: str, year: int) -> float | None:
    """Seconds since the epoch, None where the line does not tell; `year` is of those who write none.

    A time that names no zone is of the machine's own.
    """
    head = line[:_LOOKED_AT]
    for shape in _SHAPES:
        found = shape.search(head)
        if found:
            return _moment(found.groupdict(), year)
    told = _EPOCH.search(head)
    return int(told["seconds"]) + int(told["part"] or 0) / 1000 if told else None


def timed(lines: Iterable[str], last_written: float) -> Iterator[tuple[float, str]]:
    """Each line with its time: its own, or that of the line before, which it goes on with.

    Those before the first that tells one have its time; where none does, `last_written` is known of the file alone.
    """
    year = datetime.fromtimestamp(last_written, UTC).year
    at, waiting = None, []
    for line in lines:
        at = written_at(line, year) or at
        if at is None:
            waiting.append(line)
            continue
        yield from ((at, earlier) for earlier in waiting)
        waiting = []
        yield at, line
    yield from ((last_written, earlier) for earlier in waiting)


def _moment(found: dict[str, str | None], year: int) -> float | None:
    name = found.get("name")
    if name and name not in _MONTHS:
        return None
    month = _MONTHS.index(name) + 1 if name else int(found["month"] or 0)
    part = int((found["part"] or "").ljust(6, "0")[:6])
    day, hour, minute, second = (int(found[unit] or 0) for unit in ("day", "hour", "minute", "second"))
    try:
        moment = datetime(int(found.get("year") or year), month, day, hour, minute, second, part, _zone(found))
        return moment.timestamp()
    except ValueError:
        return None


def _zone(found: dict[str, str | None]) -> timezone | None:
    zone = found.get("zone")
    if not zone:
        return None
    if zone in ("Z", "UTC"):
        return UTC
    digits = zone[1:].replace(":", "")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if zone[0] == "-" else away)
