"""Indexes, constraints, triggers, policies and all that is made when the rows are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import checks, hand, policies, rows, schema
from founderstack.migration.database.policy_check import try_policies
from founderstack.migration.database.user_code import schema_of, told
from founderstack.migration.entries import DecidedEntry
from founderstack.migration.parallel import Sum, each_with
from founderstack.migration.values import Finding, Item

if TYPE_CHECKING:
    import psycopg

MATERIALIZED = """
SELECT named.identity, relispopulated FROM pg_class AS c
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named WHERE relkind = 'm'
"""
_WEBHOOKS = """
SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
WHERE tgfoid = to_regproc('supabase_functions.http_request') AND tgenabled <> 'D'
"""
_TRIGGERS = """
SELECT named.identity, tgenabled::text FROM pg_trigger
CROSS JOIN LATERAL pg_identify_object('pg_trigger'::regclass, pg_trigger.oid, 0) AS named
WHERE NOT tgisinternal AND tgfoid <> coalesce(to_regproc('supabase_functions.http_request')::oid, 0)
"""

_APART = ("INDEX", "CONSTRAINT", "STATISTICS")
_WITH_ROWS = ("TABLE", "MATERIALIZED VIEW")


class Finish:
    """The step: everything that is made after the rows."""

    name = "finish"

    def plan(self, context: Context) -> Sequence[Item]:
        """Its objects are listed with the others."""
        return ()

    def run(self, context: Context) -> None:
        """Indexes and keys in parallel, largest tables first; then, in order, all that builds on them."""
        self._make(context, loads=True)
        done = context.journal.done(self.name)
        self._refresh(context, done)
        self._analyze(context, done)

    def sync_final(self, context: Context) -> None:
        """What was taken away for the rows comes back; materialized views show what the rows are now."""
        self._make(context)
        self._refresh(context, {})

    def verify(self, context: Context) -> Sequence[Finding]:
        """Policies, states of triggers, and whether materialized views are filled."""
        return [*states(context), *try_policies(context)]

    def _make(self, context: Context, *, loads: bool = False) -> None:
        """Indexes and keys first; with them the rows that may name one, and the checks that were off for the rows."""
        wanted = [one for one in context.objects if one.carried and one.after_rows]
        left = self._left(context, wanted)
        progress = Sum(context, self.name, "objects", len(wanted), len(wanted) - len(left))

        def build(sessions: hand.Hands, group: Sequence[DecidedEntry]) -> None:
            schema.make(context, sessions, self.name, group, progress)

        each_with(_apart(context, left), context.options.jobs, lambda: hand.hands(context), build)
        if loads:
            rows.load(context, naming=True)
        checks.put_back(context)
        with hand.hands(context) as sessions:
            build(sessions, self._left(context, wanted))
            for (statement,) in sessions.superuser.execute(_WEBHOOKS).fetchall():
                sessions.superuser.execute(statement)

    def _left(self, context: Context, wanted: Sequence[DecidedEntry]) -> list[DecidedEntry]:
        done = context.journal.done(self.name)
        return [one for one in wanted if one.key not in done]

    def _refresh(self, context: Context, done: dict[str, Any]) -> None:
        """Fill the materialized views that are filled at the source, in the order of their needs."""
        with context.source.connect() as source:
            filled = dict(source.execute(MATERIALIZED).fetchall())
        with context.hand.connect() as target:
            for one in context.objects:
                name, mark = one.item.name, f"refresh {one.item.name}"
                if one.carried and one.entry.kind == "MATERIALIZED VIEW" and filled.get(name) and mark not in done:
                    with target.transaction():
                        _computed(target, f"REFRESH MATERIALIZED VIEW {name}", name)
                        context.journal.mark(target, self.name, mark)

    def _analyze(self, context: Context, done: dict[str, Any]) -> None:
        """Statistics, so that the first queries are planned with what is there."""
        if "analyze" in done:
            return

        def analyze(sessions: hand.Hands, name: str) -> None:
            _computed(sessions.of_table(name), f"ANALYZE {name}", name)

        each_with(rows.wanted(context), context.options.jobs, lambda: hand.hands(context), analyze)
        with context.target.connect() as target:
            context.journal.mark(target, self.name, "analyze")


def states(context: Context) -> list[Finding]:
    """Policies, states of triggers, and whether materialized views are filled, from the catalogues of both sides."""
    with context.source.connect() as source, context.target.connect() as target:
        carried = {one.item.name for one in context.objects if one.carried}
        left = {form for form in policies.forms(source, context.kind) if form[0] in carried}
        found, names = policies.forms(target, "plain"), {form[0] for form in left}
        lost = sorted(str(form[0]) for form in left - found)
        more = sorted(str(form[0]) for form in found if form[2] in carried and form[0] not in names)
        findings = [Finding(Finish.name, name, False, _("the policy differs")) for name in lost]
        findings += [Finding(Finish.name, name, False, _("the source has no such policy")) for name in more]
        findings.append(Finding(Finish.name, _("{count} policies").format(count=len(left)), not (lost or more)))
        for what, query in (
            (_("states of {count} triggers"), _TRIGGERS),
            (_("{count} materialized views"), MATERIALIZED),
        ):
            here, there = dict(target.execute(query).fetchall()), dict(source.execute(query).fetchall())
            other = sorted(name for name, state in there.items() if name in carried and here.get(name) != state)
            other += sorted(name for name in here.keys() - there.keys() if name.rpartition(" on ")[2] in carried)
            count = sum(name in carried for name in there)
            findings.append(Finding(Finish.name, what.format(count=count), not other, ", ".join(other)))
    return findings


def _computed(target: psycopg.Connection[Any], statement: str, name: str) -> None:
    """Run a statement that calls functions of the founder's for an object of this whole name."""
    told(target, name, lambda: target.execute(statement), schema=schema_of(name))


def _apart(context: Context, left: Sequence[DecidedEntry]) -> list[list[DecidedEntry]]:
    """What can be built at the same time: each index by itself, the keys of a table together; largest tables first."""
    tables = {one.entry.id: one.item.name for one in context.objects if one.entry.kind in _WITH_ROWS}
    groups: dict[tuple[str, str], list[DecidedEntry]] = defaultdict(list)
    for one in left:
        table = next((tables[number] for number in one.entry.needs if number in tables), "")
        if one.entry.kind in _APART:
            groups[table, "" if one.entry.kind == "CONSTRAINT" else one.key].append(one)
    with context.target.connect() as target:
        names = list({table for table, _index in groups})
        sized = target.execute(
            "SELECT name, pg_table_size(to_regclass(name)) FROM unnest(%s::text[]) AS name", (names,)
        )
        sizes = {name: size or 0 for name, size in sized.fetchall()}
    return [groups[key] for key in sorted(groups, key=lambda key: (-sizes[key[0]], key))]
