"""Throw-away roles: whose rights code has that somebody has put into a database, while others work with its objects."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

PATTERN = "founder_(?:restore|migrate)_[0-9a-f]{16}"
"""Of their names: no backup holds them, and none is compared."""
_LEFT = """
SELECT rolname FROM pg_catalog.pg_roles
WHERE rolname ~ %s AND pg_catalog.shobj_description(oid, 'pg_authid') = %s
"""


def make(connection: psycopg.Connection[Any], work: str, comment: str) -> tuple[str, str]:
    """Name and password of a new one, who may sign in and sees every row of what it may read; `comment` marks it."""
    from psycopg import sql

    name, password = f"founder_{work}_{os.urandom(8).hex()}", os.urandom(24).hex()
    # The server's log and statistics see what a password is checked by, and not the password.
    sealed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    row = connection.execute("SELECT (pg_catalog.now() + interval '7 days')::text").fetchone()
    assert row is not None
    with connection.transaction():
        for statement in (
            "CREATE ROLE {name} LOGIN BYPASSRLS PASSWORD {sealed} VALID UNTIL {until}",
            "COMMENT ON ROLE {name} IS {comment}",
        ):
            connection.execute(
                sql.SQL(statement).format(
                    name=sql.Identifier(name),
                    sealed=sql.Literal(sealed),
                    until=sql.Literal(row[0]),
                    comment=sql.Literal(comment),
                )
            )
    return name, password


def is_one(name: str) -> bool:
    """Whether a role of this name is one of them."""
    return re.fullmatch(PATTERN, name) is not None


def left(connection: psycopg.Connection[Any], comment: str) -> list[str]:
    """The names of those with this comment that are there."""
    return [str(name) for (name,) in connection.execute(_LEFT, (f"^{PATTERN}$", comment)).fetchall()]
