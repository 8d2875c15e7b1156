"""Schemas, types, functions, tables and views: what must be there before rows can come."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import (
    additions,
    archive,
    differences,
    extension_rows,
    fates,
    foresee,
    hand,
    objects,
    platform,
    policies,
    readable,
    rights,
    shims,
)
from founderstack.migration.database.fates import Setting
from founderstack.migration.database.user_code import pin, with_paths
from founderstack.migration.entries import DecidedEntry, Entry
from founderstack.migration.parallel import Sum
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Finding, Item, Kind, Options
from founderstack.model.errors import StackError

if TYPE_CHECKING:
    import psycopg

FOLLOWER = "founder_migration"
"""Name of the publication, the slot and the subscription by which the source is followed."""
_BATCH = 100
"""Entries in one transaction: few enough locks for any server."""
_ELSEWHERE = re.compile(
    r"\b(net|vault|cron|realtime|graphql|pgmq|pgsodium|supabase_functions)\s*\.\s*\w+", re.IGNORECASE
)
_CLAIMS = re.compile(r"'(aal|amr|session_id|app_metadata)'")

_BODIES = """
SELECT identity, prosrc FROM pg_proc CROSS JOIN LATERAL pg_identify_object('pg_proc'::regclass, pg_proc.oid, 0)
WHERE pg_proc.oid >= 16384 AND prosrc IS NOT NULL
"""
_VIEWS_PAST_RLS = """
SELECT DISTINCT view.identity FROM pg_rewrite JOIN pg_class AS c ON c.oid = ev_class AND relkind = 'v'
JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = pg_rewrite.oid
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS view
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass('auth.users')
    AND NOT coalesce(reloptions::text ~ 'security_invoker=(true|on|1)', false)
"""


def read(
    source: Source, target: Target, kind: Kind, options: Options, *, path: str, begun: bool
) -> tuple[DecidedEntry, ...]:
    """Every object of the source with its fate; its archive lies at `path` afterwards.

    `begun` says that what the target has of the same names is our own work.
    """
    with source.connect() as left, target.connect() as right:
        hidden = readable.hidden(left) if kind == "supabase" else []
        archive.dump(source.address, source.snapshot_name, target.binaries, path, without=hidden)
        entries = archive.entries(target.binaries, path)
        known = objects.known(left, entries)
        setting = Setting(
            kind=kind,
            extensions=objects.extensions(right),
            made_by=objects.schemas_of_extensions(left),
            present=() if begun else objects.present(right),
            leave=options.leave,
            nobody=policies.for_nobody(left, kind),
        )
        made = policies.statements(left, kind)
    entries = tuple(entry for entry in entries if not _our_own(entry))
    renamed = [
        replace(one, sql=made.get(known[one.id].identity, "")) if one.kind == "POLICY" else one for one in entries
    ]
    return fates.decide(renamed, known, setting)


def _our_own(entry: Entry) -> bool:
    """The publication by which we follow the source is no object of the founder's."""
    return entry.kind.startswith("PUBLICATION") and FOLLOWER in entry.label.split()


def digest(decided: Iterable[DecidedEntry]) -> str:
    """Changes when an object of the source does."""
    lines = sorted(f"{one.entry.kind} {one.item.name}\n{one.entry.sql}" for one in decided)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Schema:
    """The step: everything that is made before the rows."""

    name = fates.STEP

    def plan(self, context: Context) -> Sequence[Item]:
        """Every object of the source, and what its owner should look at."""
        with context.source.connect() as source, context.target.connect() as target:
            notes = [*_notes(source, context.objects), *extension_rows.items(source, context)]
            notes += foresee.blockers(source, target.info.server_version, context)
            hidden = readable.hidden(source) if context.kind == "supabase" else []
        if not context.objects and (empty := _nothing(context)):
            return [empty]
        why = platform.why()
        unseen = [Item(self.name, "table", name, "reported", why, of_platform=True) for name in hidden]
        return [*(one.item for one in context.objects), *unseen, *notes]

    def run(self, context: Context) -> None:
        """Make what is missing."""
        done = context.journal.done(self.name)
        wanted = [one for one in context.objects if one.carried and not one.after_rows]
        left = [one for one in wanted if one.key not in done]
        with hand.hands(context) as sessions:
            if context.kind == "supabase":
                shims.make(sessions.superuser)
            progress = Sum(context, self.name, "objects", len(wanted), len(wanted) - len(left))
            make(context, sessions, self.name, left, progress)
        # Before the rows: what computes while they come does so with its owner's rights.
        rights.converge(context)
        hand.let_work(context)

    def sync_final(self, context: Context) -> None:
        """Objects do not change during a migration: a run whose source has other objects is refused."""

    def verify(self, context: Context) -> Sequence[Finding]:
        """Each object is there, with the same definition."""
        return [*differences.findings(context), *additions.findings(context), *shims.findings(context)]


