"""Connections to PostgreSQL servers, and what they answer before anything else is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from founderstack.locale import _
from founderstack.model.errors import EXIT_USAGE, StackError

if TYPE_CHECKING:
    import psycopg

SCHEMES = ("postgres", "postgresql")
"""How the address of a database begins."""
CONNECT_TIMEOUT_S = 10
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A peer that vanished without a word is noticed within half a minute."""

AT_THE_START = (
    "-c search_path=pg_catalog -c default_transaction_deferrable=off "
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0"
)
"""Options of a sign-in that wins over what is set for a database or a role: that is for its app, and on a path of its
owner's an operator as plain as `=` would be the owner's code, run as whoever asks. Whoever defers a serializable
transaction waits for all others to end.
"""
_OURS = (
    "SET search_path = pg_catalog; SET default_transaction_deferrable = off; SET TRANSACTION NOT DEFERRABLE; "
    "SET statement_timeout = 0"
)
NO_LIMITS = """
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN ('statement_timeout',
    'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')
"""
"""The same for a session that has begun, with what only newer versions have: PostgreSQL 17 limits transactions, and a
sign-in that names what a server has not is refused.
"""


@dataclass(frozen=True)
class Address:
    """Where a database is and who asks; the password is never part of what is printed."""

    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()
    """Further libpq keywords, such as sslmode."""

    @property
    def url(self) -> str:
        """The address without the password, for reports and files."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgres://{self.user}@{host}:{self.port}/{self.database}"

    def keywords(self) -> dict[str, str]:
        """What libpq is told."""
        told = {"host": self.host, "port": str(self.port), "user": self.user, "dbname": self.database}
        return told | ({"password": self.password} if self.password else {}) | dict(self.options)

    def environment(self) -> dict[str, str]:
        """The same for a program of PostgreSQL's own, which no other user can read there."""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE", "password": "PGPASSWORD"}
        others = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
        return {(names | others)[word]: value for word, value in self.keywords().items() if word in names | others}

    def with_password(self, password: str) -> Address:
        """The same address with a password."""
        return replace(self, password=password)


def parse(url: str) -> Address:
    """The address that a `postgres://` URL names; raises StackError for anything else."""
    parts = urlsplit(url)
    try:
        port = parts.port or 5432
    except ValueError:
        port = 0
    if parts.scheme not in SCHEMES or not parts.hostname or not port:
        raise StackError(
            _("This is no address of a PostgreSQL database"),
            _("It must look like postgres://USER@HOST:5432/DATABASE."),
            _("Copy it from your provider’s page, without the password."),
            exit_code=EXIT_USAGE,
        )
    return Address(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "postgres"),
        database=unquote(parts.path.lstrip("/")) or "postgres",
        password=unquote(parts.password or ""),
        options=tuple(pair for pair in parse_qsl(parts.query) if pair[0] in ("sslmode", "sslrootcert")),
    )


def table_exists(connection: psycopg.Connection[Any], table: str) -> bool:
    """True where there is a table, or a view, of this name with its schema."""
    row = connection.execute("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    return bool(row and row[0])


def connect(
    address: Address, *, application: str, settings: Mapping[str, str] | None = None, replication: bool = False
) -> psycopg.Connection[Any]:
    """An open connection in autocommit; raises psycopg.OperationalError where there is none.

    No path and no time limit that is set for a database or a role holds in it. `settings` are given to the session when
    it has begun: a pooler may refuse them at the start.
    """
    import logging

    import psycopg

    # What the driver notes about connections that broke is no line for a terminal: errors are told by whoever asked.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    told: dict[str, Any] = {**_ALIVE, "connect_timeout": CONNECT_TIMEOUT_S, **address.keywords()}
    if replication:
        told["replication"] = "database"
    # A pooler gives the next statement another server: nothing may be prepared.
    connection = psycopg.connect(autocommit=True, application_name=application, prepare_threshold=None, **told)
    # All at once, because a source may be far away; SET computes nothing, so that nobody's operators are met, and frees
    # the question of a database's own limit.
    begun = psycopg.sql.SQL(f"{_OURS}; ") + psycopg.sql.SQL(NO_LIMITS)
    if settings:
        sets = [psycopg.sql.SQL("pg_catalog.set_config({}, {}, false)").format(*pair) for pair in settings.items()]
        begun += psycopg.sql.SQL("; SELECT ") + psycopg.sql.SQL(", ").join(sets)
    connection.execute(begun)
    return connection
