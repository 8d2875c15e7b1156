"""Policies tried: what each kind of caller sees and could change, on both sides, without changing anything.

An UPDATE or a DELETE touches rows that the caller sees and that its policies allow; an INSERT must satisfy its check.
So every verb can be tried by a SELECT as that caller, which the source's read-only sessions may do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.values import Context, Finding

if TYPE_CHECKING:
    import psycopg

_LONGEST = "5s"
"""A policy that takes longer is not compared, and that is said."""
_TABLES = """
SELECT named.identity FROM pg_class AS c CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE relrowsecurity AND relkind IN ('r', 'p') AND named.identity = ANY (%s) ORDER BY 1
"""
_KEY = """
SELECT quote_ident(attname), format_type(atttypid, atttypmod) FROM pg_index AS i
JOIN pg_attribute AS a ON attrelid = indrelid AND attnum = indkey[0] JOIN pg_class AS c ON c.oid = indrelid
WHERE indrelid = %(table)s::regclass AND indisprimary AND indnkeyatts = 1 AND reltuples > 50000
"""
_TRIED = 2000
"""Rows of a large table that are tried."""
_COLUMNS = """
SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(%(role)s, attrelid, attnum, 'SELECT') ORDER BY attnum
"""
_ALLOWED = """
SELECT has_table_privilege(%(role)s, %(table)s::regclass, verb) FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS verb
"""
_POLICIES = """
SELECT polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(coalesce(polwithcheck, polqual), polrelid)
FROM pg_policy WHERE polrelid = %(table)s::regclass AND polcmd IN ('*', %(command)s)
    AND (polroles = '{0}' OR EXISTS (SELECT FROM unnest(polroles) AS one WHERE pg_has_role(%(role)s, one, 'USAGE')))
ORDER BY polname
"""
_PEOPLE = """
(SELECT id::text, email, coalesce(raw_app_meta_data, '{}') FROM auth.users WHERE deleted_at IS NULL ORDER BY id LIMIT 1)
UNION ALL
(SELECT id::text, email, coalesce(raw_app_meta_data, '{}') FROM auth.users WHERE deleted_at IS NULL
    ORDER BY created_at, id LIMIT 1)
"""
_COMMANDS = {"INSERT": "a", "UPDATE": "w", "DELETE": "d"}


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: a role, with the claims of a session."""

    role: str
    claims: str = ""
    name: str = ""


def try_policies(context: Context) -> list[Finding]:
    """One finding for each table and caller that differ, and one that says how much was tried."""
    carried = [one.item.name for one in context.objects if one.carried and one.entry.kind == "TABLE"]
    with context.source.connect() as source, context.target.connect() as target:
        callers = list(_callers(source, target))
        tables = [name for (name,) in source.execute(_TABLES, (carried,)).fetchall()]
        findings, slow = [], 0
        for table in tables:
            sample = _sample(target, table)
            for caller in callers:
                here, there = (_seen(side, table, caller, sample) for side in (target, source))
                slow += "57014" in (here[0], there[0])
                if here != there:
                    what = _("what {caller} sees and may change in {table}").format(caller=caller.name, table=table)
                    findings.append(Finding("finish", what, False, f"{there} → {here}"))
    what = _("policies tried: {tables} tables, {callers} callers, 4 verbs each").format(
        tables=len(tables), callers=len(callers)
    )
    if slow:
        what += "; " + _("{count} took too long and were not compared").format(count=slow)
    return [*findings, Finding("finish", what, not findings)]


def _callers(source: psycopg.Connection[Any], target: psycopg.Connection[Any]) -> Iterator[Caller]:
    """The roles of a Supabase project with two people among them; elsewhere the roles that policies name."""
    there = {name for (name,) in target.execute("SELECT rolname FROM pg_roles").fetchall()}
    row = source.execute("SELECT to_regclass('auth.users') IS NOT NULL").fetchone()
    if not row or not row[0]:
        named = source.execute(
            "SELECT DISTINCT rolname FROM pg_policy JOIN pg_roles ON pg_roles.oid = ANY (polroles)"
            " WHERE pg_has_role(pg_roles.oid, 'MEMBER') ORDER BY 1"
        )
        yield from (Caller(name, name=name) for (name,) in named.fetchall() if name in there)
        return
    for role in ("anon", "service_role"):
        if role in there:
            yield Caller(role, json.dumps({"role": role}), role)
    for number, (person, email, app) in enumerate(
        source.execute(_PEOPLE).fetchall() if "authenticated" in there else ()
    ):
        claims = {"sub": person, "role": "authenticated", "email": email, "aal": "aal1", "app_metadata": app}
        yield Caller("authenticated", json.dumps(claims), f"authenticated {'AB'[number]}")


def _sample(target: psycopg.Connection[Any], table: str) -> str:
    """Which rows of a large table are tried, by a key that is looked up before any policy; "" for all of them."""
    found = target.execute(_KEY, {"table": table}).fetchone()
    if found is None:
        return ""
    key, of_type = found
    keys = target.execute(f"SELECT {key}::text FROM {table} ORDER BY hashtextextended({key}::text, 0) LIMIT {_TRIED}")
    quoted = ", ".join("'" + str(one).replace("'", "''") + "'" for (one,) in keys.fetchall())
    return f" WHERE {key} = ANY (ARRAY[{quoted}]::{of_type}[])"


def _seen(connection: psycopg.Connection[Any], table: str, caller: Caller, sample: str) -> Sequence[object]:
    """(rows and hash of what is seen, the same for each verb); an error is its code, which must be the same as well."""
    import psycopg
    from psycopg import sql

    about = {"table": table, "role": caller.role}
    columns = [name for (name,) in connection.execute(_COLUMNS, about).fetchall()]
    allowed = [verb for (verb,) in connection.execute(_ALLOWED, about).fetchall()]
    filters = [_filter(connection, about, command) for command in _COMMANDS]
    row = f"hashtextextended(ROW({', '.join(columns)})::text, 0)"
    sums = ", ".join(f"count(*) FILTER (WHERE {one}), sum({row}) FILTER (WHERE {one})" for one in ("true", *filters))
    try:
        with connection.transaction():
            connection.execute("SET LOCAL row_security = on")
            connection.execute(f"SET LOCAL statement_timeout = '{_LONGEST}'")
            connection.execute("SELECT set_config('request.jwt.claims', %s, true)", (caller.claims,))
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(caller.role)))
            found = connection.execute(f"SELECT {sums} FROM {table}{sample}").fetchone()
    except psycopg.OperationalError as error:
        if error.sqlstate is None:
            raise
        return (error.sqlstate,)
    except psycopg.Error as error:
        return (str(error.sqlstate), *allowed)
    return (*columns, *allowed, *(found or ()))


def _filter(connection: psycopg.Connection[Any], about: dict[str, str], command: str) -> str:
    """Which of the rows that are seen the caller could change so, or could have put there."""
    bypasses = connection.execute("SELECT rolbypassrls FROM pg_roles WHERE rolname = %(role)s", about).fetchone()
    if bypasses and bypasses[0]:
        return "true"
    found = connection.execute(_POLICIES, {**about, "command": _COMMANDS[command]}).fetchall()
    place = 2 if command == "INSERT" else 1
    permissive = [row[place] or "true" for row in found if row[0]]
    restrictive = [row[place] or "true" for row in found if not row[0]]
    if not permissive:
        return "false"
    return " AND ".join(f"({one})" for one in (" OR ".join(f"({one})" for one in permissive), *restrictive))
