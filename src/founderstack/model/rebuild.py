"""What a rebuild works with: protocols and values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from founderstack.model.backup import FoundSet
from founderstack.model.protocols import Progress


@dataclass(frozen=True)
class State:
    """What a machine has of a stack."""

    there: bool = False
    """True where its state folder has something but backups in it."""
    home: str = ""
    """That folder."""
    set: str = ""
    """The set of a rebuild that has not ended."""
    folder: str = ""
    """The folder that it was to go to."""
    done: tuple[str, ...] = ()
    """Its parts that are done."""
    refused: tuple[str, ...] = ()
    """Settings that this machine's servers refuse, in words."""

    @property
    def filled(self) -> bool:
        """True once a database or files came back: what is there then is of that set alone."""
        return any(part.startswith(("database:", "files:")) for part in self.done)


class Origin(Protocol):
    """A place with sets, opened with the key that somebody had on paper; and the state that is made from them.

    Every method may be called twice.
    """

    @property
    def where(self) -> str:
        """The place's address, for a person."""
        ...

    def stacks(self) -> Sequence[str]:
        """Names of the stacks that have sets there."""
        ...

    def sets(self, stack: str) -> Sequence[FoundSet]:
        """The sets of one, newest first."""
        ...

    def state(self, stack: str) -> State:
        """What this machine has of it so far."""
        ...

    def try_out(self, one: FoundSet) -> None:
        """Read what is small in a set and needed first; raises StackError where the key or a bit of it is wrong."""
        ...

    def begin(self, one: FoundSet, folder: str) -> None:
        """Note that a rebuild has begun, before anything else is written."""
        ...

    def restore_settings(self, one: FoundSet, folder: str) -> str:
        """Put back the stack file with its lock, secrets and certificates; the path of the stack file."""
        ...

    def restore_source(self, one: FoundSet, file: str, progress: Progress) -> None:
        """Put back the source of the app, where the stack file at `file` says that it lies."""
        ...

    def note(self, stack: str, done: str, refused: Sequence[str] = ()) -> None:
        """Note that a part is done, but for settings that were refused."""
        ...

    def end(self, stack: str) -> None:
        """Note that all is done."""
        ...


class RebuildTarget(Protocol):
    """Databases and files of a stack that is being rebuilt."""

    def databases(self) -> Sequence[str]:
        """Names of the databases in the set."""
        ...

    def components(self) -> Sequence[str]:
        """Components whose files are in the set and that the stack has."""
        ...

    def restore_roles(self) -> Sequence[str]:
        """Make all roles as they were; settings that are refused, in words."""
        ...

    def restore_database(self, name: str, progress: Progress) -> Sequence[str]:
        """Restore a database and put it in the place of the one of its name; settings that are refused, in words."""
        ...

    def restore_files(self, component: str, progress: Progress) -> None:
        """Restore a component's files."""
        ...
