"""What a component declares about the data it would miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Backup:
    """Data that a backup set must hold, and the kind of engine that can take it."""

    kind: Literal["postgres", "redis", "files"]
    """How it is taken: a dump of the server, a snapshot of the keyspace, or a copy of the folder."""
    what: str
    """What a person would lose without it, in a few words."""


@dataclass(frozen=True)
class NoBackup:
    """The stated reason why a component holds nothing worth keeping."""

    reason: str
