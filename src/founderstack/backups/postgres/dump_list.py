"""What pg_dump has put into an archive, entry by entry, and who may bring each entry back: pure.

Where an entry can make PostgreSQL run code that somebody has put into the database (an expression of a column or a
partition that is folded, a check, an index), it is not the superuser who brings it back, unless it is the superuser's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

from founderstack.planner.dumps.kinds import computes, runs_nothing
from founderstack.planner.dumps.statements import statements

_ENTRY = re.compile(r"(\d+); (\d+) \d+ (.*)")
_DEPENDS = ";\tdepends on: "
_OF_THE_ARCHIVE = ("ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES")
"""Told besides, and no part of what is brought back."""
_LATE = ("COMMENT", "SECURITY LABEL", "ACL", "DEFAULT ACL", "SEQUENCE OWNED BY")
"""Nothing is made of them; they follow when everything is its owner's."""
_LARGE = ("BLOB", "BLOB METADATA")
LARGE_CONTENT = "BLOBS"
_ROWS = ("TABLE DATA", LARGE_CONTENT)
_PLACES = "SEQUENCE SET"
_REFRESH = "MATERIALIZED VIEW DATA"
_LAST = ("EVENT TRIGGER", "COMMENT - EVENT TRIGGER", "SECURITY LABEL - EVENT TRIGGER")
_FOREIGN_KEY = "FK CONSTRAINT"
_FOREIGN_TABLE = "FOREIGN TABLE"
_READ = ("FUNCTION", "PROCEDURE", _FOREIGN_TABLE)
_READ_WORDS = ("FUNCTION", "PROCEDURE", "FOREIGN")
_OF_A_TABLE = ("DEFAULT", "TABLE ATTACH", "CHECK CONSTRAINT", "TRIGGER", "RULE", "POLICY", "STATISTICS")
"""Who makes these must own the table."""
_ROUTINE = re.compile(" (?:FUNCTION|PROCEDURE) ")
_NAME = r'(?:"(?:[^"]|"")++"|\w[\w$]*+)'
_OWNER = re.compile(
    r"ALTER (?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|DOMAIN|AGGREGATE|STATISTICS|"
    "FUNCTION|PROCEDURE) "
    rf"{_NAME}(?:\.{_NAME})?(?:\((?:\"[^\"]*+\"|[^\"'()])*+\))? OWNER TO {_NAME}"
)


@dataclass(frozen=True)
class Entry:
    """One line of the archive's table of contents."""

    number: str
    catalog: int
    words: str
    """Its kind, schema, name and owner, as pg_restore shows them."""
    needs: frozenset[str] = frozenset()
    """Numbers of entries that must be there before."""
    computes: bool = False
    """True for a function, or a foreign table, that has expressions beside what it does when it is called."""

    def is_of(self, *kinds: str) -> bool:
        """True where it is of one of these kinds."""
        return any(self.words.startswith(f"{kind} ") for kind in kinds)


@dataclass(frozen=True)
class Run:
    """Entries that one and the same role brings back, one after the other."""

    entries: tuple[Entry, ...]
    inert: bool
    """True where the superuser brings them back."""
    looks_up: bool = False
    """True where rows of other tables must be found for it."""

    @property
    def listed(self) -> str:
        """For pg_restore."""
        return "".join(f"{entry.number};\n" for entry in self.entries)


@dataclass(frozen=True)
class Plan:
    """What is brought back, in this order."""

    before: tuple[Run, ...]
    """What rows need."""
    rows: tuple[Entry, ...]
    after: tuple[Run, ...]
    """What needs rows."""
    late: tuple[Entry, ...]
    places: tuple[Entry, ...]
    """Where sequences are."""
    refreshing: tuple[Run, ...]
    last: tuple[Entry, ...]
    """What looks at every change of the database that follows."""

    @property
    def foreign(self) -> tuple[Entry, ...]:
        """What is not for the superuser to make."""
        runs = (*self.before, *self.after, *self.refreshing)
        return tuple(entry for run in runs if not run.inert for entry in run.entries)


def entries(listed: str) -> tuple[Entry, ...]:
    """What `pg_restore --list --verbose` shows: each entry in a line of its own, whatever is in a name."""
    found: list[Entry] = []
    for line in listed.split("\n"):
        if one := _ENTRY.fullmatch(line):
            found.append(Entry(one[1], int(one[2]), one[3]))
        elif found and line.startswith(_DEPENDS):
            found[-1] = replace(found[-1], needs=frozenset(line.removeprefix(_DEPENDS).split()))
    return tuple(entry for entry in found if not entry.is_of(*_OF_THE_ARCHIVE))


