"""What an alert is: the limits beyond which one is due, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SECRET_PREFIX = "alerts."
"""Secrets of this name hold where alerts are sent: `alerts.phone` → an address with its token."""

Severity = Literal["problem", "notice"]
"""A problem is told again while it lasts; a notice is told once."""


@dataclass(frozen=True)
class Limits:
    """When the person in charge wants to hear of something."""

    service_down_s: float = 120.0
    disk_free_percent: int = 10
    disk_full_within_h: int = 72
    archive_queue: int = 64
    """Segments of the write-ahead log (16 MiB each) that wait to be archived."""
    remind_h: int = 24


@dataclass(frozen=True)
class Condition:
    """Something that is not as it should be now, in the three parts that a person needs."""

    key: str
    """What it is about, `service:postgres`: as long as the key is there, it is one and the same alert."""
    what: str
    why: str
    fix: str
    severity: Severity = "problem"


@dataclass(frozen=True)
class Letter:
    """One message: what began, what is over, what still lasts."""

    made: float
    """Seconds since the epoch."""
    begun: tuple[Condition, ...] = ()
    lasting: tuple[Condition, ...] = ()
    over: tuple[Condition, ...] = ()
