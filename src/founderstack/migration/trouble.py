"""What ends a migration and is not its own: a full disk, a server that stays away, something PostgreSQL refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from founderstack.locale import _
from founderstack.migration.source import Unreachable
from founderstack.migration.target import Target
from founderstack.model.errors import EXIT_FAILED, StackError
from founderstack.world.os.disk import file_systems

_FULL_BELOW_MIB = 40
"""Two pieces of PostgreSQL's log and a little: with less it may not even start."""
_WHERE = """
SELECT coalesce(nullif(pg_tablespace_location(dattablespace), ''), current_setting('data_directory'))
FROM pg_database WHERE datname = current_database()
"""


@contextmanager
def told() -> Iterator[None]:
    """Whatever the driver raises becomes an error with a cure."""
    import psycopg

    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise disk_full(error) from error
    except psycopg.OperationalError as error:
        raise lost(error) from error
    except psycopg.Error as error:
        raise StackError(
            _("PostgreSQL refuses a part of it"),
            first_line(error),
            _("Cure it and run the same command again; more of it: --debug"),
        ) from error


def place_of(target: Target) -> str:
    """The folder in which the target's database lies; "" where it does not answer."""
    try:
        with target.connect() as connection:
            row = connection.execute(_WHERE).fetchone()
            return str(row[0]) if row else ""
    except Unreachable:
        return ""


def free_mib(place: str) -> float | None:
    """Free room there; None where that is not known."""
    found = file_systems([place])
    return found[0][2] if found else None


def is_full(place: str) -> bool:
    """True where a database that lies there cannot go on."""
    free = free_mib(place)
    return free is not None and free < _FULL_BELOW_MIB


def first_line(error: Exception) -> str:
    """The driver's words without its details."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def broken(error: Exception) -> str:
    """The server's words; where only the driver has noticed something, that the connection broke."""
    import psycopg

    if isinstance(error, psycopg.Error) and error.sqlstate is None:
        return _("A connection to the source or to the stack’s database broke.")
    return first_line(error)


def lost(error: Exception) -> StackError:
    """A side that stays away."""
    return StackError(
        _("The migration does not get on"),
        broken(error),
        _("Run the same command again when that is cured; it goes on where it stopped."),
        exit_code=EXIT_FAILED,
    )


def disk_full(error: Exception) -> StackError:
    """No room at the target."""
    return StackError(
        _("The target’s disk is full"),
        first_line(error),
        _("Make room, then run the same command again; it goes on where it stopped."),
        exit_code=EXIT_FAILED,
    )
