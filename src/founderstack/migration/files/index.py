"""Which stored objects there are, at the source and in `storage.files`, the index that the app reads at the target."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.migration.files.keys import key_of
from founderstack.model.sql import identifier
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

    from founderstack.migration.files.upload_target import StoredUpload

INDEX = "storage.files"

# An object whose path goes on in another object's cannot be a file: its name is a folder's.
_OBJECTS = """
WITH folders AS (
  SELECT DISTINCT bucket_id, array_to_string(parts[1:n], '/') AS name
  FROM (SELECT bucket_id, string_to_array(name, '/') AS parts FROM storage.objects) AS split,
       generate_series(1, cardinality(parts) - 1) AS n
)
SELECT o.id::text, o.bucket_id, o.name, folders.name IS NOT NULL,
       coalesce(to_jsonb(o) ->> 'version', o.updated_at::text), o.metadata, (to_jsonb(o) -> 'user_metadata')::text
FROM storage.objects AS o LEFT JOIN folders ON folders.bucket_id = o.bucket_id AND folders.name = o.name
WHERE o.bucket_id IS NOT NULL AND o.name IS NOT NULL
  AND (to_jsonb(o) ->> 'archived_at') IS NULL AND (to_jsonb(o) ->> 'is_delete_marker') IS DISTINCT FROM 'true'
ORDER BY o.bucket_id COLLATE "C", o.name COLLATE "C"
"""
_TABLE = f"""
CREATE SCHEMA IF NOT EXISTS storage;
CREATE TABLE IF NOT EXISTS {INDEX} (
    object_id uuid PRIMARY KEY, bucket_id text NOT NULL, name text NOT NULL, key text NOT NULL UNIQUE,
    content_type text NOT NULL, cache_control text, user_metadata jsonb, bytes bigint, sha256 text,
    copied_at timestamptz, source_bytes bigint, source_etag text, source_mark text NOT NULL, problem text,
    UNIQUE (bucket_id, name)
);
COMMENT ON TABLE {INDEX} IS 'Where the bytes of storage.objects lie: `key` below FILES_DIR, or in the stack''s bucket.';
ALTER TABLE {INDEX} ENABLE ROW LEVEL SECURITY;
"""
_SEEN_BY_ALL = f"""
DO $do$ BEGIN
    IF to_regclass('storage.objects') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_policy WHERE polrelid = '{INDEX}'::regclass)
    THEN
        CREATE POLICY "Whoever sees an object sees where it lies" ON {INDEX} FOR SELECT
            USING (EXISTS (SELECT FROM storage.objects AS o WHERE o.id = object_id));
    END IF;
    IF to_regrole('anon') IS NOT NULL THEN GRANT SELECT ON {INDEX} TO anon; END IF;
    IF to_regrole('authenticated') IS NOT NULL THEN GRANT SELECT ON {INDEX} TO authenticated; END IF;
END $do$;
"""
_COLUMNS = (
    "object_id",
    "bucket_id",
    "name",
    "key",
    "content_type",
    "cache_control",
    "user_metadata",
    "source_bytes",
    "source_etag",
    "source_mark",
)


@dataclass(frozen=True)
class StoredFile:
    """One object of the source."""

    object_id: str
    bucket_id: str
    name: str
    key: str
    content_type: str
    cache_control: str | None
    user_metadata: str | None
    """As the exact text of the source's jsonb."""
    source_bytes: int | None
    """Its size as the source's row says, None where the row does not know."""
    source_etag: str | None
    source_mark: str
    """Changes with the content."""

    @property
    def path(self) -> str:
        """How the report calls it."""
        return f"{self.bucket_id}/{self.name}"

    @property
    def md5(self) -> str | None:
        """The digest of its bytes that the source gives, None for an object that was uploaded in parts."""
        return self.source_etag if self.source_etag and len(self.source_etag) == 32 else None


@dataclass(frozen=True)
class IndexRow:
    """One row of the index, with the object that it is about."""

    file: StoredFile
    bytes: int | None
    sha256: str | None
    problem: str | None


def objects(connection: psycopg.Connection[Any]) -> Iterator[StoredFile]:
    """Every object of the source in the order of bucket and name; `connection` must be in a transaction."""
    with connection.cursor(name="objects") as cursor:
        cursor.itersize = 1000
        for row in cursor.execute(_OBJECTS):
            yield _stored_file(*row)


def names(connection: psycopg.Connection[Any], bucket: str) -> Iterator[str]:
    """The names in one bucket; `connection` must be in a transaction."""
    with connection.cursor(name="names") as cursor:
        cursor.itersize = 5000
        found = cursor.execute(
            'SELECT name FROM storage.objects WHERE bucket_id = %s ORDER BY name COLLATE "C"', (bucket,)
        )
        for row in found:
            yield row[0]


def make(connection: psycopg.Connection[Any], owner: str) -> None:
    """Make the index where there is none. Safe to call again."""
    connection.execute(_TABLE)
    connection.execute(f"ALTER TABLE {INDEX} OWNER TO {identifier(owner)}")
    connection.execute(_SEEN_BY_ALL)


def there(connection: psycopg.Connection[Any]) -> bool:
    """True where the target has an index."""
    return table_exists(connection, INDEX)


