"""Statements about whole databases, which are said until nobody holds them up: whoever does is ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.backups.postgres.session import connected, ours, rows
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal
from founderstack.planner.backups.restore import MAINTENANCE

if TYPE_CHECKING:
    import psycopg

_TRIES = 3
# An owner may change a database's row in a transaction that stays open, and so may whoever hangs.
_LOCK_WAIT = "SET lock_timeout = '3s'"
NOBODY = "false"
"""Which sessions are ended, as conditions on pg_stat_activity; `{names}` are the databases."""
INSIDE = "datname IN ({names})"
# From another database as well, such as a copy that is its owner's too.
LOCKING = """(backend_type = 'client backend' AND pid IN (
    SELECT l.pid FROM pg_locks l LEFT JOIN pg_database d ON d.oid = l.objid WHERE l.granted
    AND (l.classid = 'pg_database'::regclass AND d.datname IN ({names})
        OR l.relation = 'pg_database'::regclass AND l.mode <> 'AccessShareLock')))"""
_HOLDERS = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ({which})"


def beside(database: str) -> str:
    """Where to sign in to change the name of a database: one that somebody is in cannot be renamed."""
    return "template1" if database == MAINTENANCE else MAINTENANCE


def insist(
    server: Server, names: Sequence[str], groups: Sequence[Sequence[str]], first: str, afterwards: str, limit: str = "0"
) -> None:
    """Have the superuser say all that, ending those whom `first` finds before each group.

    Where somebody holds it up, it is said again, and then those whom `afterwards` finds are ended. Nobody is waited for
    when they are: whoever comes back finds our statement before their own. `limit` ends each statement, whatever it
    waits for.
    """
    import psycopg

    held: list[str] = []
    with connected(server, beside(names[0]), server.superuser) as connection:
        connection.execute(ours(f"{_LOCK_WAIT}; SET statement_timeout = '{limit}'"))
        for attempt in range(_TRIES):
            try:
                for statements in groups:
                    _end(connection, _which(afterwards if attempt else first, names))
                    for statement in statements:
                        connection.execute(ours(statement))
                return
            except (psycopg.errors.LockNotAvailable, psycopg.errors.ObjectInUse):
                connection.execute("ROLLBACK")
                held = _who(connection, _which(afterwards, names)) or held
    raise _held(names[0], held)


def _which(condition: str, names: Sequence[str]) -> str:
    return _HOLDERS.format(which=condition.format(names=", ".join(literal(name) for name in names)))


def _end(connection: psycopg.Connection[Any], which: str) -> None:
    connection.execute(ours(f"SELECT pg_terminate_backend(pid) {which}"))


def _who(connection: psycopg.Connection[Any], which: str) -> list[str]:
    """Those who hold it up, and every transaction that was prepared to be committed by somebody later, in words."""
    sessions = rows(connection, f"SELECT pid, coalesce(usename, backend_type), coalesce(datname, '–') {which}")
    prepared = rows(connection, "SELECT gid, owner, database FROM pg_prepared_xacts")
    return [
        *(
            _("{role} (process {pid}, database {database})").format(role=role, pid=pid, database=database)
            for pid, role, database in sessions
        ),
        *(
            _("the prepared transaction {name} of {role} (database {database})").format(
                name=name, role=role, database=database
            )
            for name, role, database in prepared
        ),
    ]


def _held(database: str, held: Sequence[str]) -> StackError:
    return StackError(
        _("The database {name} is held on to").format(name=database),
        _(
            "It can be neither closed, renamed nor opened meanwhile, and ending these sessions did not help: {who}."
        ).format(who="; ".join(held[:10]) or "–"),
        _("Stop what does it, such as the app, and run the same command again."),
    )
