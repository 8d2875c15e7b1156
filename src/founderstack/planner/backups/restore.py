"""What a restore comes to: which parts of a set, under which names, what is lost and how long it takes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from founderstack.locale import _
from founderstack.model.backup import DatabaseFacts, FoundSet
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.sql import identifier
from founderstack.model.vault import FilesOf, Restorable
from founderstack.planner.backups.counting import none_usable, usable

Only = Literal["", "databases", "files"]
LONGEST_NAME = 63
"""Bytes of a PostgreSQL name."""
USUAL_BYTES_PER_S = 10e6
"""Of a dump, until this machine has shown its own speed."""
MAINTENANCE = "postgres"
"""The database that every server has: only restored where somebody has put tables into it."""


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    set_id: str = ""
    """The set or the beginning of its name; the newest when empty."""
    only: Only = ""
    database: str = ""
    table: str = ""
    component: str = ""
    """The files of one component alone."""
    in_place: bool = False
    by: str = ""
    """Who asked for it, for the log."""

    @property
    def mark(self) -> str:
        """The same for two runs that ask for the same."""
        return repr((self.only, self.database, self.table, self.component, self.in_place))


@dataclass(frozen=True)
class Item:
    """One thing that is restored."""

    kind: Literal["database", "files"]
    name: str
    into: str
    """Name of the restored database; for files the folder, or "" in their place."""
    bytes: int
    facts: DatabaseFacts | None = None

    @property
    def key(self) -> str:
        """Its name in the journal."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class RestorePlan:
    """A decided restore."""

    wish: Wish
    one: Restorable
    items: tuple[Item, ...]
    loss_s: float
    """Age of the set's data: what was written since is not in it."""
    seconds: float
    """How long it will take, by what it took before or else a guess."""

    @property
    def left(self) -> tuple[FilesOf, ...]:
        """Files of the set that stay as they are because nobody asked for them by name."""
        taken = {item.name for item in self.items if item.kind == "files"}
        whole = self.wish.in_place and not (self.wish.component or self.wish.database or self.wish.only == "databases")
        return tuple(file for file in self.one.files if whole and file.by_name and file.component not in taken)


def pick(sets: Sequence[FoundSet], wanted: str, now: float) -> FoundSet:
    """The newest set that counts and is whole somewhere, or the one that is named; raises StackError for none."""
    meant = [one for one in (sets if wanted else usable(sets, now)) if one.manifest.id.startswith(wanted)]
    if len(meant) == 1 or (meant and not wanted):
        return meant[0]
    if sets and not wanted:
        raise none_usable(
            sets, now, _("Name the one that you want: founder restore {id}").format(id=sets[0].manifest.id)
        )
    if not sets:
        raise StackError(
            _("There is nothing to restore from"),
            _("No place holds a whole set of this stack."),
            _("See what there is: founder backups"),
            exit_code=EXIT_PRECONDITION,
        )
    raise StackError(
        _("Which set is “{name}”?").format(name=wanted),
        _("There are: {names}.").format(names=", ".join(one.manifest.id for one in (meant or sets)[:5])),
        _("Name one as “founder backups” shows it."),
        exit_code=EXIT_USAGE,
    )


def restoring(
    wish: Wish,
    one: Restorable,
    folder_of: Callable[[str], str],
    typical: Callable[[str], float | None],
    now: float,
    in_psql: Callable[[str], str],
) -> RestorePlan:
    """What the wish comes to with this set; raises StackError where the set does not hold what was asked for.

    `in_psql` makes a whole command of a statement of the superuser's.
    """
    items = (*_databases(wish, one), *_files(wish, one, folder_of))
    _refuse_taken(items, one, in_psql)
    if not items:
        raise StackError(
            _("The set {id} does not hold that").format(id=one.manifest.id),
            _("It holds the databases {databases} and the files of {files}.").format(
                databases=", ".join(about.name for about in one.databases) or "–",
                files=", ".join(files.component for files in one.files) or "–",
            ),
            _("Name one of these."),
            exit_code=EXIT_USAGE,
        )
    seconds = sum(_seconds(item, typical) for item in items)
    return RestorePlan(wish, one, items, max(now - one.manifest.taken_at, 0.0), seconds)


def comparison(item: Item) -> str:
    """The step that compares a restored database with what was dumped."""
    return f"restore:compare:{item.name}"


def staged(name: str, ending: str) -> str:
    """A database's name with an ending, within what PostgreSQL takes; two names never become one."""
    if len(name.encode()) + len(ending) <= LONGEST_NAME:
        return name + ending
    mark = f"~{hashlib.sha256(name.encode()).hexdigest()[:12]}{ending}"
    return name.encode()[: LONGEST_NAME - len(mark)].decode(errors="ignore") + mark


def _refuse_taken(items: Sequence[Item], one: Restorable, in_psql: Callable[[str], str]) -> None:
    """Raise StackError where a copy would get the name of a database that is used."""
    names = {about.name for about in one.databases}
    for item in items:
        if item.into in names:
            free = next(
                name for count in range(len(names) + 1) if (name := staged(item.into, f"_{count + 2}")) not in names
            )
            raise StackError(
                _("The database {name} cannot be restored as {into}").format(name=item.name, into=item.into),
                _("There is another database of that name."),
                _(
                    "Give that one another name, and take a backup in which it has it: {command} && founder backup"
                ).format(command=in_psql(f"ALTER DATABASE {identifier(item.into)} RENAME TO {identifier(free)};")),
                exit_code=EXIT_PRECONDITION,
            )


def _databases(wish: Wish, one: Restorable) -> list[Item]:
    if wish.only == "files" or wish.component:
        return []
    ending = "_restoring" if wish.in_place else "_restored"
    wanted = wish.database or ("" if not wish.table else _only_database(one))
    return [
        Item("database", about.name, staged(about.name, ending), one.sizes.get(about.name, 0), about)
        for about in one.databases
        if (about.name == wanted if wanted else about.name != MAINTENANCE or about.tables)
    ]


def _only_database(one: Restorable) -> str:
    """The one that a table without a database is meant to be in."""
    names = [about.name for about in one.databases if about.name != MAINTENANCE]
    if len(names) == 1:
        return names[0]
    raise StackError(
        _("In which database is the table?"),
        _("The set holds: {names}.").format(names=", ".join(names)),
        _("Add it: --database NAME"),
        exit_code=EXIT_USAGE,
    )


def _files(wish: Wish, one: Restorable, folder_of: Callable[[str], str]) -> list[Item]:
    if wish.only == "databases" or wish.database or wish.table:
        return []
    return [
        Item("files", files.component, "" if wish.in_place else folder_of(files.component), files.bytes)
        for files in one.files
        if wish.component == files.component or not (wish.component or (wish.in_place and files.by_name))
    ]


def _seconds(item: Item, typical: Callable[[str], float | None]) -> float:
    known = typical(f"restore:{item.key}")
    if known is None:
        return item.bytes / USUAL_BYTES_PER_S + 0.5
    return known + (typical(comparison(item)) or 0.0)
