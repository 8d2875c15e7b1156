"""From when to when a log is wanted, as somebody writes it: `10m`, `2h`, `09:00`, `2026-11-28 09:00`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from founderstack.planner.backups.moment_text import read_time

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True)
class Span:
    """A stretch of time, both ends included; seconds since the epoch."""

    since: float = float("-inf")
    until: float = float("inf")

    def holds(self, at: float) -> bool:
        """Whether a moment is within it."""
        return self.since <= at <= self.until

    @property
    def open(self) -> bool:
        """True where it holds everything."""
        return self == Span()


def time_of(text: str, now: float, language: str) -> float | None:
    """Seconds since the epoch: so long before `now`, a time of the last day, or a date; None where it is none of them.

    What names no zone is of the machine's own.
    """
    ago = _duration("".join(text.split()))
    if ago is not None:
        return now - ago
    moment = read_time(text, language)
    if moment is None and text.strip():
        today = datetime.fromtimestamp(now, UTC).astimezone()
        moment = read_time(f"{today:%Y-%m-%d} {text.strip()}", language)
        if moment is not None and moment.timestamp() > now:
            moment -= timedelta(days=1)  # 23:00, asked for in the morning, was yesterday
    return None if moment is None else moment.timestamp()


def _duration(text: str) -> float | None:
    """Seconds of `90s`, `10m`, `1h30m`, `2d`; None for anything else."""
    total, left = 0.0, text.lower()
    while left:
        number = left[: len(left) - len(left.lstrip("0123456789"))]
        left = left[len(number) :]
        unit = left[: len(left) - len(left.lstrip("smhdwin"))]
        left = left[len(unit) :]
        if not number or unit not in _UNITS or len(number) > 9:
            return None
        total += int(number) * _UNITS[unit]
    return total if text else None
