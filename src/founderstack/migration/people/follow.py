"""New people of the app appear in `auth.users` too: what refers to it and what its triggers do goes on as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from founderstack.migration.database.roles import PEOPLE_FOLLOWER
from founderstack.migration.people.rules import NOWHERE
from founderstack.migration.people.tables import Tables
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

MOVING = "founder.moving"
"""A setting that is `on` while a migration writes people: they are in auth.users already."""

# Columns of auth.users that follow, with what they follow; those of an older project that are not there are left out.
_FOLLOWED = {
    "id": "NEW.id::uuid",
    "instance_id": "'00000000-0000-0000-0000-000000000000'::uuid",
    "aud": "'authenticated'",
    "role": "'authenticated'",
    "email": "NEW.email",
    "email_confirmed_at": 'CASE WHEN NEW."emailVerified" THEN now() END',
    "raw_app_meta_data": '\'{"provider": "email", "providers": ["email"]}\'::jsonb',
    "raw_user_meta_data": "jsonb_strip_nulls(jsonb_build_object('name', NEW.name, 'avatar_url', NEW.image))",
    "created_at": 'NEW."createdAt"',
    "updated_at": 'NEW."updatedAt"',
}
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION auth.follow_app() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('{MOVING}', true) = 'on' THEN
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM auth.users WHERE id = OLD.id::uuid;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO auth.users (%s) VALUES (%s) ON CONFLICT (id) DO NOTHING;
    ELSIF NEW.email NOT LIKE '%%@{NOWHERE}' THEN
        UPDATE auth.users SET email = NEW.email, updated_at = NEW."updatedAt",
            email_confirmed_at = CASE WHEN NEW."emailVerified" THEN coalesce(email_confirmed_at, now()) END
        WHERE id = NEW.id::uuid;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION auth.follow_app() FROM PUBLIC;
COMMENT ON FUNCTION auth.follow_app() IS 'Keeps auth.users in step with the app''s own people';
"""


def follow(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Make the trigger on the app's people. Safe to call again; nothing where the target has no auth.users."""
    if not table_exists(connection, "auth.users"):
        return
    columns = _followed(connection)
    connection.execute(_FUNCTION % (", ".join(columns), ", ".join(_FOLLOWED[name] for name in columns)))
    connection.execute(f"GRANT USAGE ON SCHEMA auth TO {PEOPLE_FOLLOWER}")
    connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON auth.users TO {PEOPLE_FOLLOWER}")
    connection.execute(f"ALTER FUNCTION auth.follow_app() OWNER TO {PEOPLE_FOLLOWER}")
    user = f'{tables.schema}."user"'
    connection.execute(
        f"CREATE OR REPLACE TRIGGER founder_auth_users AFTER INSERT OR DELETE ON {user}"
        " FOR EACH ROW EXECUTE FUNCTION auth.follow_app()"
    )
    connection.execute(
        f"""CREATE OR REPLACE TRIGGER founder_auth_users_changed AFTER UPDATE OF email, "emailVerified" ON {user}
            FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email
                OR OLD."emailVerified" IS DISTINCT FROM NEW."emailVerified")
            EXECUTE FUNCTION auth.follow_app()"""
    )


def unfollow(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Take the triggers away again."""
    for name in ("founder_auth_users", "founder_auth_users_changed"):
        connection.execute(f'DROP TRIGGER IF EXISTS {name} ON {tables.schema}."user"')


def catch_up(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Bring whoever signed up in the app itself into auth.users, where the final difference has evened them out."""
    if not table_exists(connection, "auth.users"):
        return
    columns = _followed(connection)
    connection.execute(
        f"""INSERT INTO auth.users ({", ".join(columns)}) SELECT {", ".join(_FOLLOWED[name] for name in columns)}
            FROM {tables.schema}."user" AS new
            WHERE NOT EXISTS (SELECT FROM auth.users AS u WHERE u.id = new.id::uuid)"""
    )


def _followed(connection: psycopg.Connection[Any]) -> list[str]:
    """Columns of auth.users that follow."""
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'auth.users'::regclass AND attnum > 0 AND NOT attisdropped"
    ).fetchall()
    return [name for (name,) in rows if name in _FOLLOWED]
