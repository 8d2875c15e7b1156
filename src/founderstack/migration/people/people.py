"""The step that turns `auth.users` and their identities into people of Better Auth: same id, same password."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from founderstack.locale import _, shortened
from founderstack.migration.context import Context
from founderstack.migration.people import rows as people_rows, tables as people_tables
from founderstack.migration.people.follow import MOVING, catch_up, follow, unfollow
from founderstack.migration.people.hand import with_the_apps_rights
from founderstack.migration.people.remarks import DROPPED, WAYS, remark_item
from founderstack.migration.people.rules import Hash, MovedPerson, Rules, Shape, Way, move
from founderstack.migration.people.sign_ins import App, prove
from founderstack.migration.people.source import everybody, other_things
from founderstack.migration.people.tables import Tables
from founderstack.migration.values import Finding, Item, Progress
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

NAME = "people"
SEALED = "sealed-passwords"
"""What `--leave` calls passwords that only the source's server can open."""


class People:
    """A migration's step (`migration.steps.Step`)."""

    name = NAME

    def __init__(self, rules: Rules | None = None, app: App | None = None) -> None:
        self._rules = rules or Rules()
        self._app = app

    def plan(self, context: Context) -> Sequence[Item]:
        """Everybody by how they get in, and one by one whoever needs a word."""
        ways: Counter[Way] = Counter()
        hashes: Counter[str] = Counter()
        items: list[Item] = []
        strangers = held = 0
        with _asked(context) as (source, tables, target):
            people = self._everybody(context, source, tables.shape)
            while batch := list(islice(people, people_rows.AT_ONCE)):
                emails = [person.user["email"] for person in batch if person.user]
                strangers += people_tables.strangers(target, tables, emails, [person.id for person in batch])
                for person in batch:
                    ways[person.way] += 1
                    hashes[person.hash or ""] += 1
                    held += bool(person.held)
                    items += [remark_item(person, remark, detail) for remark, detail in person.remarks]
            others = other_things(source)
        return [
            *_blockers(strangers, 0 if tables.sessions else held),
            *_summary(ways, hashes),
            *items,
            *_left_behind(others),
        ]

    def run(self, context: Context) -> None:
        """Make the app's tables say what the source says now. Everybody in one transaction: all of them or nobody."""
        self._write(context)

    def _write(self, context: Context, *, last: bool = False) -> None:
        with context.source.connect() as source, source.transaction(), context.target.connect() as target:
            source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            total = source.execute("SELECT count(*) FROM auth.users").fetchone()
            assert total is not None
            with target.transaction():
                tables = people_tables.find(target, _public_tables(source))
                people_tables.make(target, tables, context.target.owner)
                follow(target, tables)
            people = _counted(self._everybody(context, source, tables.shape), context, int(total[0]))
            with with_the_apps_rights(context.target, replace(tables, there=True)) as own, own.transaction():
                written = people_rows.write(own, tables, people)
                if last:
                    catch_up(own, tables)
            detail = {"users": written.users, "accounts": written.accounts, "removed": written.removed}
            context.journal.mark(target, NAME, "people", detail)

    def sync_final(self, context: Context) -> None:
        """The same again: what is equal is not written, so this takes as long as reading everybody once."""
        self._write(context, last=True)

    def verify(self, context: Context) -> Sequence[Finding]:
        """Everybody's rows are compared, column by column, with what the source says now; then a password is tried."""
        seen = _Seen()
        with context.source.connect() as source, source.transaction(), context.target.connect() as target:
            tables = people_tables.find(target, _public_tables(source))
            if not tables.there or not people_tables.moved(target):
                return [Finding(NAME, _("people"), False, _("Nobody has been moved yet."))]
            with with_the_apps_rights(context.target, tables) as own, own.transaction(force_rollback=True):
                wanted = seen.counted(self._everybody(context, source, tables.shape))
                wrong = people_rows.differences(own, tables, wanted)
            open_doors = sorted(seen.held - people_tables.held(target).keys())
            moved = people_tables.moved(target)
        missing, different = ([name for name, what in wrong if what == kind] for kind in ("missing", "different"))
        once = _("people: nobody is there twice or too much")
        return [
            _finding(_("people: everybody is there, with the same id"), missing, by_writing=True),
            _finding(_("people: names, addresses, passwords and ways in are the same"), different, by_writing=True),
            _finding(_("people: whoever must not get in without a check is held"), open_doors),
            Finding(NAME, once, moved == seen.count, f"{moved} / {seen.count}", by_writing=True),
            *self._sign_ins(context, tables, seen),
        ]

    def undo(self, context: Context) -> None:
        """Take everybody who was moved out of the app's tables again, and what kept some of them out."""
        with context.target.connect() as target:
            tables = people_tables.find(target)
            if not table_exists(target, people_tables.LEDGER):
                return
            if tables.there:
                with with_the_apps_rights(context.target, tables) as own, own.transaction():
                    people_rows.take_out(own, tables)
            with target.transaction():
                tables = people_tables.find(target)
                if tables.there:
                    unfollow(target, tables)
                people_tables.open_doors(target, tables)

    def _sign_ins(self, context: Context, tables: Tables, seen: _Seen) -> Sequence[Finding]:
        if self._app is None:
            return ()
        target = replace(context.target, reads_only=False)
        with target.connect() as superuser, with_the_apps_rights(target, tables) as own:
            own.execute("SELECT set_config(%s, 'on', false)", (MOVING,))  # a person of a moment is nobody's news
            return prove(superuser, own, tables, self._app, seen.hashes, context.clock)

    def _everybody(self, context: Context, source: psycopg.Connection[Any], shape: Shape) -> Iterator[MovedPerson]:
        rules = replace(self._rules, leave_sealed=SEALED in context.options.leave)
        return (move(person, shape, rules) for person in everybody(source))


