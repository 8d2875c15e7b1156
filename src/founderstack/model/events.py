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
