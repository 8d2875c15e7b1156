"""A clock that only moves when it is told to."""

from __future__ import annotations

import threading


class FakeClock:
    """Time that a test owns (a model.protocols.Clock): waiting takes no time, it only moves the hands."""

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self._now = now
        self._passed = 0.0
        self._moving = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now + self._passed

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._passed

    def wait(self, seconds: float) -> None:
        """Move on by `seconds`, at once."""
        with self._moving:
            self._passed += seconds
