"""What the founder wants, as read from the stack file, and the facts it is resolved against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from founderstack.model.source import Revision
from founderstack.model.state_folder import StateFolder

Role = str
"""The job that a component fills: `database`, `cache` …; those there are follow from the catalogue."""

FORMAT = 1
RING_SLOTS = 12
"""Slots of a ring: divisible by 1, 2, 3, 4, 6 and 12, so that those replica counts share the load evenly."""


def paired_slot(slot: int) -> int:
    """The slot that is asked where this one fails: the two lead to two instances, where there are two."""
    return slot ^ 1


def system_user(stack: str, account: str) -> str:
    """Name of the system user for one account of a stack, within the 32 characters that Linux allows."""
    name = f"f-{stack}-{account}"
    if len(name) <= 32:
        return name
    # A stable short form that two long names do not share.
    mark = hashlib.blake2b(name.encode(), digest_size=3).hexdigest()
    return f"{name[:25]}-{mark}"


@dataclass(frozen=True)
class Part:
    """One role of the stack: the component that fills it and its settings."""

    role: Role
    component: str
    settings: Any
    """An instance of the component's settings class."""
    label: str = ""
    """Tells parts of one role apart where there may be several: NAME of `[role.NAME]`."""

    @property
    def name(self) -> str:
        """What its account, its data and its ports are called; unique within the stack."""
        return f"{self.component}-{self.label}" if self.label else self.component

    @property
    def key(self) -> str:
        """Where it stands in the stack file: `role` or `role.label`."""
        return f"{self.role}.{self.label}" if self.label else self.role


@dataclass(frozen=True)
class OutsideTool:
    """A tool that lives elsewhere and is watched from here."""

    name: str
    title: str
    url: str
    accept: tuple[int, ...] = ()
    """HTTP statuses that count as up; empty means those of success and redirection."""
    check_certificate: bool = True


@dataclass(frozen=True)
class Stack:
    """A checked stack file."""

    name: str
    file: str
    """Absolute path of the stack file."""
    folder: str
    parts: Mapping[str, Part]
    """By their place in the file: a role, or `role.label` where it may be filled several times."""
    domain: str = ""
    """Public name of the app; "" means a machine of one's own, reached on loopback only."""
    language: Literal["", "en", "es"] = ""
    admin_email: str = ""
    tools: tuple[OutsideTool, ...] = ()
    """Tools elsewhere."""


@dataclass(frozen=True)
class Machine:
    """The facts of the machine that settings are derived from."""

    os: str
    """`ID:VERSION_ID` of os-release, `debian:12`."""
    ram_mib: int
    cores: int
    root: bool
    """True where each process can get a user of its own."""
    user: str
    hostname: str = "localhost"
    architecture: str = "x86_64"
    """As `uname -m` says it."""


@dataclass(frozen=True)
class Choices:
    """What was chosen and must not change by itself: founder.lock."""

    components: Mapping[str, str] = field(default_factory=dict)
    """Role → component."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """`component.port` → number."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """`postgres` → major version, `node` → version."""


@dataclass(frozen=True)
class Release:
    """One build of the app."""

    number: int
    digest: str
    ref: str = ""
    """Git commit, or "" where it came from the working tree."""
    created: str = ""
    """ISO time."""
    restarts: int = 0
    """How often its instances were replaced by fresh ones."""
    built_in: str = ""
    """Digest of the settings that were built into it; "" where nobody wrote it down."""
    revision: Revision = field(default_factory=Revision)
    """What it was built from."""
    by: str = ""
    """Who asked for it."""
    again: int = 0
    """Makes another build of a source that was built already: the number of the first release that was made so."""


@dataclass(frozen=True)
class Places:
    """Where things live on this machine; all absolute."""

    state: str
    """This stack's state: `<root>/<name>`."""
    shared: str
    """What stacks on this machine share: environments, Node, builds, caches."""
    python: str
    """A Python interpreter that every process's user can read."""
    package: str
    """The folder of this tool's own package."""
    package_digest: str = ""
    """Digest of that package, so that the resident parts follow an upgrade."""
    host: str = "127.0.0.1"
    """Where the programs of the stack listen and find each other."""

    @property
    def files(self) -> StateFolder:
        """The files of the state folder."""
        return StateFolder(self.state)

    def data(self, component: str) -> str:
        """Durable data of a component, private to its user."""
        return f"{self.state}/data/{component}"

    def etc(self, process: str) -> str:
        """Generated files of a process."""
        return f"{self.state}/etc/{process}"

    def run(self, process: str) -> str:
        """Sockets of a process; its user's, enterable by the gateway's group."""
        return f"{self.state}/run/{process}"

    def socket(self, process: str, name: str = "") -> str:
        """A Unix socket in that folder, called after its process unless it has several."""
        return f"{self.run(process)}/{name or process}.sock"

    def log(self, component: str) -> str:
        """Folder for log files that the process writes itself."""
        return f"{self.state}/log/{component}"

    def ring(self, name: str) -> str:
        """Folder of the slots of a ring."""
        return f"{self.state}/slots/{name}"

    def release(self, digest: str) -> str:
        """A built release, by its digest."""
        return f"{self.shared}/releases/{digest}"

    def environment(self, name: str) -> str:
        """A Python virtual environment."""
        return f"{self.shared}/venvs/{name}"

    @property
    def tool_name(self) -> str:
        """Name of the environment that holds this very version of the tool."""
        return f"tool-{self.package_digest}"

    @property
    def tool(self) -> str:
        """That environment."""
        return self.environment(self.tool_name)

    def node_packages(self, name: str) -> str:
        """The folder that holds a tool's `node_modules`."""
        return f"{self.shared}/node-packages/{name}"

    def program(self, name: str) -> str:
        """The folder of a program that was downloaded from its makers."""
        return f"{self.shared}/programs/{name}"

    def node(self, version: str) -> str:
        """The folder that holds `bin/node` and `bin/npm`."""
        return f"{self.shared}/node/{version}"
