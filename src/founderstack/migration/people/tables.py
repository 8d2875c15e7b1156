"""Better Auth's tables at the target: where they are, what they can hold, and whom they keep out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.migration.database.roles import PEOPLE_FOLLOWER
from founderstack.migration.people.rules import Shape
from founderstack.model.sql import identifier
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

LEDGER = "founder_migration.person"
"""Everybody who was moved, by id."""
HELD = "founder_migration.held_person"

# As Better Auth's own generator writes them, with the columns of its plugins for two factors, phone numbers, anonymous
# people and admins, so that nothing of what is known about anybody is lost. Its own migration adds what else it wants.
_USER = (
    ("id", "uuid primary key default pg_catalog.gen_random_uuid()"),
    ("name", "text not null"),
    ("email", "text not null unique"),
    ("emailVerified", "boolean not null"),
    ("image", "text"),
    ("createdAt", "timestamptz not null default current_timestamp"),
    ("updatedAt", "timestamptz not null default current_timestamp"),
    ("twoFactorEnabled", "boolean"),
    ("phoneNumber", "text unique"),
    ("phoneNumberVerified", "boolean"),
    ("isAnonymous", "boolean"),
    ("role", "text"),
    ("banned", "boolean"),
    ("banReason", "text"),
    ("banExpires", "timestamptz"),
    ("userMetadata", "jsonb"),
    ("appMetadata", "jsonb"),
    ("invitedAt", "timestamptz"),
    ("lastSignInAt", "timestamptz"),
)
_REFERENCE = 'uuid not null references {schema}."user" ("id") on delete cascade'
_ACCOUNT = (
    ("id", "uuid primary key default pg_catalog.gen_random_uuid()"),
    ("accountId", "text not null"),
    ("providerId", "text not null"),
    ("userId", _REFERENCE),
    ("accessToken", "text"),
    ("refreshToken", "text"),
    ("idToken", "text"),
    ("accessTokenExpiresAt", "timestamptz"),
    ("refreshTokenExpiresAt", "timestamptz"),
    ("scope", "text"),
    ("password", "text"),
    ("createdAt", "timestamptz not null default current_timestamp"),
    ("updatedAt", "timestamptz not null"),
)
_SESSION = (
    ("id", "uuid primary key default pg_catalog.gen_random_uuid()"),
    ("expiresAt", "timestamptz not null"),
    ("token", "text not null unique"),
    ("createdAt", "timestamptz not null default current_timestamp"),
    ("updatedAt", "timestamptz not null"),
    ("ipAddress", "text"),
    ("userAgent", "text"),
    ("userId", _REFERENCE),
    ("impersonatedBy", "text"),
)
_MADE = "Made by founder migrate"
FULL = Shape(frozenset(name for name, _type in _USER), frozenset(name for name, _type in _ACCOUNT))

# No session begins for a person who is held, whichever way they come: a password, a link by mail, a provider.
_HOLD = f"""
CREATE TABLE IF NOT EXISTS {HELD} (id uuid PRIMARY KEY, why text NOT NULL);
CREATE OR REPLACE FUNCTION founder_migration.refuse_held() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM {HELD} WHERE id = NEW."userId"::uuid) THEN
        RAISE EXCEPTION 'This account waits for its owner to be checked.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
ALTER FUNCTION founder_migration.refuse_held() OWNER TO {PEOPLE_FOLLOWER};
"""


@dataclass(frozen=True)
class Tables:
    """Where people are kept."""

    schema: str
    """As SQL writes it."""
    shape: Shape
    there: bool
    """False where the migration has to make them."""
    sessions: bool = True
    """False where the app keeps its sessions elsewhere, so that nobody can be held."""


def find(connection: psycopg.Connection[Any], taken: Iterable[str] = ()) -> Tables:
    """The app's tables, or where they will be made.

    `taken` are tables of the source's schema public, which may want the same names.
    """
    columns = _columns(connection)
    schemas = sorted(
        {schema for schema, table in columns if _is_ours(columns, schema)}, key=lambda name: name != "public"
    )
    if schemas:
        schema = schemas[0]
        shape = Shape(columns[schema, "user"], columns[schema, "account"])
        return Tables(identifier(schema), shape, True, "token" in columns.get((schema, "session"), ()))
    names = {"user", "account", "session"}
    free = not names & set(taken) and not any((("public", name) in columns) for name in names)
    return Tables("public" if free else "better_auth", FULL, False)


def make(connection: psycopg.Connection[Any], tables: Tables, owner: str) -> None:
    """Make the tables where there are none, and what keeps held people out. Safe to call again."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS founder_migration")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {LEDGER} (id uuid PRIMARY KEY)")
    _make_follower(connection, owner)
    connection.execute(_HOLD)
    # The app may ask who is held, to say so in words of its own; only the founder lets somebody in.
    connection.execute(f"GRANT USAGE ON SCHEMA founder_migration TO {identifier(owner)}")
    connection.execute(f"GRANT SELECT ON {HELD} TO {identifier(owner)}")
    if not tables.there:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {tables.schema}")
        if tables.schema != "public":
            connection.execute(f"ALTER SCHEMA {tables.schema} OWNER TO {identifier(owner)}")
        for name, columns in (("user", _USER), ("account", _ACCOUNT), ("session", _SESSION)):
            body = ", ".join(f'"{column}" {kind.format(schema=tables.schema)}' for column, kind in columns)
            connection.execute(f'CREATE TABLE {tables.schema}."{name}" ({body})')
            connection.execute(f'ALTER TABLE {tables.schema}."{name}" OWNER TO {identifier(owner)}')
            connection.execute(f"COMMENT ON TABLE {tables.schema}.\"{name}\" IS '{_MADE}'")
        for name in ("account", "session"):
            connection.execute(f'CREATE INDEX "{name}_userId_idx" ON {tables.schema}."{name}" ("userId")')
    if not tables.sessions:
        return
    connection.execute(
        f'CREATE OR REPLACE TRIGGER founder_held_people BEFORE INSERT ON {tables.schema}."session"'
        " FOR EACH ROW EXECUTE FUNCTION founder_migration.refuse_held()"
    )


