"""The database that is left: which way it is reached, sessions that cannot write, and one snapshot for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from founderstack.locale import _
from founderstack.migration import reasons
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.net import postgres
from founderstack.world.net.postgres import Address

if TYPE_CHECKING:
    import psycopg

Route = Literal["direct", "session pooler", "transaction pooler"]

APPLICATION = "founder migrate"

SAME_TEXT = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "search_path": "pg_catalog",
}
"""Under these settings equal values have equal texts on both sides."""

_READS_ONLY = {
    **SAME_TEXT,
    "default_transaction_read_only": "on",
    "row_security": "off",  # a policy that would hide rows makes the reading fail instead
    "lock_timeout": "30s",
}


def route(address: Address) -> Route:
    """How an address reaches its server, told by its form.

    Source: https://supabase.com/docs/guides/database/connecting-to-postgres (direct: db.REF.supabase.co:5432; pooler:
    aws-N-REGION.pooler.supabase.com, 5432 for sessions and 6543 for transactions, user postgres.REF).
    """
    if address.port == 6543:
        return "transaction pooler"
    if address.host.endswith(".pooler.supabase.com"):
        return "session pooler"
    return "direct"


def refuse_transaction_pooler(address: Address) -> None:
    """Raise StackError for a way on which a session does not last."""
    if route(address) != "transaction pooler":
        return
    raise StackError(
        _("{host}:{port} is a transaction pooler").format(host=address.host, port=address.port),
        _("It gives every transaction another server: no setting, no snapshot and no lock lasts there."),
        _("Use the same address with port 5432: the session pooler, or the direct connection."),
        exit_code=EXIT_PRECONDITION,
    )


class Source:
    """Sessions at the source. None of them can write, except the ones that a cut-over asks for by name."""

    def __init__(self, address: Address) -> None:
        refuse_transaction_pooler(address)
        self.address = address
        self._snapshot = ""

    def connect(self) -> psycopg.Connection[Any]:
        """A session that only reads, in autocommit; raises StackError where the source cannot be reached."""
        return self._open(_READS_ONLY)

    def connect_to_write(self, *, replication: bool = False) -> psycopg.Connection[Any]:
        """A session that may write: for a cut-over alone, which says what it writes and takes it back."""
        if replication:
            return self._open({}, replication=True)
        return self._open({**_READS_ONLY, "default_transaction_read_only": "off"})

    @contextmanager
    def snapshot(self, taken: str = "") -> Iterator[str]:
        """One state of the source that every `reader()` sees while the block runs; its name.

        `taken` is a snapshot that another session holds already.
        """
        if taken:
            self._snapshot = taken
            try:
                yield taken
            finally:
                self._snapshot = ""
            return
        with self.connect() as holder, holder.transaction():
            holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = holder.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
            assert row is not None
            self._snapshot = str(row[0])
            try:
                yield self._snapshot
            finally:
                self._snapshot = ""

    @property
    def snapshot_name(self) -> str:
        """The snapshot of the running block, "" outside of one."""
        return self._snapshot

    @contextmanager
    def reader(self) -> Iterator[psycopg.Connection[Any]]:
        """A session inside the snapshot, in a transaction of its own that only reads."""
        assert self._snapshot, "a reader needs a snapshot"
        with self.connect() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self._join(connection)
            yield connection

    def _join(self, connection: psycopg.Connection[Any]) -> None:
        import psycopg

        try:
            connection.execute(f"SET TRANSACTION SNAPSHOT '{self._snapshot}'")
        except psycopg.DataError as error:
            raise Unreachable(
                _("The source has lost the snapshot"),
                str(error).strip(),
                _("Run the same command again; it goes on with a new one."),
            ) from error

    def _open(self, settings: dict[str, str], *, replication: bool = False) -> psycopg.Connection[Any]:
        import psycopg

        try:
            return postgres.connect(self.address, application=APPLICATION, settings=settings, replication=replication)
        except psycopg.OperationalError as error:
            raise unreachable(self.address, str(error)) from error


class Unreachable(StackError):
    """The source does not answer; what waits for it may try again."""


def unreachable(address: Address, said: str) -> StackError:
    """Why there is no connection, and what cures it. What `said` holds is the driver's own text."""
    reason = reasons.told(address, said)
    what = _("{url} cannot be reached").format(url=address.url)
    kind = StackError if reason.answered else Unreachable
    return kind(what, reason.why, reason.fix, exit_code=EXIT_PRECONDITION)
