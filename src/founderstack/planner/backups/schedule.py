"""When something is due that happens again and again: a backup, a drill. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DAY_S = 86400.0
JITTER_S = 900.0
"""Stacks of many founders must not ask one provider at the same minute."""
FIRST_AFTER_S = 600.0
"""A new stack is backed up this long after the agent first saw it, not only the next night."""
CLOCK_S = 3600.0
"""What lies further in the future than this was written by a clock that was wrong."""
RETRY_S = (300.0, 600.0, 1200.0, 2400.0, 3600.0)
"""Waits after the first, second, … failure; the last one goes on."""


@dataclass(frozen=True)
class Attempts:
    """What is remembered of one thing that is done on a schedule; times in seconds since the epoch, 0 for never."""

    first_seen: float = 0.0
    good: float = 0.0
    """When the last one that went well was begun."""
    last: float = 0.0
    """When the last one was begun, however it went."""
    failures: int = 0
    """How many have failed since the last that went well."""

    def began(self, now: float) -> Attempts:
        """After one more was begun."""
        return Attempts(self.first_seen or now, self.good, now, self.failures)

    def ended(self, *, well: bool) -> Attempts:
        """After the one that was begun last has ended."""
        if well:
            return Attempts(self.first_seen, self.last, self.last, 0)
        return Attempts(self.first_seen, self.good, self.last, self.failures + 1)


def ahead(at: float, now: float) -> bool:
    """True for a moment that only a clock that was wrong can have written down."""
    return at > now + CLOCK_S


def due(schedule: str, attempts: Attempts, now: float, stack: str, *, urgent: bool = False) -> bool:
    """True where the next one shall begin now.

    `schedule` is `HH:MM` (UTC), `every Nh`, `daily`, `weekly` or `never`. One that was missed, because the machine was
    off, is made up for as soon as it can be, once. After a failure it is tried again sooner than planned. One that is
    `urgent` (the log of changes was let go, so that no moment can be reached until then) does not wait for its time.
    """
    if schedule == "never":
        return False
    good, last = (0.0 if ahead(at, now) else at for at in (attempts.good, attempts.last))
    if attempts.failures and last:
        wait = RETRY_S[min(attempts.failures, len(RETRY_S)) - 1]
        return now >= last + wait
    if not good:
        return bool(attempts.first_seen) and now >= attempts.first_seen + FIRST_AFTER_S
    return good < latest(schedule, now, stack) or (urgent and now >= last + RETRY_S[0])


def latest(schedule: str, now: float, stack: str) -> float:
    """The last moment until `now` at which one was planned."""
    every, offset = _period(schedule)
    begins = offset + jitter(stack, every)
    return (now - begins) // every * every + begins


def following(schedule: str, now: float, stack: str) -> float | None:
    """The next moment at which one is planned, None for never."""
    if schedule == "never":
        return None
    return latest(schedule, now, stack) + _period(schedule)[0]


def jitter(stack: str, every_s: float) -> float:
    """Seconds by which this stack is later than others; the same each time."""
    share = int.from_bytes(hashlib.blake2b(stack.encode(), digest_size=4).digest(), "big") / 2**32
    return share * min(JITTER_S, every_s / 10)


def overdue_s(schedule: str, good: float, now: float, stack: str) -> float:
    """How long ago the one after `good` was planned; 0 where that is still to come or nothing is planned."""
    if schedule == "never":
        return 0.0
    return max(now - latest(schedule, good, stack) - _period(schedule)[0], 0.0)


def _period(schedule: str) -> tuple[float, float]:
    """(seconds between two, seconds after midnight UTC of the first); a week begins on Monday."""
    if schedule.startswith("every "):
        return float(schedule.removeprefix("every ").removesuffix("h")) * 3600, 0.0
    if schedule in ("daily", "weekly"):
        # 1970 began on a Thursday; drills are in the morning, after the night's backup.
        return (DAY_S, 5 * 3600.0) if schedule == "daily" else (7 * DAY_S, 4 * DAY_S + 5 * 3600.0)
    hours, _colon, minutes = schedule.partition(":")
    return DAY_S, int(hours) * 3600.0 + int(minutes) * 60.0