def strangers(connection: psycopg.Connection[Any], tables: Tables, emails: Sequence[str], ids: Sequence[str]) -> int:
    """How many people are there who were not moved and have one of these addresses or ids."""
    if not tables.there:
        return 0
    ours = (
        f"AND NOT EXISTS (SELECT FROM {LEDGER} AS l WHERE l.id::text = u.id::text)"
        if table_exists(connection, LEDGER)
        else ""
    )
    row = connection.execute(
        f'SELECT count(*) FROM {tables.schema}."user" AS u WHERE (u.email = ANY(%s) OR u.id::text = ANY(%s)) {ours}',
        (list(emails), list(ids)),
    ).fetchone()
    assert row is not None
    return int(row[0])


def held(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Who may not get in, and why, by id."""
    if not table_exists(connection, HELD):
        return {}
    return dict(connection.execute(f"SELECT id::text, why FROM {HELD}").fetchall())


def moved(connection: psycopg.Connection[Any]) -> int:
    """How many people have been moved so far."""
    row = connection.execute(f"SELECT count(*) FROM {LEDGER}").fetchone() if table_exists(connection, LEDGER) else (0,)
    assert row is not None
    return int(row[0])


def open_doors(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Take away what keeps held people out, and who was moved."""
    if tables.there and tables.sessions:
        connection.execute(f'DROP TRIGGER IF EXISTS founder_held_people ON {tables.schema}."session"')
    connection.execute("DROP FUNCTION IF EXISTS founder_migration.refuse_held()")
    connection.execute(f"DROP TABLE IF EXISTS {LEDGER}, {HELD}")


def drop_made(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Drop the tables where `make` made them and nobody is in them."""
    said = "SELECT obj_description(to_regclass(%s), 'pg_class') = %s AND NOT EXISTS (SELECT FROM {})"
    user = f'{tables.schema}."user"'
    if not table_exists(connection, user):
        return
    row = connection.execute(said.format(user), (user, _MADE)).fetchone()
    if row and row[0]:
        connection.execute(f'DROP TABLE IF EXISTS {tables.schema}."session", {tables.schema}."account", {user}')


def release(connection: psycopg.Connection[Any], tables: Tables, email: str) -> bool:
    """Let one person in again, without the second factor that they had; False where nobody of this address is held."""
    found = connection.execute(
        f'DELETE FROM {HELD} AS h USING {tables.schema}."user" AS u'
        " WHERE h.id::text = u.id::text AND u.email = lower(%s) RETURNING h.id::text",
        (email,),
    ).fetchone()
    if found and "twoFactorEnabled" in tables.shape.user:
        statement = f'UPDATE {tables.schema}."user" SET "twoFactorEnabled" = false WHERE id::text = %s'
        connection.execute(statement, (found[0],))
    return found is not None


def _make_follower(connection: psycopg.Connection[Any], owner: str) -> None:
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (PEOPLE_FOLLOWER,)).fetchone() is None:
        connection.execute(f"CREATE ROLE {PEOPLE_FOLLOWER} NOLOGIN BYPASSRLS")
    connection.execute(f"GRANT {identifier(owner)} TO {PEOPLE_FOLLOWER}")


def _columns(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], frozenset[str]]:
    rows = connection.execute(
        """SELECT n.nspname, c.relname, array_agg(a.attname::text)
           FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
           JOIN pg_attribute AS a ON a.attrelid = c.oid
           WHERE c.relkind IN ('r', 'p') AND c.relname IN ('user', 'account', 'session') AND a.attnum > 0
             AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           GROUP BY 1, 2"""
    ).fetchall()
    return {(schema, table): frozenset(columns) for schema, table, columns in rows}


def _is_ours(columns: Mapping[tuple[str, str], frozenset[str]], schema: str) -> bool:
    return "emailVerified" in columns.get((schema, "user"), ()) and "providerId" in columns.get((schema, "account"), ())
