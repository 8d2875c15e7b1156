"""What is set for a database, as a server tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_OF_DATABASE = """
SELECT unnest(setconfig) FROM pg_db_role_setting
WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def of_database(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Name → value of all that is set for the whole database."""
    return dict(pair for (one,) in connection.execute(_OF_DATABASE).fetchall() for pair in pairs([one]))


def pairs(told: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(name, value) of settings as pg_db_role_setting holds them."""
    for one in told:
        key, _sign, value = one.partition("=")
        yield key, value
