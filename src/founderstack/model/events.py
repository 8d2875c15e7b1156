"""What happened, told the same way to the terminal, the panel and the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EventKind = Literal["started", "progress", "done", "failed", "skipped"]


@dataclass(frozen=True)
class Event:
    """One moment of a step."""

    kind: EventKind
    step: str
    """Step id, `start:postgres`."""
    at: float
    """Seconds since the epoch."""
    seconds: float = 0.0
    """How long the step took, for `done` and `failed`."""
    detail: str = ""
    family: str = ""
    """What of the step's id stays from one release to the next, where that is less than all of it: `start:app-2`."""

    @property
    def family_id(self) -> str:
        """By which steps of two plans are compared."""
        return self.family or self.step
