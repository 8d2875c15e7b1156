"""The stack's backups as the verbs see them: protocols and values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from founderstack.model.backup import DatabaseFacts, FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress


class SetDamaged(StackError):
    """A file of a set is not as it was written: that set cannot be brought anywhere."""


@dataclass(frozen=True)
class Place:
    """A place that sets are kept in, as it was found."""

    name: str
    where: str
    error: str = ""
    """Why it could not be asked, "" where it was."""
    damaged: tuple[str, ...] = ()
    """Ids of sets whose page of contents cannot be read, or is lost."""
    newer: tuple[str, ...] = ()
    """Ids of sets that a later version of this tool has written."""
    gone: tuple[str, ...] = ()
    """Ids of sets that were there, are there no more, and were not let go of by us."""


@dataclass(frozen=True)
class FoundSets:
    """All sets, newest first, and the places that were looked into."""

    sets: tuple[FoundSet, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be read, with its place. While there is any, nothing may be taken for gone."""
        return tuple(
            f"{place.name}: {what}"
            for place in self.places
            for what in (place.error, *place.damaged, *place.newer)
            if what
        )

    @property
    def lost(self) -> tuple[str, ...]:
        """What a place held and holds no more, with its place."""
        return tuple(f"{place.name}: {set_id}" for place in self.places for set_id in place.gone)


@dataclass(frozen=True)
class LeftoverCopy:
    """A copy beside what is used, as an earlier restore has left it."""

    kind: Literal["database", "files"]
    name: str
    """The database, or the folder."""
    at: float
    """When it was made, 0 where nobody knows."""
    bytes: int


@dataclass(frozen=True)
class FilesOf:
    """A component's files in a set."""

    component: str
    bytes: int
    by_name: bool = False
    """True where they are only put in the place of what is used when they are asked for by name."""


@dataclass(frozen=True)
class Restorable:
    """What a set that was opened with the key holds."""

    manifest: Manifest
    place: str
    databases: tuple[DatabaseFacts, ...] = ()
    files: tuple[FilesOf, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Database → bytes of its dump."""


class Vault(Protocol):
    """Takes, keeps, lists and gives back."""

    def lock(self, command: str) -> AbstractContextManager[None]:
        """One backup or restore at a time; raises StackError naming the holder."""
        ...

    def kinds(self) -> Sequence[str]:
        """What the engine can take, the usual one first."""
        ...

    def tidy(self) -> None:
        """Remove what backups left on this machine that were killed. A set that has lost its manifest is none of it."""
        ...

    def tidy_away(self) -> None:
        """The same off this machine, of sets that are here no more; files of which a part arrived go as well."""
        ...

    def take(self, kind: str, progress: Progress, replaced_by: str = "") -> Manifest:
        """Take a whole set into the place on this machine; raises StackError with nothing left of it.

        `replaced_by` makes it a safety set (model.backup.Manifest).
        """
        ...

    def away(self) -> str:
        """Where copies off this machine go, "" where there is no such place."""
        ...

    def send(self, manifest: Manifest, progress: Progress) -> None:
        """Copy a set off the machine; goes on where an earlier attempt stopped.

        Raises SetDamaged where the set is to blame: it is marked as one that cannot be restored then.
        """
        ...

    def bring(self, manifest: Manifest, source: str, target: str, progress: Progress) -> None:
        """Copy a set from one place to another; as `send` otherwise."""
        ...

    def found(self) -> FoundSets:
        """Everything that there is."""
        ...

    def note(self, found: FoundSets) -> None:
        """Remember what lies in each place that answered, so that it is missed when it does not any more."""
        ...

    def miss_no_longer(self, place: str, set_ids: Sequence[str]) -> None:
        """Have sets that are gone from a place count as let go of."""
        ...

    def remove(self, place: str, set_id: str) -> None:
        """Remove a set from one place."""
        ...

    def lying(self, place: str, set_id: str) -> tuple[int, int]:
        """Files and bytes of what lies in a place under a set's name, whatever it is."""
        ...

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Have the engine forget what none of these sets needs."""
        ...

    def in_psql(self, *statements: str) -> str:
        """The command that has the database's superuser say this, to be printed."""
        ...

    def open(self, one: FoundSet) -> Restorable:
        """Open a set with the key; raises StackError where it is another's, damaged, or of a later PostgreSQL."""
        ...

    def make_roles(self, one: Restorable) -> tuple[str, ...]:
        """Make roles that are missing, who own things but cannot sign in; their names."""
        ...

    def restore_database(
        self, one: Restorable, about: DatabaseFacts, into: str, table: str, progress: Progress
    ) -> tuple[str, ...]:
        """Restore a database, or one table of it, under another name; settings that are refused, in words."""
        ...

    def compare_database(self, about: DatabaseFacts, restored: str) -> None:
        """Compare a restored database with what was dumped; removes it and raises StackError where it is not that."""
        ...

    def standing_database(self, name: str) -> LeftoverCopy | None:
        """The database of that name, None where there is none."""
        ...

    def standing_files(self, component: str) -> LeftoverCopy | None:
        """What lies in the folder that a component's files are restored to beside the used ones, None for nothing."""
        ...

    def has_database(self, name: str) -> bool:
        """True where the server has it."""
        ...

    def swap_database(self, name: str, restored: str, aside: str) -> None:
        """Put the restored one in the place of the other, at once."""
        ...

    def drop_database(self, name: str) -> None:
        """Remove a copy, or what one has replaced; raises StackError where it is anybody else's."""
        ...

    def restore_files(self, one: Restorable, component: str, progress: Progress, *, beside: bool) -> str:
        """Put a component's files, or its objects as files, beside those that are used; the folder that they lie in."""
        ...

    def swap_files(self, one: Restorable, component: str, progress: Progress) -> bool:
        """Put them in the place of those that are used; safe to repeat. True where programs must be started again."""
        ...

    def enter(self, at: float, who: str, action: str, detail: str) -> None:
        """Note who did what in every log that the stack keeps of such things."""
        ...

    def settle(self, key: str) -> None:
        """Bring to rest what a swap that was killed left between two names: what was used is used again.

        `key` is a planner.backups.restore.Item's. Nothing where the swap had not begun or had ended.
        """
        ...

    def restored_folder(self, component: str) -> str:
        """Where files are restored to beside the used ones."""
        ...

    def journal(self) -> dict[str, object]:
        """What an unfinished restore in place has written down; empty where there is none."""
        ...

    def write_journal(self, content: dict[str, object]) -> None:
        """Write it down; an empty one is removed."""
        ...

    def write_index(self, value: dict[str, object]) -> None:
        """Keep what the agent and the panel show."""
        ...
