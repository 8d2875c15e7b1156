"""Rows: streamed in parallel from one snapshot into empty tables, and afterwards brought over where they differ."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import checks, hand, tables
from founderstack.migration.database.readable import in_the_way
from founderstack.migration.database.streams import stream
from founderstack.migration.database.tables import Part, Table
from founderstack.migration.database.user_code import schema_of, told
from founderstack.migration.parallel import Pace, Sum, each, each_with
from founderstack.migration.values import Finding, Item
from founderstack.model.errors import StackError

if TYPE_CHECKING:
    import psycopg

    _Pair = tuple[psycopg.Connection[Any], hand.Hands]
    """A session in the source's snapshot, and those at the target, in which nothing reacts to rows."""

Answer = TypeVar("Answer")

_STUBBORN = """
SELECT format('ALTER TABLE %%s DISABLE TRIGGER %%I', t.oid, tgname),
    format('ALTER TABLE %%s ENABLE %%s TRIGGER %%I', t.oid,
        CASE tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, tgname)
FROM pg_trigger, (SELECT %(table)s::regclass AS oid) AS t
WHERE tgrelid = t.oid AND NOT tgisinternal AND tgenabled IN ('A', 'R')
UNION ALL
SELECT format('ALTER TABLE %%s DISABLE RULE %%I', t.oid, rulename),
    format('ALTER TABLE %%s ENABLE %%s RULE %%I', t.oid,
        CASE ev_enabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, rulename)
FROM pg_rewrite, (SELECT %(table)s::regclass AS oid) AS t WHERE ev_class = t.oid AND ev_enabled IN ('A', 'R')
UNION ALL
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', t.oid, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', t.oid, conname, pg_get_constraintdef(c.oid))
FROM pg_constraint AS c, (SELECT %(table)s::regclass AS oid) AS t
WHERE conrelid = t.oid AND contype = 'c' AND NOT convalidated AND conislocal
"""
"""What would still act on rows in a session that replicates: what switches each off, and back to what it was."""


class Rows:
    """The step: the rows of every table."""

    name = "rows"

    def plan(self, context: Context) -> Sequence[Item]:
        """Rows to come, and rows that the target holds already."""
        with context.source.connect() as source:
            found = tables.read(source, wanted(context), masks=_masks(context))
            counted = [(table, _count(source, table) if context.counts else None) for table in found]
        items = [Item(self.name, "rows of", table.name, "moved", count=count) for table, count in counted]
        return [*items, *in_the_way(context)]

    def run(self, context: Context) -> None:
        """Load what is not loaded, then even out what was loaded from an earlier snapshot."""
        load(context, naming=False)

    def sync_final(self, context: Context) -> None:
        """Bring over every row that is another one by now."""
        with context.source.reader() as reader:
            found = tables.read(reader, wanted(context), masks=_masks(context))
        _even_out(context, found)

    def verify(self, context: Context) -> Sequence[Finding]:
        """Count and hash of every table on both sides."""
        import psycopg

        with context.source.connect() as source:
            found = tables.read(source, wanted(context), masks=_masks(context))
        findings: list[Finding] = []
        rows: list[int] = []

        def compare(some: Sequence[Table]) -> None:
            try:
                left, right = _digests(context, some)
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
                for table in some if len(some) > 1 else ():
                    compare([table])
                if len(some) == 1:
                    why = _("it is not there with the same columns")
                    findings.append(Finding(self.name, some[0].name, False, why))
                return
            for name, (count, total) in left.items():
                rows.append(count)
                if (count, total) != right[name]:
                    counts = _("{here} rows here, {there} at the source").format(here=right[name][0], there=count)
                    findings.append(Finding(self.name, name, False, counts, by_writing=True))

        each(tables.together(found), context.options.jobs, compare)
        what = _("rows of {tables} tables: {rows} rows, counted and hashed on both sides")
        written = all(finding.by_writing for finding in findings)
        every = what.format(tables=len(found), rows=sum(rows))
        return [*findings, Finding(self.name, every, not findings, by_writing=written)]


def _digests(context: Context, some: Sequence[Table]) -> tuple[Mapping[str, tuple[int, int]], ...]:
    return _sides(
        context,
        context.source.connect,
        lambda connection, at_source: tables.digests(connection, some, at_source=at_source),
    )


def load(context: Context, *, naming: bool) -> None:
    """Rows of all tables but those that may name an index; or of those, when all indexes are made."""
    with context.source.reader() as reader:
        found = [one for one in tables.read(reader, wanted(context), masks=_masks(context)) if one.naming == naming]
    parts = [part for table in found for part in tables.parts(table, context.options.part_mib)]
    done = context.journal.done(Rows.name)
    loaded = {name.rpartition(" ")[0] for name in done}
    fresh = [part for part in parts if part.name not in done and _same_cut(part, done, loaded)]
    if fresh:
        checks.take_off(context, wanted(context))
    progress = Sum(context, Rows.name, "bytes", sum(part.size for part in fresh))
    pace = Pace(context.clock, context.options.rate_mib_s)
    each_with(
        fresh,
        context.options.jobs,
        lambda: _pair(context),
        lambda pair, part: _load(context, pair, part, pace, progress),
    )
    early = {name.rpartition(" ")[0] for name, detail in done.items() if detail["snapshot"] != _mark(context)}
    _even_out(context, [table for table in found if table.name in early])


