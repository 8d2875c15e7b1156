"""Moments that a server can be taken back to, and what of it is stored to go there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from founderstack.model.backup import Manifest
from founderstack.model.protocols import Progress


@dataclass(frozen=True)
class StoredBackup:
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
    major: str
    """PostgreSQL's major version, which the server that recovers must have as well."""
    size: int
    """Bytes of the server that it stands for."""
    stored: int
    """Bytes that it alone takes in the repository."""


@dataclass(frozen=True)
class Stock:
    """What the repositories hold, as of one look: a backup is there, or it is gone, or its repository did not say."""

    backups: tuple[StoredBackup, ...] = ()
    """Every whole backup that was seen, oldest first."""
    unknown: Mapping[int, str] = field(default_factory=dict)
    """Repository → why it did not say what it holds: nothing of it may be taken for gone."""

    def of(self, repository: int) -> tuple[StoredBackup, ...]:
        """What one of them holds."""
        return tuple(backup for backup in self.backups if backup.repository == repository)


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
class ArchiveState:
    """How the log of changes is kept now."""

    wanted: bool
    """False before the first backup and after the chain broke."""
    broken_at: float
    """Seconds since the epoch at which segments began to be let go; 0.0 where the chain is whole."""
    waiting: int
    """Finished segments that are not kept yet."""


@dataclass(frozen=True)
class SurvivingLog:
    """What is left of a lost server's log."""

    folder: str = ""
    """"" where nothing is."""
    pieces: int = 0
    bytes: int = 0


NOTHING_LEFT = SurvivingLog()


@dataclass(frozen=True)
class RecoveryEnd:
    """How far a recovered server came."""

    pieces: int = 0
    """How many pieces of the surviving log were used that the backups did not have already."""
    until: str = ""
    """When the last transaction in it ended, by the server's own words; "" where the log held none."""


class PointInTime(Protocol):
    """Goes back to a moment: what engines with a log of changes can do."""

    @property
    def major(self) -> str:
        """The server's major version now."""
        ...

    def stored(self) -> Stock:
        """Every backup that can be reached, and which repositories did not answer."""
        ...

    def gaps(self) -> Sequence[Gap]:
        """Stretches of which the log was let go."""
        ...

    def free_mib(self) -> int:
        """Room on the disk of the server's data."""
        ...

    def answers(self) -> bool:
        """True where the running server can be asked."""
        ...

    def hand_on(self) -> None:
        """Have everything that was committed archived."""
        ...

    def as_set(self, begin: StoredBackup, target: Target, wal: str, progress: Progress) -> Manifest:
        """A set of what the databases held at that moment."""
        ...

    def surviving(self, wal: str) -> SurvivingLog:
        """The log of the server that was, in a folder that somebody named or in its own place.

        Raises StackError where what was named is no log, or cannot be read.
        """
        ...

    def rebuild(self, begin: StoredBackup, target: Target, log: SurvivingLog, progress: Progress) -> RecoveryEnd:
        """Recover the whole server beside the place of the one that was; it says how far that came."""
        ...

    def recovered(self, target: Target, wal: str) -> RecoveryEnd | None:
        """How far one came that an earlier run of this hour has recovered up to there, with this log; it lies ready."""
        ...

    def put_in_place(self, target: Target) -> str:
        """Put it there; the name under which the former one is kept, "" where there was none.

        Moments between the target and now cannot be reached from then on.
        """
        ...
