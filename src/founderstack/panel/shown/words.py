"""Numbers and times as people read them, in a language."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from founderstack.locale import Sentence, number

Translate = Callable[[str], str]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, which stay on one line."""


def duration(seconds: float) -> str:
    """`8 s`, `12 min`, `3 h 5 min`, `4 d 2 h`: two units at the most, the same in both languages."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}{_SPACE}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}{_SPACE}min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def seconds(value: float, language: str) -> str:
    """How long a step took: `0.3 s`, `12 s`, `3 min`, with the language's decimal sign."""
    return duration(value) if value >= 10 else f"{number(value, 1, language)}{_SPACE}s"


def milliseconds(value: float, language: str) -> str:
    """`0.4 ms`, `12 ms`, `1.2 s`, with the language's decimal sign."""
    if value >= 1000:
        return f"{number(value / 1000, 1, language)}{_SPACE}s"
    return f"{number(value, 0 if value >= 10 else 1, language)}{_SPACE}ms"


def percent(share: float, language: str) -> str:
    """`99.98 %` of a share between 0 and 1; rounded down, so that 100 % means every single one."""
    text = number(math.floor(share * 10_000) / 100, 2, language)
    return f"{text.rstrip('0').rstrip('.,')}{_SPACE}%"


def size(octets: float, language: str) -> str:
    """`812 B`, `3.4 MB`, `12 GB`: decimal units, as disks and object stores count."""
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if octets < 1000:
            break
        octets, unit = octets / 1000, larger
    part = octets < 9.95 and unit != "B" and round(octets, 1) % 1 != 0
    return f"{number(octets, 1 if part else 0, language)}{_SPACE}{unit}"


def stamp(at: float) -> str:
    """`2026-11-24T18:03:05Z`, for machines: a script shows it in the reader's zone."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(at: float) -> str:
    """`2026-11-24 18:03 UTC`, where no script can say it in the reader's zone."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}


def set_named(number: str, language: str) -> str:
    """`24 Nov 2026, 03:30 UTC` for the backup `20261124T033000Z-0000ab`; what is no such id stays as it is."""
    try:
        at = datetime.strptime(number.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return number
    month = _MONTHS.get(language, _MONTHS["en"])[at.month - 1]
    return f"{at.day} {month} {at.year}, {at:%H:%M} UTC"


def text_of(values: Mapping[str, Any] | None, part: str, _: Translate) -> str:
    """The text that the agent told under this name, in the reader's language; "" where there is none."""
    said = (values or {}).get(part) or ""
    return _(said)


def explained(error: str, _: Translate) -> str:
    """A probe's error in the reader's language: its sentence is translated, the server's own words after it are not."""
    if isinstance(error, Sentence):
        return _(error)
    sentence, colon, words = error.partition(": ")
    return _(sentence) + colon + words if sentence else ""


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    whole = f"{large}{_SPACE}{large_unit}"
    return f"{whole} {small}{_SPACE}{small_unit}" if small else whole