def _nothing(context: Context) -> Item | None:
    """What is told of a database that holds nothing; None where it has large objects, which are no entries."""
    with context.source.connect() as source:
        row = source.execute("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)").fetchone()
        if row and row[0]:
            return None
        others = source.execute(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> current_database()"
            " ORDER BY 1"
        ).fetchall()
    fix = _("Is it the right database? The server has these as well: {names}")
    names = ", ".join(str(name) for (name,) in others) or "–"
    name = context.source.address.database
    return Item(fates.STEP, "database", name, "blocker", _("There is nothing in it to move."), fix.format(names=names))


def make(
    context: Context,
    sessions: hand.Hands,
    step: str,
    left: Sequence[DecidedEntry],
    told: Callable[[int], None],
) -> None:
    """Run the statements of entries in their order, each marked in the same commit; `told` is told how many more."""
    by_superuser = True
    for by_hand, batch in _batches(left, sessions.made_by_hand):
        if by_hand and by_superuser and step == fates.STEP:
            hand.let_make(context)
        by_superuser, target = not by_hand, sessions.of(by_hand)
        if not _make_at_once(context, target, step, batch):
            with target.transaction():
                for one in batch:
                    make_one(context, target, one)
                context.journal.mark_all(target, step, [one.key for one in batch])
        told(len(batch))


def _batches(
    left: Sequence[DecidedEntry], made_by_hand: Callable[[DecidedEntry], bool]
) -> Iterator[tuple[bool, list[DecidedEntry]]]:
    """In their order; an extension by itself, because it is put into its place afterwards."""
    for by_hand, run in groupby(left, made_by_hand):
        batch: list[DecidedEntry] = []
        for one in run:
            if batch and (len(batch) == _BATCH or "EXTENSION" in (one.entry.kind, batch[-1].entry.kind)):
                yield by_hand, batch
                batch = []
            batch.append(one)
        yield by_hand, batch


def _make_at_once(context: Context, target: psycopg.Connection[Any], step: str, batch: Sequence[DecidedEntry]) -> bool:
    """Many statements in one round trip; False where one of them fails, which is not known by its name here."""
    import psycopg

    if len(batch) == 1:
        return False
    try:
        with target.transaction():
            pin(target)
            target.execute("\n;\n".join(statement_of(one.entry) for one in batch))
            context.journal.mark_all(target, step, [one.key for one in batch])
    except psycopg.OperationalError:
        raise
    except psycopg.Error:
        return False
    return True


def make_one(context: Context, target: psycopg.Connection[Any], decided: DecidedEntry) -> None:
    """Run the statements of one entry; raises StackError with PostgreSQL's own words."""
    import psycopg

    statements = statement_of(decided.entry)
    try:
        with_paths(target, lambda: target.execute(statements), schema=decided.schema)
        if decided.entry.kind == "EXTENSION":
            _place_extension(target, statements)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise StackError(
            _("{kind} {name} cannot be made").format(kind=decided.entry.kind.lower(), name=decided.item.name),
            str(error).strip(),
            _("Cure it at the source, or leave it behind: --leave {name}").format(name=shlex.quote(decided.item.name)),
        ) from error


def statement_of(entry: Entry) -> str:
    """What makes an entry, in a form that may run where its schema is there already."""
    if entry.kind == "SCHEMA":
        return entry.sql.replace("CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS ", 1)
    return entry.sql


def _place_extension(target: psycopg.Connection[Any], statements: str) -> None:
    """An extension that the target had already, in the schema in which the source's objects look for it."""
    told = re.search(r'EXTENSION IF NOT EXISTS ("(?:[^"]|"")+"|\w+) WITH SCHEMA ("(?:[^"]|"")+"|\w+)', statements)
    if told is None:
        return
    row = target.execute(
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace"
        " WHERE quote_ident(extname) = %s AND extrelocatable",
        (told[1],),
    ).fetchone()
    if row and row[0] != told[2]:
        target.execute(f"ALTER EXTENSION {told[1]} SET SCHEMA {told[2]}")


def _notes(source: psycopg.Connection[Any], decided: Sequence[DecidedEntry]) -> list[Item]:
    """What is moved as it is and needs somebody's eyes."""
    moved = {one.item.name for one in decided if one.item.fate == "moved"}
    notes = []
    for name, body in source.execute(_BODIES).fetchall():
        if name in moved and (called := sorted({match[0] for match in _ELSEWHERE.finditer(body)})):
            why = _("It calls {names}, which is not there any more.").format(names=", ".join(called))
            notes.append(Item(fates.STEP, "function body", name, "reported", why, _("Write it anew after the move.")))
    for (name,) in source.execute(_VIEWS_PAST_RLS).fetchall():
        if name in moved:
            why = _("It shows auth.users with its owner’s rights, to everybody who may read it.")
            notes.append(Item(fates.STEP, "view past row security", name, "reported", why))
    for one in decided:
        if one.entry.kind == "POLICY" and one.carried and (claims := sorted(set(_CLAIMS.findall(one.entry.sql)))):
            why = _("It asks for claims that your app must set: {names}.").format(names=", ".join(claims))
            notes.append(Item(fates.STEP, "policy’s claims", one.item.name, "reported", why))
    return notes
