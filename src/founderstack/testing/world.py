"""A machine in memory, and the stack on it as the verbs see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from founderstack.catalogue import COMPONENTS
from founderstack.model.component import Component
from founderstack.model.errors import EXIT_LOCKED, StackError
from founderstack.model.process import PythonEnvironment, Task, digest
from founderstack.model.source import Difference, Revision
from founderstack.model.stack import Machine, Places, Stack
from founderstack.operations.stack.site import Site
from founderstack.stackfile.check import check
from founderstack.testing.clock import FakeClock
from founderstack.testing.runtime import FakeRuntime
from founderstack.testing.stores import FakeChoices, FakeHistory, FakeReleases, FakeSecrets

FOLDER = "/srv/diary"
DEBIAN_12 = Machine(os="debian:12", ram_mib=4096, cores=2, root=True, user="root", hostname="box")
PLACES = Places(
    state="/var/lib/founder/diary",
    shared="/var/lib/founder/shared",
    python="/usr/bin/python3.11",
    package="/opt/founderstack",
    package_digest="0f0f0f",
)
FOUNDATION = (
    Task("host/supervisor", "supervisor", "what keeps the processes running", PythonEnvironment("supervisor", "pins")),
)


class FakeSource:
    """The app's source (an operations.stack.site.Source): the files that lie in it and a text that stands for them."""

    def __init__(self, *files: str) -> None:
        self._files = frozenset(files)
        self.content = "first"
        self.commits: dict[str, str] = {}
        """Git ref → commit; a commit's content is its own name."""
        self.head = Revision()
        """What Git says of the folder."""

    def files(self, path: str) -> frozenset[str]:
        """Names of the files of the app."""
        return self._files

    def digest(self, path: str, ref: str, extra: Sequence[str]) -> str:
        """Content address of the working tree or of a commit."""
        return digest(ref or self.content, tuple(extra))

    def commit(self, path: str, ref: str) -> str:
        """The commit that a ref names."""
        if ref not in self.commits:
            raise StackError(f"There is no commit “{ref}”", "Git does not know it.", "git log lists the commits.")
        return self.commits[ref]

    def revision(self, path: str, ref: str) -> Revision:
        """The commit that a ref names, or the one of the folder."""
        return Revision(self.commits.get(ref, ref)) if ref else self.head

    def difference(self, path: str, old: str, ref: str) -> Difference | None:
        """One commit, where there is an older one and it is another."""
        new = self.revision(path, ref)
        return Difference((new,), 1) if old and new.commit != old else None


class FakePorts:
    """TCP ports (an operations.stack.site.Ports): all are free but those in `held`, port → who listens."""

    def __init__(self, held: Mapping[int, str] | None = None) -> None:
        self.held = dict(held or {})

    def usable(self, port: int) -> bool:
        """True where nobody else listens."""
        return port not in self.held

    def holder(self, port: int) -> str:
        """Who listens."""
        return self.held.get(port, "")


class FakeDisk:
    """Files (an operations.stack.site.Disk) by absolute path."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.free = 10_000
        self.bare = False
        """True for a machine that has none of the programs that packages bring."""

    def read(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        return self.files.get(path)

    def exists(self, path: str) -> bool:
        """True where a file or a folder was put, and for what packages bring unless the machine is bare."""
        return (path.startswith("/usr/") and not self.bare) or any(
            name == path or name.startswith(f"{path}/") for name in self.files
        )

    def free_mib(self, path: str) -> int:
        """The same everywhere."""
        return self.free

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all in it."""
        self.files = {
            name: text for name, text in self.files.items() if name != path and not name.startswith(f"{path}/")
        }


@dataclass
class FakeWorld:
    """What stays when the stack file changes. `site(text)` is the stack that `text` describes, on this machine."""

    machine: Machine = DEBIAN_12
    components: Mapping[str, Component] = field(default_factory=lambda: COMPONENTS)
    source: FakeSource | None = field(default_factory=lambda: FakeSource("package.json"))
    """None where there is no folder `app`."""
    choices: FakeChoices = field(default_factory=FakeChoices)
    ports: FakePorts = field(default_factory=FakePorts)
    disk: FakeDisk = field(default_factory=FakeDisk)
    clock: FakeClock = field(default_factory=FakeClock)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    history: FakeHistory = field(default_factory=FakeHistory)
    releases: FakeReleases = field(default_factory=FakeReleases)
    calls: list[str] = field(default_factory=list)
    """`changed`, `settled` and each command that took the lock, in order."""

    def __post_init__(self) -> None:
        self.runtime = FakeRuntime(self.secrets, self.clock)
        self._holder = ""

    def site(self, text: str = "") -> Site:
        """Everything that a verb works with, for a stack file with this text."""
        return Site(
            stack=self.stack(text),
            components=self.components,
            machine=self.machine,
            places=PLACES,
            foundation=FOUNDATION,
            runtime=self.runtime,
            secrets=self.secrets,
            history=self.history,
            choices=self.choices,
            releases=self.releases,
            source=self.source or FakeSource(),
            ports=self.ports,
            disk=self.disk,
            clock=self.clock,
            lock=self._lock,
            changed=lambda: self.calls.append("changed"),
            settled=lambda _names: self.calls.append("settled"),
            by="ana",
        )

    def stack(self, text: str = "") -> Stack:
        """The stack that a file with this text describes."""
        return check(
            text.encode(),
            file=f"{FOLDER}/founder.toml",
            folder=FOLDER,
            components=self.components,
            machine=self.machine,
            choices=self.choices.load(),
            folder_exists=lambda _path: self.source is not None,
        )

    def _lock(self, command: str) -> AbstractContextManager[None]:
        @contextmanager
        def held() -> Iterator[None]:
            if self._holder:
                raise StackError("The stack is locked", f"{self._holder} runs.", "Wait.", exit_code=EXIT_LOCKED)
            self._holder = command
            self.calls.append(command)
            try:
                yield
            finally:
                self._holder = ""

        return held()
