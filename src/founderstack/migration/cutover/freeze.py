"""The write freeze: nobody writes at the source while the last differences come over, and how that ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.source import APPLICATION, Source
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Clock

if TYPE_CHECKING:
    import psycopg

_GONE_WITHIN_S = 15.0
_MORE = "…"
"""Stands for sessions that were told to end and may not have ended yet."""
_OTHERS = """
FROM pg_stat_activity AS a WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
    AND coalesce(backend_type, 'client backend') = 'client backend' AND application_name <> %s
"""
"""The type of other people's sessions is hidden from whoever has no right to statistics; that they are there is not."""
_WRITING = """
    AND (backend_xid IS NOT NULL OR EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND granted
        AND locktype = 'transactionid' AND mode = 'ExclusiveLock'))
"""
"""A lock on a number of one's own: everybody may see it, where `backend_xid` is hidden."""


def freeze(source: Source, clock: Clock) -> Sequence[str]:
    """Make new sessions at the source read-only and end the others; roles whose sessions could not be ended.

    Safe to call again. Raises StackError where the signed-in role may not do it.
    """
    import psycopg

    with source.connect_to_write() as connection:
        try:
            connection.execute(_setting(connection, "SET default_transaction_read_only = on"))
        except psycopg.errors.InsufficientPrivilege as error:
            raise _not_ours(source, error) from error
        deadline = clock.monotonic() + _GONE_WITHIN_S
        # Whoever connects from now on cannot write; the loop ends those who came before.
        while (left := _end_others(connection)) == [_MORE] and clock.monotonic() < deadline:
            clock.wait(0.05)
        return left


def thaw(source: Source) -> None:
    """Let the source be written to again; safe to call again."""
    with source.connect_to_write() as connection:
        connection.execute(_setting(connection, "RESET default_transaction_read_only"))


def way_back(source: Source) -> str:
    """The statement that lets the source be written to again, for a person."""
    return f'ALTER DATABASE "{source.address.database}" RESET default_transaction_read_only;'


def writers(source: Source) -> int:
    """Transactions at the source that have written and are open, prepared ones among them."""
    prepared = "(SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())"
    with source.connect() as connection:
        row = connection.execute(f"SELECT {prepared} + count(*) {_OTHERS} {_WRITING}", (APPLICATION,)).fetchone()
        return int(row[0]) if row else 0


def _end_others(connection: psycopg.Connection[Any]) -> list[str]:
    """Roles of the sessions that go on: those of superusers and of whoever we may not end."""
    mine = "pg_has_role(current_user, 'pg_signal_backend', 'USAGE') OR pg_has_role(current_user, usesysid, 'USAGE')"
    endable = f"({mine}) AND NOT (SELECT rolsuper FROM pg_roles WHERE pg_roles.oid = usesysid)"
    endable = f"(({endable}) OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))"
    ended = connection.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS} AND {endable}", (APPLICATION,)).fetchall()
    left = connection.execute(f"SELECT DISTINCT usename::text {_OTHERS} AND NOT {endable}", (APPLICATION,)).fetchall()
    return [_MORE] if ended else [name for (name,) in left]


def _setting(connection: psycopg.Connection[Any], what: str) -> Any:
    from psycopg import sql

    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    return sql.SQL("ALTER DATABASE {} " + what).format(sql.Identifier(row[0]))


def _not_ours(source: Source, error: Exception) -> StackError:
    return StackError(
        _("The source cannot be made read-only"),
        str(error).strip(),
        _("Stop whatever writes to it yourself, then run: founder migrate cutover --frozen"),
        exit_code=EXIT_PRECONDITION,
    )
