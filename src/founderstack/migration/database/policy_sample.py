"""Which rows policies are tried with, and as whom: every row of a small table, of a large one some from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from founderstack.model.sql import literal

if TYPE_CHECKING:
    import psycopg

_WHOLE = 5000
"""Rows up to which a table is tried whole."""
_SOME = 500
"""Rows of a larger one, from each side: of random pages, and as many again of the people as whom it is tried."""
_LOOKED_FOR = "5s"
"""Longest search for rows of these people in a table that has no index for it."""

_TABLES = """
SELECT named.identity,
    (SELECT sum(greatest(one.reltuples, one.relpages)) FROM pg_class AS one
        WHERE one.oid = c.oid OR one.oid IN (SELECT relid FROM pg_partition_tree(c.oid))),
    ARRAY(SELECT quote_ident(attname) FROM unnest(indkey::int2[]) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = c.oid AND attnum = k.number ORDER BY place),
    ARRAY(SELECT format_type(atttypid, atttypmod) FROM unnest(indkey::int2[]) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = c.oid AND attnum = k.number ORDER BY place),
    ARRAY(SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND atttypid = 'uuid'::regtype ORDER BY attnum)
FROM pg_class AS c CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
LEFT JOIN pg_index ON indrelid = c.oid AND indisprimary
WHERE relrowsecurity AND relkind IN ('r', 'p') AND named.identity = ANY (%s) ORDER BY 1
"""
_PEOPLE = """
SELECT id::text, email, coalesce(raw_app_meta_data, '{}') FROM auth.users WHERE deleted_at IS NULL
ORDER BY array_position(%s::text[], id::text), id LIMIT 2
"""

Key = tuple[str, ...]


@dataclass(frozen=True)
class PolicyTable:
    """A table with policies."""

    name: str
    rows: int
    """About."""
    key: tuple[str, ...]
    """Columns of its primary key, quoted; none where it has no such key, and then it is tried whole."""
    types: tuple[str, ...]
    people: tuple[str, ...]
    """Columns, quoted, that may hold somebody's id."""
    keys: frozenset[Key] = frozenset()
    """The rows that it is tried with, none for all of them."""

    @property
    def sampled(self) -> bool:
        """True where only some rows are tried."""
        return self.rows > _WHOLE and bool(self.key)

    @property
    def where(self) -> str:
        """Clause that finds the rows by an index, before any policy is asked."""
        if not self.keys:
            return ""
        lists = [
            f"ARRAY[{', '.join(literal(key[place]) for key in sorted(self.keys))}]::{kind}[]"
            for place, kind in enumerate(self.types)
        ]
        return f" WHERE ({', '.join(self.key)}) IN (SELECT * FROM unnest({', '.join(lists)}))"


def choose(source: psycopg.Connection[Any], target: psycopg.Connection[Any], names: Sequence[str]) -> list[PolicyTable]:
    """The tables among `names` that have row security; large ones with keys of rows on random pages of both sides."""
    tables = [
        PolicyTable(name, int(rows), tuple(key), tuple(types), tuple(of_people))
        for name, rows, key, types, of_people in target.execute(_TABLES, (list(names),)).fetchall()
    ]
    return [_some(table, (source, target)) if table.sampled else table for table in tables]


def people(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], tables: Sequence[PolicyTable]
) -> list[tuple[str, str | None, Any]]:
    """(id, address, application metadata) of two people: who has rows in most tables, and who in most of the others."""
    has: dict[str, set[str]] = {}
    for table in tables:
        if not table.people:
            continue
        ids = " UNION ".join(f"SELECT {column} FROM {table.name}{table.where}" for column in table.people)
        found = target.execute(f"SELECT id::text FROM auth.users WHERE deleted_at IS NULL AND id IN ({ids})")
        for (person,) in found.fetchall():
            has.setdefault(person, set()).add(table.name)
    first = _most(has, set())
    second = _most({person: of for person, of in has.items() if person not in first}, has[first[0]] if first else set())
    return source.execute(_PEOPLE, ([*first, *second],)).fetchall()


def own(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], tables: Sequence[PolicyTable], ids: Sequence[str]
) -> list[PolicyTable]:
    """The same tables; large ones with rows of these people from both sides besides."""
    return [_of(table, (source, target), ids) if table.sampled and table.people and ids else table for table in tables]


def _most(has: dict[str, set[str]], without: set[str]) -> list[str]:
    ranked = sorted(has, key=lambda person: (-len(has[person] - without), -len(has[person]), person))
    return ranked[:1]


def _some(table: PolicyTable, sides: Iterable[psycopg.Connection[Any]]) -> PolicyTable:
    percent = min(100.0, 200.0 * _SOME / table.rows)
    return _with(table, sides, f"TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)")


def _of(table: PolicyTable, sides: Iterable[psycopg.Connection[Any]], ids: Sequence[str]) -> PolicyTable:
    listed = f"ARRAY[{', '.join(map(literal, ids))}]::uuid[]"
    return _with(table, sides, "WHERE " + " OR ".join(f"{column} = ANY ({listed})" for column in table.people))


def _with(table: PolicyTable, sides: Iterable[psycopg.Connection[Any]], which: str) -> PolicyTable:
    import psycopg

    # As the type itself writes it: a cast could be one that the table's owner made, run as the superuser.
    key = ", ".join(f"format('%s', {column})" for column in table.key)
    keys = set(table.keys)
    for side in sides:
        try:
            with side.transaction():
                side.execute(f"SET LOCAL statement_timeout = '{_LOOKED_FOR}'")
                keys |= set(side.execute(f"SELECT {key} FROM {table.name} {which} LIMIT {_SOME}").fetchall())
        except psycopg.errors.QueryCanceled:
            continue
    return replace(table, keys=frozenset(keys))
