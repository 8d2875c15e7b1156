"""Which sets have served their time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from founderstack.model.backup import FoundSet
from founderstack.planner.counting import counted


@dataclass(frozen=True)
class Keep:
    """How many sets stay: the newest ones, and the last one of each of so many days, weeks and months."""

    last: int
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


def expired(sets: Iterable[FoundSet], keep: Keep, now: float) -> tuple[FoundSet, ...]:
    """The sets of one place that nothing keeps, oldest first.

    Kept whatever is asked for: the newest set, the newest one that lacks nothing, and the newest one of which a restore
    was done and checked. A set from the future counts for nothing and is never removed.
    """
    past = counted(sets, now)
    kept: set[str] = {one.manifest.id for one in past[: max(keep.last, 1)]}
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    for count, period in periods:
        kept |= _last_of_each(past, count, period)
    proven = next((one.manifest.id for one in past if one.proof is not None and one.proof.ok), "")
    whole = next((one.manifest.id for one in past if not one.manifest.lacks), "")
    return tuple(one for one in reversed(past) if one.manifest.id not in {*kept, proven, whole})


def _last_of_each(newest_first: Sequence[FoundSet], count: int, period: Callable[[datetime], object]) -> set[str]:
    """The newest set of each of the last `count` periods that have any."""
    found: dict[object, str] = {}
    for one in newest_first:
        found.setdefault(period(datetime.fromtimestamp(_taken(one), UTC)), one.manifest.id)
    # One that lacks something does not stand for its period where another one lacks nothing.
    for one in reversed(newest_first):
        if not one.manifest.lacks:
            found[period(datetime.fromtimestamp(_taken(one), UTC))] = one.manifest.id
    return set(list(found.values())[:count])


def _taken(one: FoundSet) -> float:
    return one.manifest.taken_at
