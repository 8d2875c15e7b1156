"""What a component declares: one value in one file of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from founderstack.locale import _
from founderstack.model.backup import Backup, NoBackup
from founderstack.model.card import Credential as Credential
from founderstack.model.errors import StackError
from founderstack.model.process import Process, Task
from founderstack.model.stack import Choices, Machine, Part, Places, Release, Role, Stack, system_user
from founderstack.model.words import Endpoint, Variables

Word = TypeVar("Word")


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
class Provides(Generic[Word]):
    """What a component tells the others, of one kind of word."""

    kind: type[Word]
    of: Callable[[View], Iterable[Word]]


class Board(Protocol):
    """What the parts of one stack tell each other."""

    def words(self, kind: type[Word]) -> Sequence[tuple[str, Word]]:
        """Every word of that kind, each with the name of the part that says it, in the order of the parts."""


@dataclass(frozen=True)
class View:
    """All that a component may know when it makes itself concrete. Pure values."""

    stack: Stack
    machine: Machine
    places: Places
    choices: Choices
    part: Part
    """The part of the stack that it is."""
    board: Board
    """What the others say; asked by `one`, `find`, `all` and `endpoint`."""
    release: Release | None = None
    """The release of the app that shall serve."""
    app_files: frozenset[str] = frozenset()
    """Names of the files in the app's folder, from which its kind is told."""
    secret_digests: Mapping[str, str] = field(default_factory=dict)
    """Secret → digest of its value, so that what is replaced side by side can be named after it."""
    providers: Mapping[Role, str] = field(default_factory=dict)
    """Role → name of the part that fills it, the first one's where there are several."""
    waits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a part → the processes and the tasks that those who need it wait for."""

    @property
    def name(self) -> str:
        """The part's name, after which its account, its folders, its processes and its tasks are called."""
        return self.part.name

    @property
    def settings(self) -> Any:
        """This part's own settings."""
        return self.part.settings

    def port(self, name: str) -> int:
        """The number chosen for one of its own ports."""
        return self.choices.ports[f"{self.name}.{name}"]

    @property
    def host(self) -> str:
        """Where programs of the stack listen that nobody outside shall reach, and where they find each other."""
        return self.places.host

    def all(self, kind: type[Word]) -> tuple[Word, ...]:
        """What all parts say of that kind."""
        return tuple(word for _part, word in self.board.words(kind))

    def find(self, kind: type[Word]) -> Word | None:
        """What one part says of that kind, None where none does; raises StackError where two do."""
        return _only(self.board.words(kind), kind.__name__)

    def one(self, kind: type[Word]) -> Word:
        """The same where the component needs the role that says it; raises LookupError where nobody does."""
        found = self.find(kind)
        if found is None:
            raise LookupError(f"{self.name} asks for a {kind.__name__}, and no part of the stack provides one")
        return found

    def endpoint(self, role: Role, way: str = "direct") -> Endpoint:
        """Where a role answers; where nobody pools, what is asked to be `pooled` goes the direct way."""
        said = [(part, word) for part, word in self.board.words(Endpoint) if word.role == role]
        found = _only([word for word in said if word[1].way == way], f"Endpoint {role}/{way}")
        if found is None and way == "pooled":
            return self.endpoint(role)
        if found is None:
            raise LookupError(f"{self.name} asks for the endpoint {role}/{way}, and no part provides it")
        return found

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment that is offered to the app; raises StackError where two parts offer one name."""
        offered: dict[str, list[tuple[str, str]]] = {}
        for part, words in self.board.words(Variables):
            for name, value in words.values.items():
                offered.setdefault(name, []).append((part, value))
        return {name: value for name, said in offered.items() for value in [_only(said, name)] if value is not None}

    def system_user(self, account: str) -> str:
        """The system user that an account's processes run as on this machine."""
        return system_user(self.stack.name, account) if self.machine.root else self.machine.user

    def wait_for(self, *roles: Role) -> tuple[str, ...]:
        """What to wait for so that these roles can be used; roles that nobody fills need no waiting."""
        parts = [part for role in roles for part in self.stack.parts.values() if part.role == role]
        return tuple(name for part in parts for name in self.waits[part.name])

    @property
    def app_url(self) -> str:
        """Where a person opens the app."""
        return _url(self.stack.domain, self.endpoint("gateway", "https").port)

    @property
    def panel_url(self) -> str:
        """Where a person opens the panel; an origin of its own."""
        return _url(self.stack.domain, self.endpoint("gateway", "panel").port)


def _only(said: Sequence[tuple[str, Word]], what: str) -> Word | None:
    """The one word among those said; raises StackError where two parts say one."""
    if len(said) > 1:
        (first, _word), (second, _other) = said[:2]
        raise StackError(
            _("Two parts of the stack provide one thing: {what}").format(what=what),
            _("{first} and {second} both do, and whoever asks could not tell which is meant.").format(
                first=first, second=second
            ),
            _("Take the table of one of them out of the stack file, or give it another component by `use`."),
        )
    return said[0][1] if said else None


def _url(domain: str, port: int) -> str:
    return f"https://{domain or 'localhost'}" + ("" if port == 443 else f":{port}")


@dataclass(frozen=True)
class Component:
    """What a piece of software is. Everything else about it is derived from this one value."""

    name: str
    summary: str
    role: Role
    """Components of one role say the same of it: `optional`, `on_request`, `follows`, `several`, `table`."""
    phase: int
    backup: Backup | NoBackup
    settings: type
    processes: Callable[[View], tuple[Process, ...]]
    ram_mib: int
    """Memory it needs at rest."""
    tasks: Callable[[View], tuple[Task, ...]] = lambda view: ()
    optional: bool = False
    """True where a stack can do without its role."""
    on_request: bool = False
    """True where the role stays empty until the stack file has its table."""
    follows: Role = ""
    """The role without which its own is left out by itself."""
    several: bool = False
    """True where a stack may have several parts of its role: each has a table, `[role.NAME]`."""
    table: bool = True
    """False where there is nothing to choose, so that the stack file has no table for its role."""
    rank: int = 0
    """Among the components of its role, the lowest that the machine can run is the default."""
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
    provides: tuple[Provides[Any], ...] = ()
    """What it tells the others; made when somebody asks for a word of that kind."""
    ready_after: tuple[str, ...] = ()
    """What must be there before others can use the role: "" stands for the process that is called as the part,
    `/roles` for its task of that name."""
    data_marker: str = ""
    """Path, relative to its data folder, that shows that it holds data."""

    def ready(self, part: str) -> tuple[str, ...]:
        """Names of the processes and tasks that must be there before others can use the part of that name."""
        return tuple(f"{part}{name}" for name in self.ready_after)
