"""Policies tried: what each kind of caller sees and could change, on both sides, without changing anything.

An UPDATE or a DELETE touches rows that the caller sees and that its policies allow; an INSERT must satisfy its check.
So every verb can be tried by a SELECT as that caller, which the source's read-only sessions may do. Small tables are
tried whole, large ones by the rows that `trial_rows` chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from founderstack.locale import _, joined
from founderstack.migration.context import Context
from founderstack.migration.database import hand
from founderstack.migration.database.policy_sample import PolicyTable, choose, own, people
from founderstack.migration.database.user_code import OWN_PATH, pin, was_not_found
from founderstack.migration.parallel import each
from founderstack.migration.values import Finding
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

_LONGEST = "5s"
"""A policy that takes longer is not compared, and that is said."""
_MAY = """
SELECT t.name, r.role, rolbypassrls, ARRAY(
        SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = t.name::regclass AND attnum > 0 AND NOT attisdropped
            AND has_column_privilege(r.role, attrelid, attnum, 'SELECT') ORDER BY attnum),
    ARRAY(SELECT has_table_privilege(r.role, t.name::regclass, verb)
        FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS verb)
FROM unnest(%s::text[]) AS t (name) CROSS JOIN unnest(%s::text[]) AS r (role) JOIN pg_roles ON rolname = r.role
"""
_POLICIES = """
SELECT t.name, r.role, polcmd::text, polpermissive, pg_get_expr(polqual, polrelid),
    pg_get_expr(coalesce(polwithcheck, polqual), polrelid)
FROM unnest(%s::text[]) AS t (name) CROSS JOIN unnest(%s::text[]) AS r (role)
JOIN pg_policy ON polrelid = t.name::regclass
WHERE polroles = '{0}' OR EXISTS (SELECT FROM unnest(polroles) AS one WHERE pg_has_role(r.role, one, 'USAGE'))
ORDER BY polname
"""
_COUNTED = """
SELECT count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM unnest(%(tables)s::text[], %(roles)s::text[]) AS a (name, role) JOIN pg_roles AS r ON rolname = a.role
    WHERE a.name = t.identity AND NOT rolbypassrls AND (polroles = '{0}' OR EXISTS (
        SELECT FROM unnest(polroles) AS one WHERE pg_has_role(r.oid, one, 'USAGE')))))
FROM pg_policy CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, polrelid, 0) AS t
WHERE t.identity = ANY (%(names)s)
"""
_COMMANDS = ("a", "w", "d")
"""INSERT, UPDATE and DELETE as the catalogue has them."""
_TOO_LONG = "57014"
_NO_RIGHT = "42501"

_About = tuple[Sequence[str], Sequence[bool], Sequence[str]]


@dataclass(frozen=True)
class PolicyAnswer:
    """What a caller got from one table."""

    granted: tuple[bool, ...]
    """Whether INSERT, UPDATE and DELETE are."""
    columns: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    """Rows that are seen, then those that could be inserted, updated, deleted."""
    hashes: tuple[Any, ...] = ()
    """Of the same rows."""
    refused: str = ""
    """SQLSTATE of the error that came instead of rows."""


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: a role, with the claims of a session."""

    role: str
    claims: str = ""
    name: str = ""


def try_policies(context: Context) -> list[Finding]:
    """One finding for each table and caller that differ, and one that says how much was tried."""
    carried = [one.item.name for one in context.objects if one.carried and one.entry.kind == "TABLE"]
    with context.source.connect() as source, context.hand.connect() as target:
        chosen = choose(source, target, carried)
        callers = list(_callers(source, target, chosen))
        claimed = [json.loads(caller.claims)["sub"] for caller in callers if '"sub"' in caller.claims]
        tables = own(source, target, chosen, claimed)
    answers: dict[str, dict[tuple[str, str], PolicyAnswer]] = {}

    def ask(side: str) -> None:
        looking, asking = (context.source, context.source) if side == "there" else (context.hand, somebody)
        with looking.connect() as connection:
            about = _about(connection, tables, callers)
        with asking.connect() as connection:
            answers[side] = _ask(connection, tables, callers, about)

    with hand.trying(context.target, sorted({caller.role for caller in callers})) as somebody:
        each(("there", "here"), 2, ask)
    here, there = answers["here"], answers["there"]
    findings = []
    for (table, name), answer in there.items():
        if answer != here[table, name]:
            what = _("what {caller} sees and may change in {table}").format(caller=name, table=table)
            written = _alike(answer, here[table, name])
            findings.append(Finding("finish", what, False, _difference(answer, here[table, name]), written, table))
    slow = sum(_TOO_LONG in (answer.refused, here[key].refused) for key, answer in there.items())
    with context.hand.connect() as target:
        said = _counted(target, carried, tables, [(table, one.role) for table, one in _answered(here, there, callers)])
    said = joined(": ", (said, _said(tables, callers, slow)))
    codes = [answer.refused for answer in there.values() if answer.refused]
    if failed := [code for code in codes if code not in (_TOO_LONG, _NO_RIGHT)]:
        told = _("{count} failed and say nothing (SQLSTATE {codes})")
        said = joined("; ", (said, told.format(count=len(failed), codes=", ".join(sorted(set(failed))))))
    return [*findings, Finding("finish", said, not findings, by_writing=all(one.by_writing for one in findings))]


