"""Puts a restored database in the place of the one that is used, whoever holds on to either."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from founderstack.backups import facts
from founderstack.backups.databases import exists
from founderstack.backups.server import ask, connected, ours, quoted, rows
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal
from founderstack.planner.restoring import MAINTENANCE, staged

if TYPE_CHECKING:
    import psycopg

_TRIES = 3
# An owner may change a database's row in a transaction that stays open, and so may whoever hangs.
_LOCK_WAIT = "SET lock_timeout = '3s'"
_NOBODY = "false"
_INSIDE = "datname IN ({names})"
# From another database as well, such as a copy that is its owner's too.
_LOCKING = """(backend_type = 'client backend' AND pid IN (
    SELECT l.pid FROM pg_locks l LEFT JOIN pg_database d ON d.oid = l.objid WHERE l.granted
    AND (l.classid = 'pg_database'::regclass AND d.datname IN ({names})
        OR l.relation = 'pg_database'::regclass AND l.mode <> 'AccessShareLock')))"""
_HOLDERS = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ({which})"


def swap(server: Server, database: str, restored: str, aside: str) -> None:
    """Put `restored` in the place of `database`, which gets the name `aside`: both names change in one transaction.

    Whoever is connected is cut off and finds the restored one at the next attempt; until then nobody gets into either.
    Raises StackError, with both as they were, where somebody does not let go of them.
    """
    there, both = exists(server, database), (database, restored)
    closing = [_allowing(name, "false") for name in ([database] if there else []) + [restored]]
    moving = [f"ALTER DATABASE {quoted(database)} RENAME TO {quoted(aside)}"] if there else []
    coming = f"ALTER DATABASE {quoted(restored)} RENAME TO {quoted(database)}"
    used = f"COMMENT ON DATABASE {quoted(database)} IS NULL"
    former = [f"COMMENT ON DATABASE {quoted(aside)} IS {literal(facts.REPLACED)}"] if there else []
    renaming = ["BEGIN", *moving, coming, used, *former, "COMMIT"]
    try:
        _insist(server, both, (closing, renaming), _INSIDE, f"{_INSIDE} OR {_LOCKING}")
    except BaseException:
        for name in both:
            with suppress(StackError):  # "founder up" opens it; what went wrong first is what must be told
                open_again(server, name)
        raise
    open_again(server, database)


def open_again(server: Server, database: str) -> None:
    """Let people connect to it again, where it is there; raises StackError where somebody keeps that from happening."""
    if ask(server, _beside(database), f"SELECT 1 FROM pg_database WHERE datname = {literal(database)}"):
        _insist(server, (database,), ([_allowing(database, "true")],), _NOBODY, _LOCKING)


def opened_again(server: Server, needed: str) -> tuple[str, ...]:
    """Open databases that a swap has closed and was killed before it opened them, and the app's whoever closed it.

    Their names. Raises StackError where the server cannot be asked.
    """
    closed = "SELECT datname FROM pg_database WHERE NOT datallowconn AND datconnlimit <> -2 AND datname <> 'template0'"
    copies = ask(server, "postgres", f"SELECT datname FROM pg_database WHERE {facts.COMMENT} = {literal(facts.COPY)}")
    names = [
        name
        for name in sorted(ask(server, "postgres", closed))
        if name == needed or any(staged(name, ending) in copies for ending in facts.COPY_ENDINGS)
    ]
    for name in names:
        open_again(server, name)
    return tuple(names)


def _allowing(database: str, value: str) -> str:
    return f"ALTER DATABASE {quoted(database)} ALLOW_CONNECTIONS {value}"


def _beside(database: str) -> str:
    """Where to sign in to change the name of a database: one that somebody is in cannot be renamed."""
    return "template1" if database == MAINTENANCE else MAINTENANCE


def _insist(server: Server, names: Sequence[str], groups: Sequence[Sequence[str]], first: str, afterwards: str) -> None:
    """Have the superuser say all that, ending those whom `first` finds before each group.

    Where somebody holds it up, it is said again, and then those whom `afterwards` finds are ended. Nobody is waited for
    when they are: whoever comes back finds our statement before their own.
    """
    import psycopg

    held: list[str] = []
    with connected(server, _beside(names[0]), server.superuser) as connection:
        connection.execute(_LOCK_WAIT)
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
