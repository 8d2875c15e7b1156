"""Which sets have served their time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from founderstack.model.backup import FoundSet
from founderstack.planner.backups.counting import counted

SAFETY_S = 30 * 86400.0
"""A safety set is kept for so long: where a restore was a mistake, it alone holds what was there before."""
SAFETY_LAST = 3
"""The newest of them stay, however old."""


@dataclass(frozen=True)
class Keep:
    """How many sets stay: the newest ones, and the last one of each of so many days, weeks and months.

    Safety sets are kept by a rule of their own: they take no other's place.
    """

    last: int
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


def expired(
    sets: Iterable[FoundSet], keep: Keep, now: float, held: frozenset[str] = frozenset()
) -> tuple[FoundSet, ...]:
    """The sets of one place that nothing keeps, oldest first; `held` are ids that stay.

    Kept whatever is asked for: the newest set, the newest one that lacks nothing, and the newest one of which a restore
    was done and checked. A set from the future counts for nothing and is never removed.
    """
    everything = counted(sets, now)
    past = tuple(one for one in everything if not one.manifest.replaced_by)
    kept = {one.manifest.id for one in (*past[: max(keep.last, 1)], *_safety(everything, now))} | held
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    for count, period in periods:
        kept |= _last_of_each(past, count, period)
    for among in (past, everything):
        kept.add(next((one.manifest.id for one in among if one.proof is not None and one.proof.ok), ""))
        kept.add(next((one.manifest.id for one in among if not one.manifest.lacks), ""))
    return tuple(one for one in reversed(everything) if one.manifest.id not in kept)


def restored_from(sets: Iterable[FoundSet], now: float) -> frozenset[str]:
    """Ids of the sets that restores in place were made from, as long as the safety sets of these are kept.

    Somebody who is still trying to get their data back needs both. Of all places: the two may lie in different ones.
    """
    return frozenset(one.manifest.replaced_by for one in _safety(counted(sets, now), now))


def _safety(newest_first: Sequence[FoundSet], now: float) -> list[FoundSet]:
    """The safety sets that are kept."""
    found = [one for one in newest_first if one.manifest.replaced_by]
    return [one for number, one in enumerate(found) if number < SAFETY_LAST or now - _taken(one) <= SAFETY_S]


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