def plan(found: Sequence[Entry], superusers: Set[str], *, definitions_only: bool = False) -> Plan:
    """Who brings back what. With `definitions_only` nothing of what needs rows."""
    own = tuple(f" {name}" for name in superusers)
    first = next((number for number, entry in enumerate(found) if entry.is_of(*_ROWS, _PLACES)), len(found))
    before = found[:first]
    kept = before if definitions_only else found
    after = [entry for entry in kept[first:] if not entry.is_of(*_ROWS, _PLACES)]
    large = tuple(entry for entry in found if entry.is_of(*_LARGE))
    return Plan(
        before=(*_in_turns(_made(before, own), own), Run(large, inert=True)),
        rows=tuple(entry for entry in found if entry.is_of(*_ROWS)),
        after=tuple(_grouped(_made(after, own), own)),
        late=tuple(
            entry for entry in kept if entry.is_of(*_LATE) and not entry.is_of(*_LAST) and not _early(entry, own)
        ),
        places=tuple(entry for entry in kept if entry.is_of(_PLACES)),
        refreshing=tuple(_grouped([entry for entry in kept if entry.is_of(_REFRESH)], own)),
        last=tuple(entry for entry in kept if entry.is_of(*_LAST)),
    )


def read(found: Sequence[Entry], superusers: Set[str]) -> tuple[Entry, ...]:
    """What must be read to know who makes it: functions, procedures and foreign tables that are not a superuser's."""
    own = tuple(f" {name}" for name in superusers)
    return tuple(one for one in found if one.is_of(*_READ) and not (own and one.words.endswith(own)))


def computing(found: Sequence[Entry], looked_at: Sequence[Entry], script: str) -> tuple[Entry, ...]:
    """All entries, with the mark at those that compute; `script` is what pg_restore writes of what was `looked_at`.

    Raises ValueError where it does not write each of them.
    """
    heads = [one for one in statements(script) if one.words[:1] == ("CREATE",) and one.words[1] in _READ_WORDS]
    numbers = {one.number for one, head in zip(looked_at, heads, strict=True) if computes(head)}
    numbers |= {number for one in found if one.is_of(*_OF_A_TABLE) for number in one.needs} & {
        one.number for one in looked_at if one.is_of(_FOREIGN_TABLE)
    }
    return tuple(replace(one, computes=True) if one.number in numbers else one for one in found)


def owners(script: str) -> tuple[str, ...]:
    """The statements of a script of pg_restore that give something to its owner, and nothing else of it."""
    return tuple(statement.text for statement in statements(script) if _OWNER.fullmatch(statement.text))


def unchecked(script: str) -> tuple[list[str], list[str]]:
    """Foreign keys that a script of pg_restore makes: without a look at rows, to be called valid; as they are there.

    Those of a partitioned table are always looked up.
    """
    keys = [statement for statement in statements(script) if statement.words[:2] == ("ALTER", "TABLE")]
    wanted = [one.words[:3] == ("ALTER", "TABLE", "ONLY") and one.words[-2:] != ("NOT", "VALID") for one in keys]
    return (
        [f"{key.text} NOT VALID" for key, looked_up in zip(keys, wanted, strict=True) if looked_up],
        [key.text for key, looked_up in zip(keys, wanted, strict=True) if not looked_up],
    )


def _made(found: Sequence[Entry], own: tuple[str, ...]) -> list[Entry]:
    apart = (*_LATE, *_LARGE, *_LAST, _REFRESH)
    return [entry for entry in found if not entry.is_of(*apart) or _early(entry, own)]


def _early(entry: Entry, own: tuple[str, ...]) -> bool:
    """True for the rights of a superuser's function: as long as these are not there, everybody may call it."""
    return entry.is_of("ACL") and bool(_ROUTINE.search(entry.words)) and (not own or entry.words.endswith(own))


def _in_turns(found: Sequence[Entry], own: tuple[str, ...]) -> Iterator[Run]:
    """Both hands take turns, each with all that it can: a function for each of many tables is no turn for each."""
    left = list(found)
    while left:
        inert = _inert(left[0], own)
        taken: list[Entry] = []
        waiting: dict[str, Entry] = {}
        for entry in left:
            # What has no catalog of its own belongs to what came before it, and does not always say so.
            free = waiting.keys().isdisjoint(entry.needs) and (entry.needs or entry.catalog or not waiting)
            if free and _inert(entry, own) is inert:
                taken.append(entry)
            else:
                waiting[entry.number] = entry
        yield Run(tuple(taken), inert)
        left = list(waiting.values())


def _grouped(found: Sequence[Entry], own: tuple[str, ...]) -> Iterator[Run]:
    for (inert, looks_up), some in groupby(found, lambda entry: (_inert(entry, own), entry.is_of(_FOREIGN_KEY))):
        yield Run(tuple(some), inert, looks_up)


def _inert(entry: Entry, own: tuple[str, ...]) -> bool:
    inert = (runs_nothing(entry.words, entry.catalog) or entry.is_of(_FOREIGN_TABLE)) and not entry.computes
    return inert or bool(own and entry.words.endswith(own))
