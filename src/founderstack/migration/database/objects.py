"""What the catalogues of both sides say about objects: names as PostgreSQL writes them, owners, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.migration.database.fates import SourceObject
from founderstack.migration.entries import Entry

if TYPE_CHECKING:
    import psycopg

_KNOWN = """
SELECT wanted.entry, coalesce(named.schema, home.nspname, ''), coalesce(named.identity, ''),
    coalesce(quote_ident(home.nspname) || '.' || quote_ident(relation.relname), ''),
    coalesce(pg_catalog.pg_get_userbyid(coalesce(
        CASE wanted.class WHEN 'pg_proc'::regclass THEN (SELECT proowner FROM pg_proc WHERE oid = wanted.oid)
            WHEN 'pg_namespace'::regclass THEN (SELECT nspowner FROM pg_namespace WHERE oid = wanted.oid)
            WHEN 'pg_type'::regclass THEN (SELECT typowner FROM pg_type WHERE oid = wanted.oid) END,
        relation.relowner,
        (SELECT refobjid FROM pg_shdepend AS d WHERE d.classid = wanted.class AND d.objid = wanted.oid AND deptype = 'o'
            AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())))), '')
FROM unnest(%s::int[], %s::oid[], %s::oid[]) AS wanted (entry, class, oid)
CROSS JOIN LATERAL pg_catalog.pg_identify_object(wanted.class, wanted.oid, 0) AS named
LEFT JOIN pg_class AS relation ON relation.oid = CASE wanted.class
    WHEN 'pg_class'::regclass THEN coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = wanted.oid), wanted.oid)
    WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = wanted.oid)
    WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = wanted.oid)
    WHEN 'pg_constraint'::regclass THEN (SELECT conrelid FROM pg_constraint WHERE oid = wanted.oid)
    WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = wanted.oid)
    WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = wanted.oid)
    WHEN 'pg_statistic_ext'::regclass THEN (SELECT stxrelid FROM pg_statistic_ext WHERE oid = wanted.oid)
    WHEN 'pg_publication_rel'::regclass THEN (SELECT prrelid FROM pg_publication_rel WHERE oid = wanted.oid) END
LEFT JOIN pg_namespace AS home ON home.oid = relation.relnamespace
"""

_PRESENT = """
SELECT named.identity FROM (
    SELECT 'pg_class'::regclass AS class, oid, relnamespace AS home
    FROM pg_class WHERE relkind IN ('r','p','v','m','S','f')
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
    UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type WHERE typtype IN ('d','e','r') OR
        (typtype = 'c' AND EXISTS (SELECT FROM pg_class WHERE pg_class.oid = typrelid AND relkind = 'c'))
) AS present
CROSS JOIN LATERAL pg_catalog.pg_identify_object(present.class, present.oid, 0) AS named
WHERE present.oid >= 16384
    AND home NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%%' OR nspname = 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = present.class AND objid = present.oid AND deptype = 'e')
"""

_MADE_BY = """
SELECT quote_ident(nspname), extname FROM pg_depend AS d JOIN pg_namespace AS n ON n.oid = d.objid
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE d.classid = 'pg_namespace'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
"""


def known(connection: psycopg.Connection[Any], entries: Sequence[Entry]) -> dict[int, SourceObject]:
    """Entry → what the catalogue says about its object; properties, which are no objects, are left out."""
    asked = [entry for entry in entries if entry.class_oid and entry.oid]
    rows = connection.execute(
        _KNOWN,
        ([one.id for one in asked], [one.class_oid for one in asked], [one.oid for one in asked]),
    ).fetchall()
    return {
        entry: SourceObject(schema, identity, table, owner)
        for entry, schema, identity, table, owner in rows
        if identity
    }


def present(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Names of the tables, types and functions that somebody has made in this database."""
    return frozenset(name for (name,) in connection.execute(_PRESENT).fetchall())


def schemas_of_extensions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Schema → the extension that has made it."""
    return dict(connection.execute(_MADE_BY).fetchall())


def extensions(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Names of the extensions that this server can make or has."""
    return frozenset(name for (name,) in connection.execute("SELECT name FROM pg_available_extensions").fetchall())