@dataclass
class _Seen:
    """What has passed by while everybody was compared."""

    count: int = 0
    held: set[str] = field(default_factory=set)
    hashes: set[Hash] = field(default_factory=set)

    def counted(self, people: Iterator[MovedPerson]) -> Iterator[MovedPerson]:
        """Everybody who has an account."""
        for person in people:
            if person.user is not None:
                self.count += 1
                self.held |= {person.id} if person.held else set()
                self.hashes |= {person.hash} if person.hash else set()
                yield person


def _counted(people: Iterator[MovedPerson], context: Context, total: int) -> Iterator[MovedPerson]:
    for number, person in enumerate(people, start=1):
        if number % people_rows.AT_ONCE == 0 or number == total:
            context.tell(Progress(NAME, number, total, "rows"))
        yield person


@contextmanager
def _asked(context: Context) -> Iterator[tuple[psycopg.Connection[Any], Tables, psycopg.Connection[Any]]]:
    """The source in a transaction, where people are kept at the target, and who may look there."""
    with context.source.connect() as source, source.transaction():
        with context.target.connect() as target:
            tables = people_tables.find(target, _public_tables(source))
        with with_the_apps_rights(context.target, tables) as own:
            yield source, tables, own


def _public_tables(source: psycopg.Connection[Any]) -> list[str]:
    rows = source.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return [row[0] for row in rows]


def _finding(what: str, wrong: Sequence[str], *, by_writing: bool = False) -> Finding:
    return Finding(NAME, what, not wrong, shortened(wrong), by_writing)


def _blockers(strangers: int, without_hold: int) -> Iterator[Item]:
    if strangers:
        why = _("They signed up in the new app, with an address or id of somebody who is to come.")
        fix = _("Delete these accounts in the app, or change their addresses.")
        yield Item(NAME, "people", _("people of the app"), "blocker", why, fix, strangers)
    if without_hold:
        why = _("They had a second factor or are banned, and the app keeps sessions where nobody can be held.")
        fix = _("Let Better Auth keep sessions in the database too (storeSessionInDatabase), then plan again.")
        yield Item(NAME, "people", _("people to be held"), "blocker", why, fix, without_hold)


def _summary(ways: Counter[Way], hashes: Counter[str]) -> list[Item]:
    items = [Item(NAME, "people", _(WAYS[way]), "converted", "", "", count) for way, count in sorted(ways.items())]
    for kind, count in sorted(hashes.items()):
        if kind in ("bcrypt", "argon2", "firebase"):
            why = _("It moves as it is, when the app’s password check knows it.") if kind != "bcrypt" else ""
            items.append(Item(NAME, "passwords", kind, "moved", why, "", count))
    return items


def _left_behind(others: dict[str, int]) -> list[Item]:
    return [
        Item(NAME, "rows", f"auth.{table}", "reported", _(DROPPED[table]), "", count) for table, count in others.items()
    ]
