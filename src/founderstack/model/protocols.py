"""The world as operations see it: protocols only, filled in by wiring."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from founderstack.model.backup import Facts, Manifest, PartKind, SetFile
from founderstack.model.events import Event
from founderstack.model.health import ProcessCondition as ProcessCondition
from founderstack.model.plan import Step
from founderstack.model.process import Desired, State

Emit = Callable[[Event], None]


@dataclass(frozen=True)
class ProcessStatus:
    """A process as the supervisor sees it now."""

    name: str
    condition: ProcessCondition
    pid: int
    since: float
    """Seconds since the epoch at which it entered this condition."""
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """What a probe got."""

    ok: bool
    latency_ms: float
    error: str = ""


class Runtime(Protocol):
    """Where processes live. Every method may be called twice with the same effect."""

    def observe(self) -> State:
        """What is applied and running now, as digests."""
        ...

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        """Carry out one step and return when it holds; raises StackError with nothing half-done shown as done."""
        ...

    def statuses(self) -> Sequence[ProcessStatus]:
        """Every process the runtime keeps, as it is now."""
        ...

    def restart(self, process: str) -> None:
        """Stop and start one process as it is, and wait until it is ready."""
        ...

    def pause(self, process: str) -> None:
        """Stop one process on purpose; what was applied of it stays, and nothing starts it but `resume` and `up`."""
        ...

    def resume(self, process: str) -> None:
        """Start one process as it was applied, where it does not run, and wait until it is ready."""
        ...

    def revive(self) -> Sequence[str]:
        """Start again what the supervisor has given up on; the names of those processes."""
        ...

    def renew(self) -> Sequence[str]:
        """Make anew what ends by itself, such as certificates, and have it served; the tasks done again."""
        ...

    def last_lines(self, process: str, count: int) -> list[str]:
        """The last lines of a process's output."""
        ...

    def break_off(self) -> None:
        """End at once what steps under way have begun, where the next run can begin it again; they then fail."""
        ...

    def shut_down(self) -> None:
        """End the runtime's own resident process, after every process was stopped."""
        ...

    def forget(self) -> None:
        """Remove what the runtime made outside the stack's own folder."""
        ...


class SecretStore(Protocol):
    """Generated secrets by name."""

    def get(self, name: str) -> str:
        """The value; raises StackError when there is none."""
        ...

    def digests(self) -> Mapping[str, str]:
        """Name → keyed digest that changes with the value and does not reveal it."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class Source(Protocol):
    """Bytes that come as they are asked for."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; fewer only at the end, none after it."""
        ...


@dataclass(frozen=True)
class StoredObject:
    """One object of a store."""

    name: str
    size: int
    modified: float
    """Seconds since the epoch, by the store's clock."""


class ObjectStore(Protocol):
    """Objects by name: a folder or a bucket. Names are `a/b/c`; every method may be called twice.

    All raise StackError, with the cause and its cure, when the store cannot be reached or refuses.
    """

    @property
    def name(self) -> str:
        """How sets and messages call it: `local`, `s3`."""
        ...

    @property
    def where(self) -> str:
        """Its address, for a person: a folder, or `s3://bucket/prefix at https://endpoint`."""
        ...

    def put(self, name: str, source: Source) -> int:
        """Store all that `source` gives, whole or not at all; the number of bytes. Memory stays bounded."""
        ...

    def open(self, name: str) -> AbstractContextManager[Source]:
        """Read an object from its beginning; raises ObjectMissing where there is none."""
        ...

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object, None where there is none."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name begins with `prefix`, by name."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Remove these objects; those that are not there need no removing."""
        ...

    def tidy(self, prefix: str) -> None:
        """Drop what killed writers left of objects below `prefix`; only while nobody writes there."""
        ...


class SetWriter(Protocol):
    """A set that is being written. What it is given is sealed on its way; nothing in clear touches a disk."""

    def add(self, name: str, kind: PartKind, about: str, source: Source) -> SetFile:
        """Seal all that `source` gives into the file `name` (without `.age`)."""
        ...

    def remove(self, file: SetFile) -> None:
        """Take a file out again."""
        ...


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that this machine runs: the stack's own, or a throw-away one beside it."""

    binaries: str
    """Folder of psql, pg_dump and the like."""
    socket: str
    """Folder of its Unix socket."""
    port: int
    user: str
    """System user that may sign in as `superuser` over that socket."""
    superuser: str = "postgres"
    reader: str = ""
    """Role with which the caller may read everything, "" where there is none: then the superuser reads."""
    databases: tuple[str, ...] = ()
    """Databases to take; () means all."""
    needed: str = ""
    """The database without which a backup is none: the app's."""
    passing: str = ""
    """Pattern of roles that come and go with passwords: an old one is never given back to a stack that runs."""

    def in_psql(self, *statements: str) -> str:
        """The command by which whoever runs the stack has its superuser say this; with none, psql opens."""
        said = [word for statement in statements for word in ("-c", statement)]
        where = ["-h", self.socket, "-p", str(self.port), "-U", self.superuser, "-d", "postgres"]
        return shlex.join(["psql", *where, *said])


@dataclass(frozen=True)
class EngineResult:
    """What an engine has taken."""

    kind: str
    """What it became: an engine may turn `incr` into `full` where there is nothing to build upon."""
    at: float
    """Seconds since the epoch of the moment that it stands for."""
    facts: Facts
    repository: Mapping[str, str] = field(default_factory=dict)
    """For `Manifest.repository`."""
    problem: str = ""
    """What an engine with a repository of its own could not do, where it took a dump nevertheless."""
    lacks: tuple[str, ...] = ()
    """What it could not take, each in a sentence that names it."""


Progress = Callable[[str, int], None]
"""Told what is worked on and how many of its bytes have passed since it was told before."""


class Engine(Protocol):
    """One way of taking the databases of a server. To add one:

    1. a component for the role `backup` in `catalogue/`, with the settings class of `_backup.py`;
    2. a class with these methods in `backups/`, entered into `ENGINES` of `backups/engines.py` by the component's name;
    3. a case in `tests/service/test_engines.py`, the suite that every engine passes.

    A set that leaves the machine must be restorable onto another major version: an engine with a repository of its own
    has `LogicalDump` add its dump as well (`backups/postgres/dump.py`).
    """

    @property
    def name(self) -> str:
        """The component's name."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """What `--kind` may say, the usual one first."""
        ...

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> EngineResult:
        """Take every database and role; raises StackError with nothing left behind but what `forget` removes."""
        ...

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Remove from a repository of its own whatever none of the kept sets needs. Called after each backup."""
        ...
