"""What people have put into tables of an extension: it is in no dump as a table, so it is told one by one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database.fates import STEP
from founderstack.migration.values import Item

if TYPE_CHECKING:
    import psycopg

# Tables that the extension itself wants dumped, with the condition of people's rows, and tables that people have made.
_TABLES = """
SELECT named.identity, extname, coalesce(extcondition[array_position(extconfig, c.oid)], '')
FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.objid AND relkind IN ('r', 'p')
JOIN pg_extension AS e ON e.oid = d.refobjid
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    AND (c.oid = ANY (extconfig) OR relowner <> extowner)
    AND has_schema_privilege(relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    AND (NOT relrowsecurity OR (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user))
ORDER BY 1
"""
_ASIDE = frozenset({"cron.job", "cron.job_run_details", "vault.secrets", "pgsodium.key"})
"""Of a Supabase project: jobs and secrets, which come another way (`aside`), and their logs."""


def items(source: psycopg.Connection[Any], context: Context) -> list[Item]:
    """One for each such table with rows, of which none moves by itself."""
    told = []
    for name, extension, condition in source.execute(_TABLES).fetchall():
        if context.kind == "supabase" and name in _ASIDE:
            continue
        row = source.execute(f"SELECT count(*) FROM ONLY {name} {condition}").fetchone()
        if row and row[0]:
            told.append(_item(context, name, extension, row[0]))
    return told


def _item(context: Context, name: str, extension: str, count: int) -> Item:
    if name in context.options.leave:
        return Item(STEP, "rows of", name, "reported", _("You chose to leave it behind."), "", count)
    why = _("They are in a table of the extension {name}.").format(name=extension)
    fix = _("Fetch them yourself, then leave them behind: --leave {name}").format(name=shlex.quote(name))
    return Item(STEP, "rows of", name, "blocker", why, fix, count)
