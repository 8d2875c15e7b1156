"""How often somebody may try to sign in. Pure: monotonic time comes in as a number."""

from __future__ import annotations

from dataclasses import dataclass

FREE = 5
"""Wrong passwords that cost no wait: people mistype."""
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Failures by key (an address, an account), each further one doubling the wait up to a most.

    An account's most is short, because anybody can make it wait; an address's is long, because only it can.
    """

    def __init__(self, most_wait_s: float, forgotten_after_s: float = 3600.0) -> None:
        self._most_wait_s = most_wait_s
        self._forgotten_after_s = forgotten_after_s
        self._failures: dict[str, _Failures] = {}

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until the next try counts; 0 when it does now."""
        failures = self._failures.get(key)
        if failures is None or failures.count < FREE:
            return 0.0
        wait = min(2.0 ** min(failures.count - FREE, 30), self._most_wait_s)
        return max(0.0, failures.last + wait - now)

    def failed(self, key: str, now: float) -> None:
        """Note a wrong password. The key that failed longest ago makes room for a new one."""
        failures = self._failures.pop(key, _Failures(0, now))
        fresh = now - failures.last < self._forgotten_after_s
        self._failures[key] = _Failures(failures.count + 1 if fresh else 1, now)
        if len(self._failures) > MOST_REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, key: str) -> None:
        """Forget the failures."""
        self._failures.pop(key, None)
