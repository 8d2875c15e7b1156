"""Row security policies: made for the roles as they are called at the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from founderstack.migration.database import roles
from founderstack.migration.database.canonical import canonical
from founderstack.migration.values import Kind
from founderstack.model.sql import identifier

if TYPE_CHECKING:
    import psycopg

_POLICIES = """
SELECT p.oid, named.identity, quote_ident(polname), t.identity,
    CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
        ELSE 'ALL' END,
    ARRAY(SELECT CASE one WHEN 0 THEN '' ELSE pg_get_userbyid(one) END FROM unnest(polroles) AS one ORDER BY 1),
    coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
FROM pg_policy AS p
CROSS JOIN LATERAL pg_identify_object('pg_policy'::regclass, p.oid, 0) AS named
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, polrelid, 0) AS t
"""


def statements(connection: psycopg.Connection[Any], kind: Kind) -> dict[str, str]:
    """Whole name of each policy → the statement that makes it at the target."""
    return {
        identity: " ".join(
            [
                f"CREATE POLICY {name} ON {table} AS {permissive} FOR {command} TO {', '.join(to)}",
                *([f"USING ({using})"] if using else []),
                *([f"WITH CHECK ({check})"] if check else []),
            ]
        )
        for identity, name, table, permissive, command, to, using, check in _mapped(connection, kind)
        if to
    }


def forms(connection: psycopg.Connection[Any], kind: Kind) -> frozenset[tuple[object, ...]]:
    """Each policy in all its parts, for a comparison; the target's roles are what they are (`plain`)."""
    return frozenset((*row[:5], tuple(row[5]), *map(canonical, row[6:])) for row in _mapped(connection, kind) if row[5])


def for_nobody(connection: psycopg.Connection[Any], kind: Kind) -> frozenset[str]:
    """Whole names of the policies whose every role stays behind."""
    return frozenset(row[0] for row in _mapped(connection, kind) if not row[5])


def _mapped(connection: psycopg.Connection[Any], kind: Kind) -> Iterator[tuple[Any, ...]]:
    for _oid, identity, name, table, permissive, command, to, using, check in connection.execute(_POLICIES).fetchall():
        names = ["" if not one else roles.target_name(one, kind) for one in to]
        public = ["PUBLIC"] if "" in to else []
        who = public or sorted(identifier(one) for one in names if one)
        yield identity, name, table, permissive, command, who, using, check
