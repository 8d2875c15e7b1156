"""Tables as they are copied and compared: their columns, their parts, and what tells that two of them are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from founderstack.migration.database import platform
from founderstack.world.net.row_hashes import exact, row_hash

if TYPE_CHECKING:
    import psycopg

_PAGE = 8192
_SMALL = 10_000
"""Rows up to which a table is compared and brought over as one."""
BUCKETS = 1024
_AT_ONCE = 50
"""Small tables in one question: as many locks as any server has to spare."""

_SAME_BYTES = (
    "bool,int2,int4,int8,float4,float8,numeric,text,varchar,bpchar,bytea,uuid,json,jsonb,"
    "date,time,timetz,timestamp,timestamptz,interval,inet,cidr,macaddr,bit,varbit,text[],int4[],int8[],uuid[]"
)
"""Types whose binary form is the same at every server, as an enum's is: it holds no number out of a catalogue.

Other tables come as text, at half the speed. Source: src/backend/utils/adt/*.c of PostgreSQL 10 to 18, *send and *recv.
"""

_TABLES = """
SELECT named.identity, pg_catalog.pg_table_size(c.oid), pg_catalog.pg_relation_size(c.oid),
    greatest(c.reltuples, 0)::bigint,
    ARRAY(SELECT ROW(quote_ident(attname), attgenerated = '',
            CASE WHEN typnamespace = 'pg_catalog'::regnamespace THEN typname ELSE '' END)
        FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum),
    to_regproc('pg_catalog.hash_record_extended') IS NOT NULL,
    NOT EXISTS (SELECT FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND typtype <> 'e' AND t.oid <> ALL (%s::regtype[]))
FROM pg_class AS c CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE c.relkind = 'r' AND named.identity = ANY (%s)
"""


@dataclass(frozen=True)
class Table:
    """A table that holds rows itself: an ordinary one, a partition, or a parent that others inherit from."""

    name: str
    """Whole and quoted."""
    size: int
    """Bytes with what lies outside of the table proper."""
    pages: int
    rows: int
    """As the source's statistics have it."""
    columns: tuple[str, ...]
    """Quoted; those that are computed are left out."""
    computed: tuple[str, ...]
    masked: tuple[str, ...] = ()
    """Columns that arrive empty."""
    exact: Mapping[str, str] = field(default_factory=dict)
    """Columns that are hashed by their value, and the expression that is: the others are hashed by their text."""
    binary: bool = False
    """True where every column may come in its binary form."""
    naming: bool = False
    """True where its rows may name an index, which must be there before them."""

    @property
    def buckets(self) -> int:
        """Groups in which its rows are compared, so that only groups with a difference are brought over again."""
        return BUCKETS if self.rows > _SMALL else 1

    def read(self, where: str = "") -> str:
        """The rows as they leave the source."""
        return f"SELECT {', '.join(self._seen(self.columns))} FROM ONLY {self.name}{where}"

    def hashed(self, *, at_source: bool) -> str:
        """Expression of a row's hash; at the target what was masked is as it arrived."""
        every = (*self.columns, *self.computed)
        if not every:
            return "0::bigint"
        texts = [one for one in every if one not in self.exact]
        values = [self.exact[one] for one in every if one in self.exact]
        return row_hash(values, self._seen(texts) if at_source else texts)

    def _seen(self, columns: Iterable[str]) -> list[str]:
        return [f"CASE WHEN {one} IS NULL THEN NULL ELSE '' END" if one in self.masked else one for one in columns]


@dataclass(frozen=True)
class Part:
    """A part of a table by its place in the source's file; the only one where `count` is 1."""

    table: Table
    number: int
    count: int

    @property
    def name(self) -> str:
        """Its name in the journal."""
        return f"{self.table.name} {self.number}/{self.count}"

    @property
    def size(self) -> int:
        """Bytes, about."""
        return self.table.size // self.count

    @property
    def where(self) -> str:
        """Which rows. The last part is open: a table may have grown since it was measured."""
        if self.count == 1:
            return ""
        first, after = (self.table.pages * place // self.count for place in (self.number - 1, self.number))
        upper = f" AND ctid < '({after},0)'::tid" if self.number < self.count else ""
        return f" WHERE ctid >= '({first},0)'::tid{upper}"


def read(connection: psycopg.Connection[Any], wanted: Sequence[str], *, masks: bool) -> tuple[Table, ...]:
    """The tables among `wanted` that hold rows, largest first."""
    rows = connection.execute(_TABLES, (f"{{{_SAME_BYTES}}}", list(wanted))).fetchall()
    splits = connection.info.server_version >= 140_000  # an older one reads the whole table for every part
    tables = [
        Table(
            name=name,
            size=size,
            pages=pages // _PAGE if splits else 0,
            rows=count,
            columns=tuple(column for column, kept, _type in columns if kept in (True, "t")),
            computed=tuple(column for column, kept, _type in columns if kept not in (True, "t")),
            masked=platform.MASKED.get(name, ()) if masks else (),
            exact=_exact(columns, platform.MASKED.get(name, ()) if masks else ()) if hashes_records else {},
            binary=binary,
            naming=any(kind in ("regclass", "_regclass") for _column, _kept, kind in columns),
        )
        for name, size, pages, count, columns, hashes_records, binary in rows
    ]
    return tuple(sorted(tables, key=lambda table: (-table.size, table.name)))


def parts(table: Table, part_mib: int) -> tuple[Part, ...]:
    """A table in parts of about `part_mib`."""
    count = max(1, min(round(table.size / (part_mib * 2**20)), table.pages or 1))
    return tuple(Part(table, number, count) for number in range(1, count + 1))


def digests(
    connection: psycopg.Connection[Any], tables: Sequence[Table], *, at_source: bool
) -> Mapping[str, tuple[int, int]]:
    """Table → (rows, sum of their hashes), of all of them in one question."""
    union = " UNION ALL ".join(
        f"SELECT {place}, count(*), coalesce(sum(hash), 0)"
        f" FROM (SELECT {table.hashed(at_source=at_source)} AS hash FROM ONLY {table.name}) AS hashed"
        for place, table in enumerate(tables)
    )
    found = connection.execute(union).fetchall() if tables else []
    return {tables[place].name: (count, int(total)) for place, count, total in found}


def fingerprint(
    connection: psycopg.Connection[Any], table: Table, buckets: int, *, at_source: bool
) -> Mapping[int, tuple[int, int]]:
    """Group → (rows, sum of their hashes). Equal on both sides where the same rows are, however often each."""
    rows = connection.execute(
        f"SELECT hash & {buckets - 1}, count(*), sum(hash)"
        f" FROM (SELECT {table.hashed(at_source=at_source)} AS hash FROM ONLY {table.name}) AS hashed GROUP BY 1"
    ).fetchall()
    return {group: (count, int(total)) for group, count, total in rows}


def together(tables: Sequence[Table]) -> list[list[Table]]:
    """The tables in groups for one question each: a large one by itself, fifty small ones together."""
    small = [table for table in tables if table.buckets == 1]
    large = [[table] for table in tables if table.buckets > 1]
    return [*large, *(small[place : place + _AT_ONCE] for place in range(0, len(small), _AT_ONCE))]


def _exact(columns: Sequence[Any], masked: Sequence[str]) -> dict[str, str]:
    return {str(name): value for name, _kept, kind in columns if name not in masked and (value := exact(kind, name))}
