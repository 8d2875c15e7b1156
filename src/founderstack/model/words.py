"""What components tell each other, one typed value a word: a component provides words, others ask their view for them.

`view.one(Database)`, `view.find(Archive)` and `view.all(Route)` find them; nobody needs to know who said them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from founderstack.model.process import Around


@dataclass(frozen=True)
class Endpoint:
    """Where the component that fills a role answers to other processes of the stack."""

    role: str
    way: str
    """Which of its doors: `direct`, `pooled`, `https` …"""
    host: str = ""
    port: int = 0
    socket: str = ""
    """Absolute path of its Unix socket, for a database the folder of it; "" where it has none."""

    @property
    def address(self) -> str:
        """`HOST:PORT`."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Variables:
    """Environment that is offered to the app; no two components offer one name."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Database:
    """What the main database is to those that work with it; its address is an endpoint."""

    name: str
    viewer: str
    """Role that people's tools sign in with."""
    viewer_secret: str
    binaries: str
    """Folder of psql, pg_dump and the like."""
    folder: str
    """Its data folder."""
    archive_status: str
    """Folder with a file `….ready` for each piece of its log that waits to be archived."""
    account: str
    """Whose system user may sign in over its socket as the superuser."""
    reader: str
    """Role that the stack's owner may sign in with over its socket to read everything, for backups."""
    rotating_roles: str
    """Pattern of roles that come and go with passwords."""


@dataclass(frozen=True)
class DatabaseRole:
    """A role in the main database for the program of a component; the database makes it before the program starts.

    The program signs in by `login`, a role of its own for each password, so that a new password reaches one process
    after the other while the former one is still good; once signed in it is `name`, which owns what it makes.
    """

    name: str
    """Small letters, digits and `_`."""
    secret: str
    """Name of the secret that holds its password; the component declares it."""
    member_of: tuple[str, ...] = ()
    """Roles whose rights it has: `pg_monitor`, `pg_read_all_data`, `app` …; no others."""
    schema: str = ""
    """A schema of the app's database that is made for it and that it owns."""
    search_path: tuple[str, ...] = ()
    """Schemas in which it looks for what it does not qualify; the server's own when empty."""
    connections: int = 10
    """Most connections at a time, for each of its passwords."""

    def login(self, digests: Mapping[str, str]) -> str:
        """The role that today's password belongs to; `digests` are those of the view."""
        return f"{self.name}_{digests.get(self.secret, '')[:8] or 'first'}"


@dataclass(frozen=True)
class Archive:
    """How the database hands on each finished segment of its log of changes."""

    command: tuple[str, ...]
    """Gets the segment's path as its last argument; ends with 0 once the segment is kept for good."""
    folder: str
    """The database user's. A file `wanted` in it says that segments are wanted; `broken`, that some were let go."""


@dataclass(frozen=True)
class KeyValue:
    """What the cache offers to the tools that people use."""

    viewer: str
    """User that people's tools sign in with: may read what is not hidden, and change nothing."""
    viewer_secret: str
    hidden: tuple[str, ...]
    """Beginnings of the keys that people's tools do not show."""


@dataclass(frozen=True)
class Buckets:
    """The S3 whose objects a backup takes, and how its administrator signs in."""

    component: str
    endpoint: str
    key: str
    secret: str
    """Name of the secret."""
    region: str
    left_out: tuple[str, ...]
    """Buckets that hold backups: a set that held them would hold the sets before it."""
    ports: tuple[int, ...]
    """Where it answers on this machine, so that backups that were sent to it are known for what they are."""


@dataclass(frozen=True)
class Route:
    """A path that the gateway sends to a program: on the panel's origin behind its sign-on, or on the app's, open."""

    name: str
    path: str
    """Begins and ends with `/`."""
    socket: str
    secret: str
    """Reference to the secret that the gateway adds to every request and the program insists on."""
    origin: Literal["panel", "app"] = "panel"


@dataclass(frozen=True)
class Site:
    """An app as the gateway serves it."""

    ring: str
    """The ring of slots whose instances answer."""
    body_limit_mib: int = 0
    """Largest request body; 0 leaves it to the gateway."""
    stream_bodies: bool = False
    """True where a body reaches the app while it comes; nobody else can be asked then, should an instance fail."""
    buffer_answers: bool = False
    """True where the gateway takes an answer as fast as it comes and keeps it for slow visitors."""
    idle_s: int = 3600
    """Longest silence on a WebSocket and in a stream of events."""


@dataclass(frozen=True)
class AppBuild:
    """What beside its source shapes a build of the app."""

    inputs: tuple[str, ...]
    built_in: tuple[str, ...]
    """What of that reaches people by a build alone, so that a change of it makes another build at the next `up`."""


@dataclass(frozen=True)
class AppRelease:
    """The release that serves, for a second program that runs from it."""

    folder: str
    environment: tuple[tuple[str, str], ...]
    """What the app's own instances are given; values may hold secret references."""
    needs: tuple[str, ...]
    """Processes and tasks to wait for: its build, its schema, what it uses."""


@dataclass(frozen=True)
class ToolEnvironment:
    """The environment that holds this tool's own package, for programs of ours that are kept running."""

    python: str
    task: str
    """What makes it."""


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate for the gateway, in place of one of the stack's own authority."""

    chain: str
    key: str
    task: str
    """What makes and renews it; the gateway reads it again when it was done again."""


@dataclass(frozen=True)
class AroundRestart:
    """What is to be done around a restart of the processes that fill a role."""

    role: str
    around: Around


@dataclass(frozen=True)
class ScrapeTarget:
    """Where a component tells its figures, in the text format of Prometheus."""

    job: str
    address: str
    """`HOST:PORT`, or `unix:PATH` of a socket."""
    path: str = "/metrics"


@dataclass(frozen=True)
class LogSource:
    """A log file that a component writes itself, beside the output that is kept for every process."""

    name: str
    path: str
    form: Literal["lines", "json"] = "lines"
    """`json`: one object a line."""
    labels: Mapping[str, str] = field(default_factory=dict)
