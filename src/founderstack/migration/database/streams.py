"""Rows on their way from one session to another, in blocks: nobody looks at a row in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from founderstack.migration.database.tables import Table

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn

_BLOCK = 256 * 1024


def stream(
    reader: psycopg.Connection[Any],
    target: psycopg.Connection[Any],
    table: Table,
    where: str,
    moved: Callable[[int], None],
    *,
    freeze: bool = False,
) -> int:
    """COPY rows of a table into its like; how many. `moved` is told the bytes of each block.

    `freeze` is for a table that the target's transaction has made or emptied: its rows need no cleaning up later.
    """
    columns = f" ({', '.join(table.columns)})" if table.columns else ""
    form = "binary" if table.binary else "text"
    with (
        reader.cursor() as out,
        target.cursor() as into,
        out.copy(f"COPY ({table.read(where)}) TO STDOUT (FORMAT {form})"),
        into.copy(f"COPY {table.name}{columns} FROM STDIN (FORMAT {form}, FREEZE {freeze})") as sink,
    ):
        for block in _blocks(reader):
            sink.write(block)
            moved(len(block))
    return into.rowcount


def _blocks(connection: psycopg.Connection[Any]) -> Iterator[bytearray]:
    """What a COPY sends, each block until the next one is asked for.

    psycopg's own reading costs 2 µs for every row, four times as much; this is the same without a generator for each.
    """
    pgconn, block = connection.pgconn, bytearray()
    while True:
        size, row = pgconn.get_copy_data(1)
        if size > 0:
            block += row
            if len(block) >= _BLOCK:
                yield block
                block.clear()
        elif size == 0:
            connection.wait(_more(pgconn))
        else:
            break
    if block:
        yield block
    connection.wait(_ended(pgconn))


def _more(pgconn: PGconn) -> PQGen[None]:
    """Wait until the server has sent something."""
    from psycopg.waiting import Wait

    while not (yield Wait.R):
        pass
    pgconn.consume_input()


def _ended(pgconn: PGconn) -> PQGen[None]:
    """Leave the state of copying; raises what the server said where it broke off."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    while True:
        while pgconn.is_busy():
            yield from _more(pgconn)
        result = pgconn.get_result()
        if result is None:
            return
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
