"""Expressions that will be computed at the target, computed at the source beforehand: a few rows, as the run does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database.user_code import cure, schema_of, was_not_found, why, with_paths
from founderstack.migration.values import Item

if TYPE_CHECKING:
    import psycopg

_LONGEST = "3s"
_PINNED_SINCE = 170000
"""From this version on an index and a materialized view are computed under a search_path of their own."""

_CALLED = """
ARRAY(SELECT DISTINCT p.oid::regprocedure::text FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.refobjid
    WHERE d.classid = one.class AND d.objid = one.id AND d.refclassid = 'pg_proc'::regclass AND p.oid >= 16384
        AND NOT coalesce(array_to_string(proconfig, ' ') ~ 'search_path=', false)
        AND NOT EXISTS (SELECT FROM pg_depend AS e
            WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'))
"""
_COMPUTED = f"""
SELECT one.kind, one.name, t.identity, relkind = 'm' OR one.kind = 'index', probe, {_CALLED} AS called FROM (
    SELECT 'generated column' AS kind, quote_ident(attname) AS name, adrelid AS relation,
        'pg_attrdef'::regclass AS class, d.oid AS id, pg_get_expr(adbin, adrelid) AS probe
    FROM pg_attrdef AS d JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE attgenerated <> ''
    UNION ALL SELECT 'check constraint', quote_ident(conname), conrelid, 'pg_constraint'::regclass, oid,
        pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0
    UNION ALL SELECT 'domain', format_type(t.oid, NULL), attrelid, 'pg_constraint'::regclass, c.oid,
        format('%%I::%%s::%%s', attname, format_type(typbasetype, t.typtypmod), format_type(t.oid, NULL))
    FROM pg_constraint AS c JOIN pg_type AS t ON t.oid = contypid
    JOIN pg_attribute ON atttypid = t.oid AND NOT attisdropped WHERE contype = 'c'
    UNION ALL SELECT 'index', i.identity, indrelid, 'pg_class'::regclass, indexrelid,
        concat_ws(', ', pg_get_expr(indexprs, indrelid), pg_get_expr(indpred, indrelid))
    FROM pg_index CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, indexrelid, 0) AS i
    WHERE indexprs IS NOT NULL OR indpred IS NOT NULL
    UNION ALL SELECT 'partition key', '', partrelid, 'pg_class'::regclass, partrelid, pg_get_expr(partexprs, partrelid)
    FROM pg_partitioned_table WHERE partexprs IS NOT NULL
    UNION ALL SELECT 'materialized view', '', ev_class, 'pg_rewrite'::regclass, pg_rewrite.oid,
        rtrim(pg_get_viewdef(ev_class), ';')
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relkind = 'm' AND relispopulated
) AS one JOIN pg_class AS c ON c.oid = relation
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, relation, 0) AS t
WHERE t.identity = ANY (%s) ORDER BY 1, 3, 2
"""


def blockers(source: psycopg.Connection[Any], target_version: int, context: Context) -> list[Item]:
    """One for each expression that no search_path of the run makes work."""
    carried = [one.item.name for one in context.objects if one.carried]
    items = []
    for kind, name, table, pins, probe, called in source.execute(_COMPUTED, (carried,)).fetchall():
        if kind != "materialized view" and not called:
            continue
        query = f"({probe}) AS probe" if kind == "materialized view" else f"{table}"
        what = "*" if kind == "materialized view" else f"ROW({probe})::text"
        pinned_only = pins and target_version >= _PINNED_SINCE
        said = _fails(source, f"SELECT {what} FROM {query} LIMIT 20", schema_of(table), pinned_only=pinned_only)
        if said:
            reason = _("It is computed while it moves, and that fails: {said}").format(said=said)
            whole = f"{table}.{name}" if kind == "generated column" else table if not name else f"{name} ({table})"
            items.append(Item("schema", kind, whole, "blocker", reason, cure(called)))
    return items


def needing_a_path(source: psycopg.Connection[Any], tables: Sequence[str]) -> set[str]:
    """Those of the tables where a row may be written only under a search_path: something computed for it calls a
    function that has none of its own.
    """
    found = source.execute(_COMPUTED, (list(tables),)).fetchall()
    return {table for kind, _name, table, _pins, _probe, called in found if called}


def _fails(source: psycopg.Connection[Any], probe: str, schema: str, *, pinned_only: bool) -> str:
    """PostgreSQL's words where something is not found under any path; "" where it works, or for other reasons not."""
    import psycopg

    with source.transaction(force_rollback=True):
        source.execute(f"SET LOCAL statement_timeout = '{_LONGEST}'")
        try:
            with_paths(source, _asked(source, probe), schema=schema, pinned_only=pinned_only)
        except psycopg.errors.QueryCanceled:
            return ""
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            return why(error) if was_not_found(error) else ""
    return ""


def _asked(source: psycopg.Connection[Any], probe: str) -> Callable[[], object]:
    return lambda: source.execute(probe).fetchall()
