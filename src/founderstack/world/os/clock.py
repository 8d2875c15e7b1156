"""Time, and the one way to wait for something with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable


class SystemClock:
    """The machine's own clock (a model.protocols.Clock)."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def until(condition: Callable[[], bool], seconds: float, *, every_s: float = 0.05) -> bool:
    """True as soon as `condition` holds, False when it still does not after `seconds`."""
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while not condition():
        left = deadline - clock.monotonic()
        if left <= 0:
            return False
        clock.wait(min(every_s, left))
    return True
