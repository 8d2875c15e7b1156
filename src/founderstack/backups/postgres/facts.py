"""What to compare a restored copy with: rows, owners, rights and roles, as seen inside one snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.backups.postgres.session import ours, quoted, rows
from founderstack.locale import _
from founderstack.model.backup import DatabaseFacts, Table
from founderstack.model.sql import literal
from founderstack.world.net.row_hashes import exact, row_hash
from founderstack.world.net.throwaway_roles import PATTERN

if TYPE_CHECKING:
    import psycopg

Connection = Any

# What is compared as text must not depend on who asks.
_FORMS = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; "
    "SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET lock_timeout = '60s'; SET statement_timeout = 0; "
    "SET search_path = pg_catalog; SET constraint_exclusion = off"
)
# Each table with the names and types of its columns, by name: one that inherits may come back with another order. Last,
# whether to plan a question about it computes what somebody has made: the constants of its indexes and statistics. That
# is asked once, not table by table: each has a type that another depends on, and 20,000 by 20,000 took minutes.
_TABLES = """
SELECT n.nspname, c.relname, coalesce(array_agg(ARRAY[format('founder_row.%I', a.attname),
        CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname::text ELSE '' END]
    ORDER BY a.attname COLLATE "C") FILTER (WHERE a.attnum IS NOT NULL), '{}'),
    coalesce(array_agg(format('%I', a.attname) ORDER BY a.attname COLLATE "C")
        FILTER (WHERE a.attgenerated = ''), '{}'),
    c.oid IN (SELECT made.relation FROM pg_depend d JOIN (
            SELECT 'pg_class'::regclass::oid, indexrelid, indrelid FROM pg_index
            UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext
        ) AS made (class, oid, relation) ON (made.class, made.oid) = (d.classid, d.objid)
        WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
        AND d.refobjid >= 16384)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (pg_attribute a JOIN pg_type t ON t.oid = a.atttypid)
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
GROUP BY 1, 2, c.oid ORDER BY 1, 2
"""
# A sum does not depend on the order, and two equal rows count twice, unlike with XOR.
_ROWS = "SELECT count(*), coalesce(sum({hash}), 0) FROM ONLY {table} founder_row"
# Everything that has an owner or rights and is no extension's: kind, name, owner, and each right by itself. Not
# MAINTAIN, which owners have from PostgreSQL 17 on: a dump of an earlier one is the same there.
_OBJECTS = """
WITH thing(class, oid, kind, name, owner, acl) AS (
    SELECT 'pg_namespace'::regclass, oid, 'n', nspname::text, nspowner, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, c.relkind::text, format('%I.%I', n.nspname, c.relname), c.relowner,
        coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 'function', format('%I.%I(%s)', n.nspname, p.proname,
        pg_get_function_identity_arguments(p.oid)), p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT t.kind, t.name, pg_get_userbyid(t.owner), string_agg(right_, ',' ORDER BY right_ COLLATE "C")
FROM thing t LEFT JOIN LATERAL (
    SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee)::text END || '=' || privilege_type
        || CASE WHEN is_grantable THEN '*' ELSE '' END AS right_
    FROM aclexplode(t.acl) WHERE privilege_type <> 'MAINTAIN'
) r ON true
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = t.class AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY 1, 2, 3 ORDER BY t.kind COLLATE "C", t.name COLLATE "C"
"""
_ROLES = f"""
SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
    rolconnlimit, rolvaliduntil::text, (SELECT array_agg(format('%s%s', g.rolname, CASE WHEN m.admin_option THEN '*'
    END) ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)
FROM pg_roles r WHERE rolname !~ '^pg_' AND rolname !~ '^{PATTERN}$' ORDER BY rolname COLLATE "C"
"""
_DATABASE = """
SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit, datistemplate,
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', ''),
    coalesce(to_jsonb(d) ->> 'daticurules', '')
FROM pg_database d WHERE datname = current_database()
"""
_TABLESPACES = """
SELECT DISTINCT spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1
"""
_GRANTS = f"""
SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee)::text END, privilege_type, is_grantable
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE datname = current_database()
AND (grantee = 0 OR pg_get_userbyid(grantee) !~ '^{PATTERN}$') ORDER BY 1, 2
"""
_SETTINGS = """
SELECT coalesce(r.rolname::text, ''), unnest(s.setconfig) FROM pg_db_role_setting s
JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
LEFT JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1, 2
"""
_BATCH = 100
_COPIED = "copied:"
"""Begins a digest that was made of what COPY writes."""
COPY = "founder: restored beside the database that is used"
"""Comment of a database that is a copy: no backup holds it while its name says the same."""
REPLACED = "founder: replaced by what a restore has brought back"
"""Comment of a database that was put aside, until it is removed."""
BEGUN = 1701081714
"""Limit of connections of a copy that has no comment yet, for PostgreSQL makes a database without one: it is closed."""
COMMENT = f"""
CASE WHEN NOT datallowconn AND datconnlimit = {BEGUN} THEN '{COPY}'
ELSE coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') END
"""
"""What is said of a row of pg_database."""
COPY_ENDINGS = ("_restored", "_restoring", " rebuilding")
"""What the name of a copy ends with."""
LARGE_OBJECTS = "(large objects)"
"""Stands among the tables where a database has any."""
_LARGE = f"""
SELECT count(DISTINCT loid), coalesce(sum({row_hash(("int8send(loid::int8)", "pageno", "data"), ())}), 0)
FROM pg_largeobject
"""


def begin(connection: psycopg.Connection[Any], shared: str = "") -> tuple[str, float]:
    """Begin a transaction that sees one moment, with every table held against removal: (snapshot's name, the moment).

    The moment is that of the snapshot `shared`, where one is given; it is in seconds since the epoch, by the server's
    clock.
    """
    connection.execute(_FORMS)
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    if shared:
        connection.execute(ours(f"SET TRANSACTION SNAPSHOT {literal(shared)}"))
    ((snapshot, at),) = rows(connection, "SELECT pg_export_snapshot(), extract(epoch FROM clock_timestamp())::float8")
    tables = [table.table for table in _tables(connection)]
    for first in range(0, len(tables), _BATCH):
        batch = ", ".join(f"ONLY {name}" for name in tables[first : first + _BATCH])
        connection.execute(f"LOCK TABLE {batch} IN ACCESS SHARE MODE")
    return str(snapshot), float(at)


def large_objects(connection: psycopg.Connection[Any]) -> tuple[Table, ...]:
    """What stands for large objects among the tables, where there are any: only the superuser may read them all."""
    connection.execute("SET search_path = pg_catalog")  # what somebody has put into public may fit better
    ((count, total),) = rows(connection, _LARGE)
    return (Table(LARGE_OBJECTS, int(count), str(total)),) if count else ()


def database_facts(
    connection: psycopg.Connection[Any], large: Sequence[Table] = (), like: Sequence[Table] = ()
) -> DatabaseFacts:
    """What the connected database holds, inside the transaction that `begin` began. Reads every row once.

    Each table in the way in which `like` has it. Never as the superuser: see `makers.reading`.
    """
    ((name,),) = rows(connection, "SELECT current_database()")
    ((owner, encoding, collate, ctype, limit, template, *locale),) = rows(connection, _DATABASE)
    tables = (*_counted(connection, {table.name: table.digest for table in like}), *large)
    return DatabaseFacts(
        name=name,
        owner=owner,
        encoding=encoding,
        collate=collate,
        ctype=ctype,
        tables=tables,
        grants=tuple((who, what, bool(grantable)) for who, what, grantable in rows(connection, _GRANTS)),
        settings=tuple((role, value) for role, value in rows(connection, _SETTINGS)),
        objects=_digest(rows(connection, _OBJECTS)),
        tablespaces=tuple(name for (name,) in rows(connection, _TABLESPACES)),
        locale=(str(locale[0]), str(locale[1]), str(locale[2])),
        limit=int(limit),
        template=bool(template),
        size=int(rows(connection, "SELECT pg_database_size(current_database())")[0][0]),
    )


def roles_digest(connection: psycopg.Connection[Any]) -> str:
    """Roles, what they may and whose members they are, as one digest."""
    return _digest(rows(connection, _ROLES))


@dataclass(frozen=True)
class _Rows:
    """A table whose rows are to be counted and hashed."""

    table: str
    """Quoted, with its schema."""
    hashed: str
    """The expression of a row's hash."""
    columns: Sequence[str]
    """Those that are written, quoted."""
    runs: bool
    """True where even to plan a question about it runs code of whoever owns it."""


def _tables(connection: psycopg.Connection[Any]) -> list[_Rows]:
    """Every table."""
    return [
        _Rows(f"{quoted(schema)}.{quoted(name)}", _hash(columns), written, runs)
        for schema, name, columns, written, runs in rows(connection, _TABLES)
    ]


def _hash(columns: Sequence[tuple[str, str]]) -> str:
    values = [exact(kind, column) for column, kind in columns]
    return row_hash(
        [value for value in values if value],
        [column for (column, _kind), value in zip(columns, values, strict=True) if not value],
    )


def _counted(connection: psycopg.Connection[Any], like: Mapping[str, str]) -> list[Table]:
    """Every table, its rows counted and hashed; what only counting holds, such as indexes, is let go in between.

    `like` is name → digest of a set, whose way is taken.
    """
    wanted, counted = _tables(connection), []
    connection.execute("SAVEPOINT counting")
    for number, one in enumerate(wanted, 1):
        copied = like[one.table].startswith(_COPIED) if one.table in like else one.runs
        counted.append(_copied(connection, one) if copied else _asked(connection, one))
        if number % _BATCH == 0:
            connection.execute("ROLLBACK TO counting")
    connection.execute("ROLLBACK TO counting; RELEASE counting")
    return counted


def _asked(connection: psycopg.Connection[Any], one: _Rows) -> Table:
    ((count, total),) = rows(connection, _ROWS.format(table=one.table, hash=one.hashed))
    return Table(one.table, int(count), str(total))


def _copied(connection: psycopg.Connection[Any], one: _Rows) -> Table:
    """By COPY, which plans nothing: the server hashes faster, and runs what must not run as whoever reads all."""
    count = total = 0
    columns = f"({', '.join(one.columns)})" if one.columns else ""
    with connection.cursor().copy(ours(f"COPY {one.table} {columns} TO STDOUT (ENCODING 'SQL_ASCII')")) as copy:
        for line in copy:
            count += 1
            total += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest(), "big")
    return Table(one.table, count, f"{_COPIED}{total % 2**128:x}")


def _digest(found: list[tuple[Any, ...]]) -> str:
    return hashlib.sha256("\n".join(map(repr, found)).encode()).hexdigest()


def differences(wanted: DatabaseFacts, found: DatabaseFacts) -> tuple[str, ...]:
    """In which tables, rights or owners a restored database is not what was dumped; each in a sentence."""
    there = {table.name: table for table in found.tables}
    told = []
    for table in wanted.tables:
        now = there.get(table.name)
        if now is None:
            told.append(_("Table {name} is missing.").format(name=table.name))
        elif now.rows != table.rows:
            told.append(
                _("Table {name} has {now} rows; {dumped} were dumped.").format(
                    name=table.name, now=now.rows, dumped=table.rows
                )
            )
        elif now.digest != table.digest:
            told.append(_("The rows of table {name} are others than were dumped.").format(name=table.name))
    if wanted.objects != found.objects:
        told.append(_("Owners or rights in the database {name} are others.").format(name=wanted.name))
    if (wanted.owner, wanted.grants) != (found.owner, found.grants):
        told.append(_("The owner of the database {name}, or who may enter it, is another.").format(name=wanted.name))
    return tuple(told)
