"""One stack on one machine, with all that the verbs need of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from founderstack.model.component import Component
from founderstack.model.events import Event
from founderstack.model.process import Task
from founderstack.model.protocols import Clock, Runtime
from founderstack.model.source import Difference, Revision
from founderstack.model.stack import Choices, Machine, Places, Release, Stack


class Secrets(Protocol):
    """The stack's secrets, generated or given by a person."""

    def exists(self) -> bool: ...
    def names(self) -> list[str]: ...
    def given(self) -> list[str]: ...
    def put(self, name: str, value: str) -> None: ...
    def remove(self, name: str) -> None: ...
    def ensure(self, names: Iterable[str]) -> list[str]: ...
    def get(self, name: str) -> str: ...
    def rotate(self, name: str) -> str: ...
    def start_anew(self) -> None: ...
    def as_they_are(self) -> Callable[[], None]:
        """What puts all of them back as they are now."""

    def put_back(self, text: str) -> None: ...
    def refuse_readable(self) -> None: ...
    def digests(self) -> Mapping[str, str]: ...


class History(Protocol):
    """What happened, and how long things usually take."""

    def record(self, event: Event) -> None: ...
    def typical_seconds(self, step_id: str) -> float | None: ...
    def recent(self, limit: int) -> Sequence[Event]: ...


class ChoiceStore(Protocol):
    """founder.lock."""

    def load(self) -> Choices: ...
    def save(self, choices: Choices) -> None: ...


class ReleaseStore(Protocol):
    """The releases of the app, newest last, and which of them serves."""

    def all(self) -> Sequence[Release]: ...
    def current(self) -> Release | None: ...
    def save_current(self, release: Release, *, drop: bool = True) -> None: ...


class Source(Protocol):
    """The app's source folder."""

    def files(self, path: str) -> frozenset[str]:
        """Names of the files directly in a folder; none where there is no folder."""
        ...

    def digest(self, path: str, ref: str, extra: Sequence[str]) -> str:
        """Content address of the source and of what else shapes a build."""
        ...

    def commit(self, path: str, ref: str) -> str:
        """The full commit that a git ref names; raises StackError for an unknown one."""
        ...

    def revision(self, path: str, ref: str) -> Revision:
        """What Git says of a commit, or of the folder as it is."""
        ...

    def difference(self, path: str, old: str, ref: str) -> Difference | None:
        """What a commit, or the folder as it is, has that the commit `old` has not; None where nobody can say."""
        ...


class Ports(Protocol):
    """TCP ports of this machine."""

    def usable(self, port: int) -> bool:
        """True where this stack may listen on it: bindable, or held by a process of its own."""
        ...

    def holder(self, port: int) -> str:
        """Who listens on it, for a person."""
        ...


class Disk(Protocol):
    """Files that operations look at or remove."""

    def read(self, path: str) -> str | None: ...
    def exists(self, path: str) -> bool: ...
    def free_mib(self, path: str) -> int: ...
    def remove(self, path: str) -> None: ...


@dataclass(frozen=True)
class Site:
    """Everything a verb works with."""

    stack: Stack
    components: Mapping[str, Component]
    machine: Machine
    places: Places
    foundation: tuple[Task, ...]
    runtime: Runtime
    secrets: Secrets
    history: History
    choices: ChoiceStore
    releases: ReleaseStore
    source: Source
    ports: Ports
    disk: Disk
    clock: Clock
    lock: Callable[[str], AbstractContextManager[None]]
    """The stack's one lock, for a command named so."""
    changed: Callable[[], None]
    """Called before the first change: what was known to hold no longer does."""
    settled: Callable[[Sequence[str]], None]
    """Called when everything is as wanted, with the names of the processes: remembered for the next quick look."""
    by: str = ""
    """Who asked for this command."""