def _alike(there: PolicyAnswer, here: PolicyAnswer) -> bool:
    """True where both gave rows, of the same columns and to somebody who may do the same: rows alone can differ."""
    shown = not there.refused and not here.refused
    return shown and (there.columns, there.granted) == (here.columns, here.granted)


def _answered(
    here: Mapping[tuple[str, str], PolicyAnswer],
    there: Mapping[tuple[str, str], PolicyAnswer],
    callers: Sequence[Caller],
) -> Iterator[tuple[str, Caller]]:
    """(table, caller) where both sides gave rows."""
    named = {caller.name: caller for caller in callers}
    for key, answer in there.items():
        if not answer.refused and not here[key].refused:
            yield key[0], named[key[1]]


def _counted(
    target: psycopg.Connection[Any],
    names: Sequence[str],
    tables: Sequence[PolicyTable],
    asked: Sequence[tuple[str, str]],
) -> str:
    """How many policies decided about rows; that of an empty table, or for nobody who was tried, did not."""
    union = " UNION ALL ".join(
        f"SELECT {place} WHERE EXISTS (SELECT FROM {table.name})" for place, table in enumerate(tables)
    )
    filled = {tables[place].name for (place,) in target.execute(union).fetchall()} if tables else set()
    asked = [one for one in asked if one[0] in filled]
    values = {"names": list(names), "tables": [one[0] for one in asked], "roles": [one[1] for one in asked]}
    every, tried = target.execute(_COUNTED, values).fetchall()[0]
    return _("{tried} of {every} policies tried").format(tried=tried, every=every)


def _said(tables: Sequence[PolicyTable], callers: Sequence[Caller], slow: int) -> str:
    what = [_("{tables} tables, {callers} callers, 4 verbs each").format(tables=len(tables), callers=len(callers))]
    for table in tables:
        if table.keys:
            what.append(_("{table} by {count} of its rows").format(table=table.name, count=len(table.keys)))
    if slow:
        what.append(_("{count} took too long and were not compared").format(count=slow))
    return joined("; ", what)


def _difference(there: PolicyAnswer, here: PolicyAnswer) -> str:
    if replace(there, hashes=()) == replace(here, hashes=()):
        return _("As many rows, but other ones.")
    return _("At the source: {there}. Here: {here}.").format(there=_told(there), here=_told(here))


def _told(answer: PolicyAnswer) -> str:
    if answer.refused:
        return _("refused (SQLSTATE {code})").format(code=answer.refused)
    seen, inserts, updates, deletes = answer.counts
    counts = _(
        "{seen} rows seen in {columns} columns; {inserts} allowed to INSERT, {updates} to UPDATE, {deletes} to DELETE"
    )
    counts = counts.format(seen=seen, columns=len(answer.columns), inserts=inserts, updates=updates, deletes=deletes)
    granted = ", ".join(verb for verb, may in zip(("INSERT", "UPDATE", "DELETE"), answer.granted, strict=True) if may)
    return joined("; ", (counts, _("granted: {verbs}").format(verbs=granted or "–")))


