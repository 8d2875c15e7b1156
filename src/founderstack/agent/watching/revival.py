"""When to start again what the supervisor has given up on: soon at first, then ever more rarely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FIRST_S = 5.0
MOST_S = 300.0
FORGIVEN_AFTER_S = 600.0
"""A process that ran this long since its last revival starts from the short wait again."""


@dataclass(frozen=True)
class _Try:
    at: float
    wait_s: float


class Revival:
    """Exponential backoff by process. Pure: monotonic time comes in as a number."""

    def __init__(self, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._tries: dict[str, _Try] = {}

    def due(self, failing: Iterable[str], now: float) -> bool:
        """True when one of `failing` may be tried now. One seen for the first time waits `FIRST_S`."""
        names = set(failing)
        self._tries = {
            name: attempt
            for name, attempt in self._tries.items()
            if name in names or now - attempt.at < FORGIVEN_AFTER_S
        }
        for name in names - self._tries.keys():
            self._tries[name] = _Try(now, FIRST_S)
        return any(now >= self._tries[name].at + self._tries[name].wait_s for name in names)

    def tried(self, names: Iterable[str], now: float) -> None:
        """Note that these were started now: each waits twice as long the next time."""
        for name in names:
            before = self._tries.get(name, _Try(now, FIRST_S))
            self._tries[name] = _Try(now, min(before.wait_s * 2, self._most_s))
