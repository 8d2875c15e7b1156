"""Whether rows can be read at the source, and whether the target has room for them: it must be nobody's yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import platform
from founderstack.migration.values import Item, Kind
from founderstack.model.sql import identifier

if TYPE_CHECKING:
    import psycopg

STEP = "rows"

_MAY_READ = """
    has_schema_privilege(relnamespace, 'USAGE')
    AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
        ELSE has_table_privilege(c.oid, 'SELECT') END
"""
_ALL_ROWS = """
    NOT c.relrowsecurity OR c.relkind = 'S'
    OR (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user)
    OR (NOT c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE'))
"""
_UNREADABLE = f"""
SELECT named.identity, has_schema_privilege(relnamespace, 'USAGE'), {_MAY_READ}, quote_ident(n.nspname),
    n.nspname, pg_get_userbyid(relowner)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE c.relkind IN ('r', 'p', 'S') AND c.oid >= 16384 AND nspname NOT LIKE 'pg\\_%'
    AND NOT ({_MAY_READ} AND ({_ALL_ROWS}))
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
ORDER BY 1
"""


def unreadable(source: psycopg.Connection[Any], kind: Kind, user: str) -> list[Item]:
    """A blocker for each table or sequence that `user` may not read whole, with the grant that cures it."""
    return [
        _missing_right(user, row)
        for row in source.execute(_UNREADABLE).fetchall()
        if kind == "plain" or not platform.owns(row[4], row[5]) or row[0] in platform.KEPT_TABLES
    ]


def hidden(source: psycopg.Connection[Any]) -> list[str]:
    """Names of the platform's own tables that may not even be looked at; nothing of them moves."""
    return [
        name
        for name, _usage, may_read, _schema, bare, owner in source.execute(_UNREADABLE).fetchall()
        if not may_read and platform.owns(bare, owner) and name not in platform.KEPT_TABLES
    ]


def in_the_way(context: Context) -> list[Item]:
    """Rows that somebody else has put into the target. The list of an app's migrations does not count."""
    if context.journal.run() is not None:
        return []
    blockers = []
    with context.hand.connect() as target:
        names = [
            name
            for (name,) in target.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT LIKE 'pg\\_%'"
                " AND schemaname <> 'information_schema' AND tablename NOT LIKE '%schema\\_migration%'"
                " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
            ).fetchall()
        ]
        for name in names:
            row = target.execute(f"SELECT EXISTS (SELECT FROM ONLY {name})").fetchone()
            if row and row[0]:
                why = _("The target is not empty: this table holds rows.")
                fix = _("Move into a stack that nobody uses yet: a new one, or after “founder destroy”.")
                blockers.append(Item(STEP, "table", name, "blocker", why, fix))
    return blockers


def _missing_right(user: str, row: tuple[Any, ...]) -> Item:
    name, usage, select, schema, _bare, _owner = row
    user = identifier(user.partition(".")[0])
    grant = f"GRANT SELECT ON {name} TO {user};"
    if not usage:
        grant = f"GRANT USAGE ON SCHEMA {schema} TO {user}; {grant}"
    elif select:
        grant = f"ALTER ROLE {user} BYPASSRLS;"
    why = _("{user} may not read all of it.").format(user=user)
    return Item(STEP, "rows of", name, "blocker", why, _("At the source, run: {sql}").format(sql=grant))