def _callers(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], tables: Sequence[PolicyTable]
) -> Iterator[Caller]:
    """The roles of a Supabase project with two people among them; elsewhere the roles that policies name."""
    there = {name for (name,) in target.execute("SELECT rolname FROM pg_roles").fetchall()}
    if not table_exists(source, "auth.users"):
        named = source.execute(
            "SELECT DISTINCT rolname FROM pg_policy JOIN pg_roles ON pg_roles.oid = ANY (polroles)"
            " WHERE pg_has_role(pg_roles.oid, 'MEMBER') ORDER BY 1"
        )
        yield from (Caller(name, name=name) for (name,) in named.fetchall() if name in there)
        return
    for role in ("anon", "service_role"):
        if role in there:
            yield Caller(role, json.dumps({"role": role}), role)
    if "authenticated" in there:
        for letter, (person, email, app) in zip("AB", people(source, target, tables), strict=False):
            claims = {"sub": person, "role": "authenticated", "email": email, "aal": "aal1", "app_metadata": app}
            yield Caller("authenticated", json.dumps(claims), f"authenticated {letter}")


def _about(
    connection: psycopg.Connection[Any], tables: Sequence[PolicyTable], callers: Sequence[Caller]
) -> dict[tuple[str, str], _About]:
    """(table, role) → the columns that it may read, the verbs that it is granted, the filter of each verb."""
    roles = sorted({caller.role for caller in callers})
    names = [table.name for table in tables]
    policies = connection.execute(_POLICIES, (names, roles)).fetchall()
    return {
        (name, role): (columns, allowed, _filters([one[2:] for one in policies if one[:2] == (name, role)], bypasses))
        for name, role, bypasses, columns, allowed in connection.execute(_MAY, (names, roles)).fetchall()
    }


def _ask(
    connection: psycopg.Connection[Any],
    tables: Sequence[PolicyTable],
    callers: Sequence[Caller],
    about: Mapping[tuple[str, str], _About],
) -> dict[tuple[str, str], PolicyAnswer]:
    """(table, caller) → the answer; an error is its code, which must be the same on both sides as well."""
    from psycopg import sql

    answers = {}
    for caller in callers:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL row_security = on")
            connection.execute(f"SET LOCAL statement_timeout = '{_LONGEST}'")
            connection.execute("SELECT set_config('request.jwt.claims', %s, true)", (caller.claims,))
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(caller.role)))
            for table in tables:
                columns, allowed, filters = about[table.name, caller.role]
                answers[table.name, caller.name] = _seen(connection, table, columns, filters, tuple(allowed))
    return answers


def _seen(
    connection: psycopg.Connection[Any],
    table: PolicyTable,
    columns: Sequence[str],
    filters: Sequence[str],
    granted: tuple[bool, ...],
) -> PolicyAnswer:
    import psycopg

    row = f"hashtextextended(ROW({', '.join(columns)})::text, 0)"
    sums = ", ".join(f"count(*) FILTER (WHERE {one}), sum({row}) FILTER (WHERE {one})" for one in ("true", *filters))
    said = ""
    for path in ("pg_catalog", OWN_PATH):  # a policy may call what names things without a schema
        try:
            pin(connection)
            cursor = connection.execute(
                f"SAVEPOINT one; SET LOCAL search_path = {path}, pg_temp;"
                f" SELECT {sums} FROM {table.name}{table.where}; RELEASE SAVEPOINT one"
            )
            cursor.nextset()
            cursor.nextset()
            found = cursor.fetchone() or ()
            return PolicyAnswer(granted, tuple(columns), found[0::2], found[1::2])
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            said = error.sqlstate
            connection.execute("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")
            if not was_not_found(error):
                break
    return PolicyAnswer(granted, refused=said)


def _filters(policies: Sequence[tuple[Any, ...]], bypasses: bool) -> list[str]:
    """For each verb: which of the rows that are seen the caller could change so, or could have put there."""
    return ["true" if bypasses else _filter(policies, command) for command in _COMMANDS]


def _filter(policies: Sequence[tuple[Any, ...]], command: str) -> str:
    found = [
        (permissive, check if command == "a" else using)
        for of, permissive, using, check in policies
        if of in ("*", command)
    ]
    permissive = [text or "true" for allows, text in found if allows]
    restrictive = [text or "true" for allows, text in found if not allows]
    if not permissive:
        return "false"
    return " AND ".join(f"({one})" for one in (" OR ".join(f"({one})" for one in permissive), *restrictive))
