"""What a component declares: one value in one file of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from founderstack.model.alerts import Limits
from founderstack.model.backup import Backup, NoBackup
from founderstack.model.card import Credential as Credential
from founderstack.model.process import Process, Relay, Task
from founderstack.model.stack import Choices, Machine, Places, Release, Role, Stack, system_user


@dataclass(frozen=True)
class Port:
    """A TCP port of a component; `default` is taken when free, else the next free one."""

    name: str
    default: int
    summary: str
    public: bool = False
    """True for the gateway's ports, the only ones that may listen beyond loopback."""
    setting: str = ""
    """The setting that fixes it, where there is one."""
    needed: Callable[[Any, frozenset[str]], bool] = lambda settings, app_files: True
    """Whether it is needed with these settings of its component and these files in the app's folder."""
    row: int = 1
    """How many consecutive ports it takes."""
    fallback: int = 0
    """Where to look from when `default` may not be bound or is taken; `default` + 1 when 0."""


@dataclass(frozen=True)
class Route:
    """A path on the panel's origin that the gateway sends to a tool, behind the sign-on."""

    name: str
    path: str
    socket: str
    secret: str
    """Reference to the secret that the gateway adds to every request and the tool insists on."""


@dataclass(frozen=True)
class Database:
    """What the database offers to the tools that people use."""

    name: str
    viewer: str
    """Role that people's tools sign in with."""
    viewer_secret: str
    binaries: str
    """Folder of psql, pg_dump and the like."""
    folder: str = ""
    """Its data folder."""
    socket: str = ""
    """Folder of its Unix socket."""
    archive_status: str = ""
    """Folder with a file `….ready` for each piece of its log that waits to be archived."""
    port: int = 0
    account: str = ""
    """Whose system user may sign in over it as the superuser."""
    reader: str = ""
    """Role that the stack's owner may sign in with over it to read everything, for backups."""
    passing: str = ""
    """Pattern of roles that come and go with passwords."""


@dataclass(frozen=True)
class Archive:
    """How the database hands on each finished segment of its log of changes."""

    command: tuple[str, ...]
    """Gets the segment's path as its last argument; ends with 0 once the segment is kept for good."""
    folder: str
    """The database user's. A file `wanted` in it says that segments are wanted; `broken`, that some were let go."""


@dataclass(frozen=True)
class Objects:
    """The S3 whose objects a backup takes, and how its administrator signs in."""

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
class KeyValue:
    """What the cache offers to the tools that people use."""

    viewer: str
    """User that people's tools sign in with: may read what is not hidden, and change nothing."""
    viewer_secret: str
    hidden: tuple[str, ...]
    """Beginnings of the keys that people's tools do not show."""


@dataclass(frozen=True)
class View:
    """All that a component may know when it makes itself concrete. Pure values."""

    stack: Stack
    machine: Machine
    places: Places
    choices: Choices
    settings: Any
    """This component's own settings."""
    release: Release | None = None
    """The release of the app that shall serve."""
    app_files: frozenset[str] = frozenset()
    """Names of the files in the app's folder, from which its kind is told."""
    database: Database = field(default_factory=lambda: Database("", "", "", ""))
    """How tools reach the database; empty where there is none."""
    key_value: KeyValue = field(default_factory=lambda: KeyValue("", "", ()))
    """How tools reach the cache; empty where there is none."""
    offers: Mapping[str, str] = field(default_factory=dict)
    """Environment that the other components offer to the app."""
    routes: tuple[Route, ...] = ()
    """Tools that the gateway serves on the panel's origin."""
    rings: tuple[str, ...] = ()
    """Rings that the gateway balances, the main app's first."""
    relays: Relay | None = None
    """The relays that the gateway must offer to instances that listen on a TCP port."""
    limits: Limits | None = None
    """Beyond which somebody is told; None where nobody wants to be."""
    archive: Archive | None = None
    """Where the database's log of changes is kept; None where nobody keeps it."""
    secret_digests: Mapping[str, str] = field(default_factory=dict)
    """Secret → digest of its value, so that what is replaced side by side can be named after it."""
    providers: Mapping[Role, str] = field(default_factory=dict)
    """Role → component that fills it."""
    waits: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    """Role → the process and the tasks that those who need the role wait for."""

    def port(self, role: Role, name: str) -> int:
        """The number chosen for a port of the component that fills a role."""
        return self.choices.ports[f"{self.providers[role]}.{name}"]

    def system_user(self, account: str) -> str:
        """The system user that an account's processes run as on this machine."""
        return system_user(self.stack.name, account) if self.machine.root else self.machine.user

    def wait_for(self, *roles: Role) -> tuple[str, ...]:
        """What to wait for so that these roles can be used; roles that nobody fills need no waiting."""
        return tuple(name for role in roles for name in self.waits.get(role, ()))

    @property
    def app_url(self) -> str:
        """Where a person opens the app."""
        return _url(self.stack.domain, self.port("gateway", "https"))

    @property
    def panel_url(self) -> str:
        """Where a person opens the panel; an origin of its own."""
        return _url(self.stack.domain, self.port("gateway", "panel"))


def _url(domain: str, port: int) -> str:
    return f"https://{domain or 'localhost'}" + ("" if port == 443 else f":{port}")


@dataclass(frozen=True)
class Component:
    """What a piece of software is. Everything else about it is derived from this one value."""

    name: str
    summary: str
    role: Role
    phase: int
    backup: Backup | NoBackup
    settings: type
    processes: Callable[[View], tuple[Process, ...]]
    ram_mib: int
    """Memory it needs at rest."""
    tasks: Callable[[View], tuple[Task, ...]] = lambda view: ()
    needs: tuple[Role, ...] = ()
    """Roles that must be filled."""
    uses: tuple[Role, ...] = ()
    """Roles that it takes advantage of when they are filled."""
    systems: tuple[str, ...] = ()
    """`debian:12` … where its packages exist; empty means everywhere."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Operating system → version that its packages carry there, where that matters."""
    alternatives: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """What it stands in for at the usual vendors."""
    ports: tuple[Port, ...] = ()
    secrets: tuple[str, ...] = ()
    """Names of secrets that are generated for it."""
    given: tuple[str, ...] = ()
    """Names of secrets that the founder gives it, which nobody generates."""
    credentials: Callable[[View], tuple[Credential, ...]] = lambda view: ()
    offers: Callable[[View], Mapping[str, str]] = lambda view: {}
    routes: Callable[[View], tuple[Route, ...]] = lambda view: ()
    rings: Callable[[View], tuple[str, ...]] = lambda view: ()
    relays: Callable[[View], Relay | None] = lambda view: None
    limits: Callable[[View], Limits | None] = lambda view: None
    database: Callable[[View], Database | None] = lambda view: None
    key_value: Callable[[View], KeyValue | None] = lambda view: None
    archive: Callable[[View], Archive | None] = lambda view: None
    objects: Callable[[View], Objects | None] = lambda view: None
    """Needed where its `backup` is of the kind `objects`."""
    build_inputs: Callable[[View], tuple[str, ...]] = lambda view: ()
    """What beside its source shapes a build of it."""
    built_in: Callable[[View], tuple[str, ...]] = lambda view: ()
    """What of that reaches people by a build alone, so that a change of it makes another build at the next `up`."""
    ready_after: tuple[str, ...] = ()
    """Names of the process and tasks that must be done before others can use the role."""
    data_marker: str = ""
    """Path, relative to its data folder, that shows that it holds data."""
