"""What is and what shall be, as digests: `desired` and `actual` in the same terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from founderstack.model.identity import UNTOLD, Identity


@dataclass(frozen=True)
class Instance:
    """A process as diff compares it."""

    parts: Mapping[str, str]
    """Name of a part (`command`, `environment`, `file:nginx.conf` …) → digest."""
    reloads: bool = False
    """True where a change of files alone needs no restart."""
    interrupts: bool = True
    up: bool = True
    ring: str = ""
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    identity: Identity = UNTOLD


@dataclass(frozen=True)
class State:
    """Processes, tasks and rings as digests: `desired` and `actual` have this one type."""

    processes: Mapping[str, Instance] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    rings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
