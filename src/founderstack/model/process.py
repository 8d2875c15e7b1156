"""A component made concrete: processes, the files they read, and work done once before or between them.

Text that holds a secret carries a reference, `{{secret:NAME}}` or `{{secret:NAME|FILTER}}`, which the runtime
fills in when it writes the file with mode 0600. Filters: `url` (percent-encoded), `sha256` (hex digest), `oldest`
(that of its last line, the first key that was made), `argon2` (password hash), `json` (without the quotes), `sh`
(single-quoted for a shell).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Literal

from founderstack.model.actions import (
    Build as Build,
    Certificate as Certificate,
    Download as Download,
    Install as Install,
    NodePackages as NodePackages,
    NodeRuntime as NodeRuntime,
    PythonEnvironment as PythonEnvironment,
)
from founderstack.model.card import Card as Card
from founderstack.model.identity import Identity
from founderstack.model.state import Instance as Instance, State as State

Signal = Literal["TERM", "INT", "QUIT", "HUP", "USR1"]
ProbeKind = Literal["sql", "redis", "http", "https", "tcp", "agent"]

_SECRET = re.compile(r"\{\{secret:([a-z0-9_.-]+)(?:\|([a-z0-9]+))?\}\}")


def secret(name: str, filter: str = "") -> str:
    """The reference to a secret that stands in a file or an environment value."""
    return "{{secret:%s%s}}" % (name, f"|{filter}" if filter else "")


def secrets_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Each secret reference in `text`: (whole reference, secret name, filter or "")."""
    for found in _SECRET.finditer(text):
        yield found.group(0), found.group(1), found.group(2) or ""


@dataclass(frozen=True)
class File:
    """A generated file; `path` is absolute, owned by root and readable by its process's user only unless public."""

    path: str
    content: str
    public: bool = False
    """True for files that hold no secret and that other users may read (certificates, static pages)."""
    executable: bool = False


@dataclass(frozen=True)
class Folder:
    """A folder of the process's user that must exist before the process starts; private (0700) unless shared."""

    path: str
    enter: str = ""
    """The account whose processes may enter it as well (0750), for sockets."""


@dataclass(frozen=True)
class Probe:
    """A question whose answer proves that a process does what it promises.

    `target` is `host:port` or an absolute socket path; `ask` is an SQL statement, a Redis command or an HTTP path.
    """

    kind: ProbeKind
    target: str
    ask: str = ""
    timeout_s: float = 30.0
    """How long a start may take before it counts as failed."""
    accept: tuple[int, ...] = (200,)
    """HTTP statuses that count as an answer."""
    credential: str = ""
    """`user:secret-name` where the question needs a sign-in; `os:USER` where it is asked as a system user."""
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers to send; values may hold secret references."""
    certificate: bool = True
    """False where whatever certificate a server shows is good enough."""


@dataclass(frozen=True)
class Sign:
    """Words in a program's output whose cause is known; the texts may name the `{folder}` that it works in."""

    words: str
    why: str
    fix: str


RELAY_PORT = "{{relay:port}}"
"""Stands in an instance's environment, command and probe for the port that the runtime gives it."""


@dataclass(frozen=True)
class Relay:
    """Sockets of the gateway, each of which passes on to one TCP port of a row.

    The runtime gives a starting instance a number `n` that no other instance has; RELAY_PORT in what it is given
    becomes `first_port + n`, and its slots point to the n-th socket.
    """

    first_port: int
    sockets: tuple[str, ...]


