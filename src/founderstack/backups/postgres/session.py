"""Sign-ins to a PostgreSQL server over its Unix socket: as the role that reads, or as the superuser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import identifier
from founderstack.world.net.postgres import AT_THE_START, NO_LIMITS

if TYPE_CHECKING:
    import psycopg

_CONNECT_S = 10
# Whoever leaves a transaction open that has changed a database or a role holds up ours no longer than that.
_LOCK_WAIT = "SET lock_timeout = '30s'"
# They win over what is set for a database or a role: its owner decides how the app is served, not how it is saved.
_OPTIONS = f"-c role=none -c local_preload_libraries= -c default_transaction_read_only={{read_only}} {AT_THE_START}"
_LIMITS_TRANSACTIONS = 17
_WHOLE_TRANSACTIONS = "-c transaction_timeout=0"
"""For servers that know it; another one refuses a sign-in that names it. Said later, it could come too late."""
quoted = identifier
"""A name as SQL quotes it."""
LOCKS_EACH = 2048
"""Of a throw-away server with 20 connections: room for all tables that a dump or a comparison holds at once."""


def sign_in(server: Server, role: str, database: str) -> list[str]:
    """Options of psql, pg_dump and the like: to them a name with a `=` is a connection string, unless it is in one."""
    name = database.replace("\\", "\\\\").replace("'", "\\'")
    return ["-h", server.socket, "-p", str(server.port), "-U", role, "-w", "-d", f"dbname='{name}'"]


def environment(server: Server, role: str) -> dict[str, str]:
    """What such a program finds in its environment."""
    return {"PGOPTIONS": _options(server, role)}


def _options(server: Server, role: str) -> str:
    chosen = _OPTIONS.format(read_only="on" if role == server.reader else "off")
    return f"{chosen} {_WHOLE_TRANSACTIONS}" if _major(server) >= _LIMITS_TRANSACTIONS else chosen


def _major(server: Server) -> int:
    """The version that the path of its programs says (`/usr/lib/postgresql/17/bin`); 0 where it says none."""
    folder = os.path.basename(os.path.dirname(server.binaries))
    return int(folder) if folder.isdecimal() else 0


@contextmanager
def connected(server: Server, database: str, role: str, password: str = "") -> Iterator[psycopg.Connection[Any]]:
    """A connection of this very process; raises StackError where the server cannot be reached or refuses."""
    import psycopg

    try:
        found = psycopg.connect(
            host=server.socket,
            port=server.port,
            user=role,
            password=password or None,
            dbname=database,
            connect_timeout=_CONNECT_S,
            application_name="founder backup",
            client_encoding="UTF8",
            options=_options(server, role),
            autocommit=True,
        )
    except psycopg.Error as error:
        raise away(error) from None
    try:
        with found:
            found.execute(NO_LIMITS)
            yield found
    except psycopg.Error as error:
        raise away(error) from None


def ask(server: Server, database: str, *statements: str) -> list[str]:
    """Have the superuser say these statements, each by itself; the first column of the last one's answer, as texts.

    Not by psql: what comes out of a dump must never be read as a command to a shell. Raises StackError with what the
    server said.
    """
    with connected(server, database, server.superuser) as connection:
        cursor = connection.cursor()
        cursor.execute(_LOCK_WAIT)
        for statement in statements:
            cursor.execute(ours(statement))
        return [str(row[0]) for row in cursor.fetchall()] if cursor.description else []


def rows(connection: psycopg.Connection[Any], question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The rows of a question."""
    return connection.execute(ours(question), values or None).fetchall()


def ours(question: str) -> LiteralString:
    """The question, which is made of our own texts and of names that were quoted."""
    return question


def away(error: Exception) -> StackError:
    """The error for a server that cannot be asked."""
    return StackError(
        _("The database cannot be asked"),
        str(error).strip(),
        _("See how it does: founder status"),
    )