def _even_out(context: Context, found: Sequence[Table]) -> None:
    progress = Sum(context, Rows.name, "bytes", sum(table.size for table in found), detail=_("comparing"))
    cleared = RowsCleared(context)
    each(found, context.options.jobs, lambda table: even_out(context, table, cleared, progress))


def wanted(context: Context) -> list[str]:
    """Whole names of the tables whose rows come."""
    return [one.item.name for one in context.objects if one.carried and one.entry.kind == "TABLE"]


class RowsCleared:
    """Takes publications and checks away, once, before the first row is replaced; `finish` makes them again.

    A table without a replica identity cannot lose a row while its deletions are published, and a check may ask for
    rows of a table that comes later.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._done:
                checks.take_off(self._context, wanted(self._context))
                self._drop()
            self._done = True

    def _drop(self) -> None:
        found = [one for one in self._context.objects if one.carried and one.entry.kind.startswith("PUBLICATION")]
        with self._context.target.connect() as target, target.transaction():
            for one in found:
                if one.entry.kind == "PUBLICATION":
                    target.execute(f"DROP PUBLICATION IF EXISTS {one.item.name}")
            self._context.journal.forget(target, "finish", [one.key for one in found])


def even_out(context: Context, table: Table, before: Callable[[], None], progress: Callable[[int], None]) -> int:
    """Make the target's rows those of the snapshot, touching only groups that differ; returns how many groups did."""
    left, right = _sides(
        context,
        context.source.reader,
        lambda connection, at_source: tables.fingerprint(connection, table, table.buckets, at_source=at_source),
    )
    groups = sorted(group for group in left.keys() | right.keys() if left.get(group) != right.get(group))
    if groups:
        before()
    with hand.quiet(context, table.name) as target, target.transaction():
        if groups:
            told(target, table.name, lambda: _replace(context, target, table, groups), schema=schema_of(table.name))
            if tables.fingerprint(target, table, table.buckets, at_source=False) != left:
                raise _differs_still(table)
        for part in tables.parts(table, context.options.part_mib):
            context.journal.mark(target, Rows.name, part.name, {"snapshot": _mark(context)})
    progress(table.size)
    return len(groups)


def _replace(context: Context, target: psycopg.Connection[Any], table: Table, groups: Iterable[int]) -> None:
    chosen = f"& {table.buckets - 1} IN ({', '.join(map(str, groups))})"
    stubborn = target.execute(_STUBBORN, {"table": table.name}).fetchall()
    for off, _on in stubborn:
        target.execute(off)
    target.execute(f"DELETE FROM ONLY {table.name} WHERE {table.hashed(at_source=False)} {chosen}")
    where = f" WHERE {table.hashed(at_source=True)} {chosen}"
    with context.source.reader() as reader:
        stream(reader, target, table, where, lambda size: None)
    for _off, on in stubborn:
        target.execute(on)


def _differs_still(table: Table) -> StackError:
    return StackError(
        _("{table} still differs after it was brought over").format(table=table.name),
        _("Something at the target changes its rows while they arrive."),
        _("Stop whatever writes to the target, then run the same command again."),
    )


@contextmanager
def _pair(context: Context) -> Iterator[_Pair]:
    with context.source.reader() as reader, hand.hands(context, quiet=True) as target:
        yield reader, target


def _load(context: Context, pair: _Pair, part: Part, pace: Pace, progress: Callable[[int], None]) -> None:
    """One part in one commit, with its mark. A table that is loaded whole needs no cleaning up afterwards (FREEZE)."""
    reader, target = pair[0], pair[1].of_table(part.table.name)
    whole = part.count == 1

    def copied() -> int:
        # Rolled back, so that the source's table is locked no longer than it is read.
        with reader.transaction(force_rollback=True):
            if whole:
                target.execute(f"TRUNCATE ONLY {part.table.name}")
            return stream(reader, target, part.table, part.where, pace.spend, freeze=whole)

    name = part.table.name
    with target.transaction():
        # A computed column or the check of a domain may call a function of the founder's.
        rows = told(target, _("rows of {table}").format(table=name), copied, schema=schema_of(name))
        context.journal.mark(target, Rows.name, part.name, {"snapshot": _mark(context), "rows": rows})
    progress(part.size)


def _sides(
    context: Context, opened: Callable[[], Any], ask: Callable[[psycopg.Connection[Any], bool], Answer]
) -> tuple[Answer, Answer]:
    """What the source and the target answer, asked at the same time."""
    found: dict[str, Answer] = {}

    def side(name: str) -> None:
        with opened() if name == "source" else context.hand.connect() as connection:
            found[name] = ask(connection, name == "source")

    each(("source", "target"), 2, side)
    return found["source"], found["target"]


def _mark(context: Context) -> str:
    """Names the snapshot of this run in the journal: another run has another one."""
    return f"{context.source.snapshot_name} {context.run_id}"


def _same_cut(part: Part, done: Iterable[str], loaded: Iterable[str]) -> bool:
    """False where the table was loaded in other parts than it has now: then it is evened out instead."""
    return part.table.name not in loaded or any(
        name.startswith(f"{part.table.name} ") and name.endswith(f"/{part.count}") for name in done
    )


def _masks(context: Context) -> bool:
    return context.kind == "supabase"


def _count(source: psycopg.Connection[Any], table: Table) -> int:
    row = source.execute(f"SELECT count(*) FROM ONLY {table.name}").fetchone()
    return int(row[0]) if row else 0
