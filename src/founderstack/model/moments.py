"""Moments that a server can be taken back to, and what of it is stored to go there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Stored:
    """One backup in one repository of pgBackRest."""

    label: str
    repository: int
    """1 is on this machine, 2 is the S3."""
    kind: Literal["full", "diff", "incr"]
    began: float
    """Seconds since the epoch, whole ones."""
    ended: float
    """Any later moment can be reached from it."""
    needs: tuple[str, ...]
    """Labels of the backups that it builds upon."""
    size: int
    """Bytes of the server that it stands for."""
    stored: int
    """Bytes that it alone takes in the repository."""


@dataclass(frozen=True)
class Gap:
    """A stretch of time of which the log of changes was let go."""

    began: float
    ended: float
    """When the next full backup was done; 0.0 where none was yet."""


@dataclass(frozen=True)
class Target:
    """Where a recovery shall end."""

    kind: Literal["time", "point", "backup", "newest"]
    at: float = 0.0
    """For `time`: seconds since the epoch. All that was committed until then, and nothing later."""
    text: str = ""
    """For `time`, the same as PostgreSQL reads it, with microseconds; for `point`, the restore point's name."""
    label: str = ""
    """Backup to begin with; "" takes the newest that ended before."""


@dataclass(frozen=True)
class Archived:
    """How the log of changes is kept now."""

    wanted: bool
    """False before the first backup and after the chain broke."""
    broken_at: float
    """Seconds since the epoch at which segments began to be let go; 0.0 where the chain is whole."""
    waiting: int
    """Finished segments that are not kept yet."""
