"""What code in a database makes or changes there while a throw-away role works with it: refused by an event trigger.

What the role itself is told to do comes from its client; what a function does comes from within it, and PostgreSQL
says so in the context of the command. Temporary objects are nobody else's: they may be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

REFUSED = "42FS1"
"""State of the error that it raises: of a class that no client takes for a server that is away."""
FUNCTION = "refuse_code"
_TRIGGERS = {
    "founder_refuses_code": "ddl_command_end",
    "founder_refuses_drops": "sql_drop",
    "founder_refuses_refreshes": "ddl_command_start WHEN TAG IN ('REFRESH MATERIALIZED VIEW')",
}
# Whoever makes or takes away the guard does so alone; nobody but the superuser can hold this lock.
_ALONE = "LOCK TABLE pg_catalog.pg_event_trigger IN SHARE ROW EXCLUSIVE MODE"
# While a view is refreshed PostgreSQL does not tell which objects a command was about: nothing is made then, not even a
# temporary object, and no code begins to refresh one.
_MADE = """
CREATE OR REPLACE FUNCTION {schema}.refuse_code() RETURNS event_trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
    context text;
    made text;
BEGIN
    IF session_user !~ '^{roles}$' THEN
        RETURN;
    END IF;
    GET DIAGNOSTICS context = PG_CONTEXT;
    IF strpos(context, E'\\n') = 0 THEN
        RETURN;
    ELSIF TG_EVENT = 'sql_drop' THEN
        SELECT string_agg(DISTINCT concat_ws(' ', object_type, object_identity), ', ') INTO made
        FROM pg_event_trigger_dropped_objects() WHERE original AND NOT is_temporary;
    ELSIF TG_EVENT = 'ddl_command_start' OR TG_TAG IN ('REASSIGN OWNED', 'DROP OWNED')
        OR current_query() ~* '^[[:space:]]*REFRESH[[:space:]]' THEN
        made := '';
    ELSE
        SELECT string_agg(DISTINCT concat_ws(' ', object_type, object_identity), ', ') INTO made
        FROM pg_event_trigger_ddl_commands()
        WHERE schema_name IS DISTINCT FROM 'pg_temp';
    END IF;
    IF made IS NOT NULL THEN
        RAISE EXCEPTION '%', rtrim(concat_ws(' ', TG_TAG, made)) USING ERRCODE = '{state}';
    END IF;
END $guard$
"""
_SOMEBODY_LEFT = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname ~ %s)"


def stand(connection: psycopg.Connection[Any], schema: str, roles: str) -> None:
    """Let the superuser of `connection` refuse what code does in sessions of those whose names are like `roles`.

    Its function lies in `schema`, which is made where it is not there. Safe to repeat: what a killed one has left is
    replaced.
    """
    with connection.transaction():
        connection.execute(_ALONE)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(_MADE.format(schema=schema, roles=roles, state=REFUSED))
        for name, event in _TRIGGERS.items():
            connection.execute(f"DROP EVENT TRIGGER IF EXISTS {name}")
            connection.execute(f"CREATE EVENT TRIGGER {name} ON {event} EXECUTE FUNCTION {schema}.{FUNCTION}()")
            # Sessions that replicate run no other ones.
            connection.execute(f"ALTER EVENT TRIGGER {name} ENABLE ALWAYS")


def fall(connection: psycopg.Connection[Any], schema: str, roles: str) -> None:
    """Take it away when nobody like `roles` is left, and `schema` with it where nothing else is in it."""
    import psycopg

    with connection.transaction():
        connection.execute(_ALONE)
        row = connection.execute(_SOMEBODY_LEFT, (f"^{roles}$",)).fetchone()
        if row is None or row[0]:
            return
        for name in _TRIGGERS:
            connection.execute(f"DROP EVENT TRIGGER IF EXISTS {name}")
        there = connection.execute("SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s", (schema,)).fetchone()
        if there is None:
            return
        connection.execute(f"DROP FUNCTION IF EXISTS {schema}.{FUNCTION}()")
        try:
            with connection.transaction():
                connection.execute(f"DROP SCHEMA {schema} RESTRICT")
        except psycopg.errors.DependentObjectsStillExist:
            return


def refusal(error: BaseException | None) -> psycopg.Error | None:
    """The refusal that an error comes from; None where it comes from something else."""
    import psycopg

    for cause in _causes(error):
        if isinstance(cause, psycopg.Error) and cause.sqlstate == REFUSED:
            return cause
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
