"""What SQL makes one number of a row, the same on every PostgreSQL that holds equal values in it."""

from __future__ import annotations

from collections.abc import Sequence

_EXACT = {
    "bool": "{}",
    "bytea": "{}",
    "date": "{}",
    "int2": "{}",
    "int4": "{}",
    "int8": "int8send({})",
    "json": '{}::text COLLATE "C"',
    "jsonb": '{}::text COLLATE "C"',
    "numeric": "numeric_send({})",
    "text": '{} COLLATE "C"',
    "timestamp": "timestamp_send({})",
    "timestamptz": "timestamptz_send({})",
    "uuid": "{}",
    "varchar": '{} COLLATE "C"',
}
"""Type of pg_catalog → what of its values has a hash of its own, another one for every other value.

That is two to four times faster than the hash of a row's text. The text stays for types where values that differ may
hash alike (-0 and 0, 1 month and 30 days) or equal ones otherwise (an enum by its number, NaN by its sign); some are
sent as bytes or written as text, because their own hash is too short or takes 1.0 for 1.00. None of these functions
changes with the server's version: hash partitions and clients depend on them.
"""


def exact(kind: str, column: str) -> str:
    """Expression of a column, whole or quoted, that may be hashed by its value; "" where only its text will do.

    `kind` is the type's name where that is one of pg_catalog's, else "".
    """
    return _EXACT[kind].format(column) if kind in _EXACT else ""


def row_hash(values: Sequence[str], texts: Sequence[str]) -> str:
    """SQL of the 64 bits of one row: of columns as `exact` gives them, and of others. `values` need PostgreSQL 14.

    Texts come of the types' own output, by a ROW: a plain cast may be code of whoever owns a table or a type, and would
    run as whoever asks.
    """
    text = f"ROW({', '.join(texts)})::text"
    if not values:
        return f"hashtextextended({text}, 0)"
    parts = [*values, f'{text} COLLATE "C"'] if texts else values
    # A record's hash is a sum over its columns; as a seed it is mixed, so that sums over rows tell rows apart.
    return f"hashint8extended(0, hash_record_extended(ROW({', '.join(parts)}), 0))"
