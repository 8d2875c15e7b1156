"""An end for what reads a whole database, however many questions it asks and whatever code answers them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from founderstack.backups.postgres.session import ask
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal

if TYPE_CHECKING:
    import psycopg

LEAST_S = 3600.0
_BYTES_PER_S = 1e6
"""Slower than any disk that a database could be used on."""


@contextmanager
def ended_in_time(
    server: Server, connection: psycopg.Connection[Any], database: str, least_s: float = LEAST_S
) -> Iterator[None]:
    """End the connection where the block takes longer than an hour and what the size of the database allows for.

    Not by `statement_timeout`: that is for each statement anew, and a function may catch it and go on.
    """
    (size,) = ask(server, "postgres", f"SELECT pg_catalog.pg_database_size({literal(database)}::pg_catalog.name)")
    allowed_s = least_s + int(size) / _BYTES_PER_S
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(StackError):
            ask(server, "postgres", f"SELECT pg_catalog.pg_terminate_backend({connection.info.backend_pid})")

    timer = threading.Timer(allowed_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if late.is_set():
            raise _too_long(database, allowed_s) from None
        raise
    finally:
        timer.cancel()
        timer.join()


def _too_long(database: str, allowed_s: float) -> StackError:
    return StackError(
        _("Reading the database {name} did not come to an end").format(name=database),
        _("It was ended after {minutes:.0f} minutes, which is more than its size takes on any disk.").format(
            minutes=allowed_s / 60
        ),
        _("Look whether code in it never ends, or whether the machine has far too much to do; then try again."),
    )