@dataclass(frozen=True)
class Process:
    """One program that the runtime keeps running; the name is unique within the stack."""

    name: str
    component: str
    """The part that it belongs to, by its name: a component's, with its label where a stack has several."""
    card: Card
    argv: tuple[str, ...]
    cwd: str
    ready: Probe
    env: tuple[tuple[str, str], ...] = ()
    """Environment; values may hold secret references. Written to a 0600 file, never to the supervisor's config."""
    files: tuple[File, ...] = ()
    folders: tuple[Folder, ...] = ()
    sockets: tuple[str, ...] = ()
    """Unix sockets that it binds. A killed process leaves them behind, and some programs then refuse to start."""
    needs: tuple[str, ...] = ()
    """Names of processes that must be ready and tasks that must be done first."""
    account: str = ""
    """Whose system user it runs as: a component's name, its own when empty."""
    follows: tuple[str, ...] = ()
    """Tasks whose new outcome it must read: it reloads when one of them was done again."""
    privileged: bool = False
    """True only for the agent: runs as the stack's owner instead of a user of its own."""
    low_ports: bool = False
    """True where the process binds a port below 1024."""
    stop_signal: Signal = "TERM"
    stop_wait_s: int = 10
    parent_death_signal: Signal | None = None
    """What it gets when its supervisor dies; its stop signal when None."""
    reload_signal: Signal | None = None
    """The signal after which it reads changed files again without a restart, if it can."""
    check: tuple[str, ...] = ()
    """A command that fails, and says why, where it would not take its files; asked before it reads them again."""
    reopen_signal: Signal | None = None
    """The signal after which it opens its own log files again."""
    log_files: tuple[str, ...] = ()
    """Log files the process writes itself (beside its output, which the supervisor keeps)."""
    drain_s: int = 0
    """Seconds that an instance which is being replaced may take to finish what it has begun."""
    interrupts: bool = True
    """False where nobody's service suffers while it restarts, so that nobody needs to be asked."""
    expendable: bool = False
    """True where it may be ended before the database when memory runs out."""
    ring: str = ""
    """The ring of slots that this process serves, for instances that are replaced side by side."""
    number: int = 0
    """Which of its ring's instances it is, from 1."""
    family: str = ""
    """What of its name stays from one release to the next, where that is less than all of it: `app-2`."""
    generation: str = ""
    """What of its name is another with each release and each change of its environment; "" where nothing is."""
    socket: str = ""
    """The Unix socket on which it serves its ring."""
    relay: Relay | None = None
    """For an instance that can only listen on a TCP port: where the gateway's relays are."""
    memory_limit_mib: int = 0
    """Where it takes more, with all that it started, it is started again; 0 sets no limit."""
    signs: tuple[Sign, ...] = ()
    """What its output shows when it does not start for a known cause."""
    around: tuple[Around, ...] = ()
    """What is done around a restart of it."""

    @property
    def user(self) -> str:
        """The account whose system user it runs as."""
        return self.account or self.component

    @property
    def identity(self) -> Identity:
        """Who it is."""
        family, release = self.family or self.name, self.card.version
        return Identity(self.name, family, self.generation, self.component, self.ring, self.number, release)


@dataclass(frozen=True)
class Command:
    """One program run to its end."""

    argv: tuple[str, ...]
    cwd: str = "/"
    env: tuple[tuple[str, str], ...] = ()
    stdin: str = ""
    """Given on standard input; may hold secret references."""
    timeout_s: float = 120.0
    unless_exists: str = ""
    """Not run when this path is there already."""


@dataclass(frozen=True)
class Around:
    """What is done around a restart of a process, such as to hold back its callers.

    Nothing where `process` does not run. `after` is run whenever `before` was begun, also where the restart failed;
    where `before` fails, nothing is restarted.
    """

    process: str
    """Name of the process that holds the callers back."""
    account: str
    """Whose system user runs both."""
    before: Command
    after: Command


@dataclass(frozen=True)
class Run:
    """Commands run in order as the component's user."""

    commands: tuple[Command, ...]
    account: str = ""
    """Whose system user runs them: a component's name, its own when empty."""
    files: tuple[File, ...] = ()
    folders: tuple[Folder, ...] = ()
    alone_until: str = ""
    """While this path is missing, whatever else runs as that user is left over from an earlier try, and ended first."""


Program = Install | Download | PythonEnvironment | NodeRuntime | NodePackages
Action = Program | Certificate | Build | Run


@dataclass(frozen=True)
class Task:
    """Work done once for given inputs; done again when the inputs change."""

    name: str
    component: str
    summary: str
    """What it does, in a few words for the plan."""
    action: Action
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    """What the work depends on, where that is less than all of its action."""
    signs: tuple[Sign, ...] = ()
    """What its programs say when they fail for a known cause."""
    family: str = ""
    """What of its name stays from one release to the next, where that is less than all of it: `app/build`."""
    generation: str = ""
    """What of its name is another with each release; "" where nothing is."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return Identity(self.name, self.family or self.name, self.generation, self.component)


@dataclass(frozen=True)
class Desired:
    """Everything that shall be: the planner's answer to a stack file."""

    processes: Mapping[str, Process] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    rings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ring name → names of the processes that serve it, in order."""


def texts(value: Process | Task) -> Iterator[str]:
    """Every text that a process or a task is given, to look for secret references in; its card is only shown."""
    yield from _texts(astuple(replace(value, card=Card("", "")) if isinstance(value, Process) else value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _texts(item)


def digest(*parts: object) -> str:
    """A short stable digest of values whose repr is canonical (strings, numbers, tuples, frozen dataclasses)."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=10).hexdigest()
