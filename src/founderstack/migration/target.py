"""The stack's own database, into which everything moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration import reasons
from founderstack.migration.source import APPLICATION, SAME_TEXT, Unreachable
from founderstack.model.errors import EXIT_FAILED
from founderstack.world.net import postgres
from founderstack.world.net.postgres import Address

if TYPE_CHECKING:
    import psycopg

_WRITES = {
    **SAME_TEXT,
    "default_transaction_isolation": "read committed",  # whatever has moved with the database's own settings
    "check_function_bodies": "off",
    "synchronous_commit": "off",  # what was marked as done is in the same commit, so a crash loses both or neither
    "client_min_messages": "warning",
}


@dataclass(frozen=True)
class Target:
    """Sessions at the target."""

    address: Address
    """Of the superuser."""
    binaries: str
    """Folder of psql, pg_dump and pg_restore, of the target's major version."""
    reads_only: bool = False
    """True for a plan or a verification: nothing can be written."""
    owner: str = "app"
    """The role that the application is. It owns the database and may do what the source's owner could."""

    def connect(self, *, quiet: bool = False) -> psycopg.Connection[Any]:
        """A session in autocommit. A `quiet` one fires no ordinary trigger and no foreign key (needs a superuser).

        Raises Unreachable where there is none.
        """
        import psycopg

        settings = {**_WRITES, "default_transaction_read_only": "on" if self.reads_only else "off"}
        settings |= {"session_replication_role": "replica"} if quiet else {}
        try:
            return postgres.connect(self.address, application=APPLICATION, settings=settings)
        except psycopg.OperationalError as error:
            raise Unreachable(
                _("The stack’s database does not answer"),
                reasons.told(self.address, str(error)).why,
                _("Run: founder up. When PostgreSQL runs again, the same command goes on."),
                exit_code=EXIT_FAILED,
            ) from error