def merge(connection: psycopg.Connection[Any], files: Iterator[StoredFile]) -> list[str]:
    """Make the index name exactly these objects; the keys under which nothing belongs any more.

    What has changed counts as not copied. One transaction of the caller's.
    """
    _stage(connection, files)
    listed = ", ".join(_COLUMNS)
    # What has to be copied anew gives up its place first: two objects may have changed names with each other.
    stale = connection.execute(
        f"""DELETE FROM {INDEX} AS f WHERE NOT EXISTS (SELECT FROM wanted AS w WHERE w.object_id = f.object_id
            AND (w.source_mark, w.key, w.bucket_id, w.name) = (f.source_mark, f.key, f.bucket_id, f.name))
            RETURNING f.key"""
    ).fetchall()
    rest = [column for column in _COLUMNS if column != "object_id"]
    connection.execute(
        f"""INSERT INTO {INDEX} AS f ({listed}) SELECT {listed} FROM wanted
            ON CONFLICT (object_id) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in rest)}
            WHERE ({", ".join(f"f.{column}" for column in rest)})
            IS DISTINCT FROM ({", ".join(f"excluded.{column}" for column in rest)})"""
    )
    kept = {row[0] for row in connection.execute("SELECT key FROM wanted").fetchall()} if stale else set()
    return [row[0] for row in stale if row[0] not in kept]


def unequal(connection: psycopg.Connection[Any], files: Iterator[StoredFile]) -> tuple[int, list[str]]:
    """How many objects the source has, and the paths of those that only one side has or that differ.

    In a transaction of the caller's, which is rolled back.
    """
    connection.execute("SET TRANSACTION READ WRITE")  # for a table of this session alone
    count = _stage(connection, files)
    compared = ", ".join(f"{{row}}.{column}" for column in _COLUMNS)
    rows = connection.execute(
        f"""SELECT coalesce(w.bucket_id || '/' || w.name, f.bucket_id || '/' || f.name)
            FROM wanted AS w FULL JOIN {INDEX} AS f USING (object_id)
            WHERE ({compared.format(row="w")}) IS DISTINCT FROM ({compared.format(row="f")}) ORDER BY 1"""
    ).fetchall()
    return count, [row[0] for row in rows]


def _stage(connection: psycopg.Connection[Any], files: Iterator[StoredFile]) -> int:
    """Put the source's objects beside the index, in `wanted`; how many."""
    listed, count = ", ".join(_COLUMNS), 0
    connection.execute(f"CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT {listed} FROM {INDEX} WITH NO DATA")
    with connection.cursor() as cursor, cursor.copy(f"COPY wanted ({listed}) FROM STDIN") as copy:
        for count, file in enumerate(files, start=1):  # noqa: B007
            copy.write_row([getattr(file, column) for column in _COLUMNS])
    connection.execute("ALTER TABLE wanted ADD PRIMARY KEY (object_id)")
    connection.execute("ANALYZE wanted")
    return count


def pending(connection: psycopg.Connection[Any], *, after: str, most: int) -> list[StoredFile]:
    """The next objects whose bytes are not here yet, in the order of their keys."""
    rows = connection.execute(
        f"""SELECT {_SELECTED} FROM {INDEX} WHERE copied_at IS NULL AND key COLLATE "C" > %s
            ORDER BY key COLLATE "C" LIMIT %s""",
        (after, most),
    ).fetchall()
    return [StoredFile(*row) for row in rows]


def indexed(connection: psycopg.Connection[Any], *, after: str, most: int) -> list[IndexRow]:
    """The next rows of the index, in the order of their keys."""
    rows = connection.execute(
        f"""SELECT bytes, sha256, problem, {_SELECTED} FROM {INDEX} WHERE key COLLATE "C" > %s
            ORDER BY key COLLATE "C" LIMIT %s""",
        (after, most),
    ).fetchall()
    return [IndexRow(StoredFile(*row[3:]), *row[:3]) for row in rows]


def copied(connection: psycopg.Connection[Any], file: StoredFile, received: StoredUpload, problem: str | None) -> None:
    """Write down that an object's bytes are here, and what is wrong with them."""
    connection.execute(
        f"UPDATE {INDEX} SET bytes = %s, sha256 = %s, problem = %s, copied_at = clock_timestamp() WHERE object_id = %s",
        (received.bytes, received.sha256, problem, file.object_id),
    )


def failed(connection: psycopg.Connection[Any], file: StoredFile, problem: str) -> None:
    """Write down why an object's bytes are not here; the next run tries again."""
    connection.execute(f"UPDATE {INDEX} SET problem = %s WHERE object_id = %s", (problem, file.object_id))


def lost(connection: psycopg.Connection[Any], file: StoredFile) -> None:
    """Write down that an object's bytes are not here any more as they came."""
    connection.execute(f"UPDATE {INDEX} SET copied_at = NULL WHERE object_id = %s", (file.object_id,))


def amount(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Bytes in the index that are here, and bytes in all."""
    row = connection.execute(
        f"""SELECT coalesce(sum(coalesce(bytes, source_bytes)) FILTER (WHERE copied_at IS NOT NULL), 0)::bigint,
            coalesce(sum(coalesce(bytes, source_bytes)), 0)::bigint FROM {INDEX}"""
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


_SELECTED = ", ".join(f"{column}::text" if column in ("object_id", "user_metadata") else column for column in _COLUMNS)


def _stored_file(
    object_id: str,
    bucket: str,
    name: str,
    shadowed: bool,
    version: str | None,
    metadata: Mapping[str, Any] | None,
    user: str | None,
) -> StoredFile:
    known = metadata or {}
    etag = str(known.get("eTag") or "").strip('"') or None
    size = known.get("size", known.get("contentLength"))
    return StoredFile(
        object_id=object_id,
        bucket_id=bucket,
        name=name,
        key=key_of(bucket, name, object_id, shadowed=shadowed),
        content_type=known.get("mimetype") or mimetypes.guess_type(name)[0] or "application/octet-stream",
        cache_control=known.get("cacheControl"),
        user_metadata=None if user == "null" else user,
        source_bytes=int(size) if size is not None else None,
        source_etag=etag,
        source_mark=hashlib.sha256(json.dumps([version, etag, size]).encode()).hexdigest(),
    )
