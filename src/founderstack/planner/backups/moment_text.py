"""One strict reading of a moment that somebody wrote: ISO 8601, and as Spanish and English write it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

FIRST_YEAR, LAST_YEAR = 1970, 2999
_DATE = r"(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<one>\d\d?)/(?P<two>\d\d?)/(?P<of>\d{4}))"
_TIME = r"(?P<hour>\d\d?)(?::(?P<colon>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,6}))?)?|[.h](?P<point>\d\d))"
_HALF = r"(?: ?(?P<half>[ap])\.?m\.?)?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?))?"
_MOMENT = re.compile(rf"{_DATE}(?:(?:[T ]|, )(?:{_TIME}){_HALF}{_ZONE})?", re.IGNORECASE)


def read_moment(text: str, language: str) -> datetime | None:
    """As `read_time`, in UTC where it names no other zone."""
    moment = read_time(text, language)
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def read_time(text: str, language: str) -> datetime | None:
    """The moment, without a zone where it names none; None for anything that can be read in two ways, or in none.

    `28/11/2026` is read with the day first in Spanish; in English only where no month could be meant by it.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        moment = datetime(*_date(found, language), *_time(found), tzinfo=_zone(found["zone"]))
    except ValueError:
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _date(found: re.Match[str], language: str) -> tuple[int, int, int]:
    if found["year"]:
        return int(found["year"]), int(found["month"]), int(found["day"])
    one, two = int(found["one"]), int(found["two"])
    if language == "es" or one > 12 or one == two:
        return int(found["of"]), two, one
    if two > 12:
        return int(found["of"]), one, two
    raise ValueError("either may be the month")


def _time(found: re.Match[str]) -> tuple[int, int, int, int]:
    if not found["hour"]:
        return 0, 0, 0, 0
    hour, part = int(found["hour"]), (found["part"] or "").ljust(6, "0")
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return hour, int(found["colon"] or found["point"]), int(found["second"] or 0), int(part)


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text.upper() in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if text[0] == "-" else away)
