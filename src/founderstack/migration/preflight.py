"""What can be told before anything begins: versions, encodings, sizes, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from founderstack.catalogue.postgres import MAJORS
from founderstack.locale import _
from founderstack.migration import trouble
from founderstack.migration.database import readable
from founderstack.migration.source import Source, route
from founderstack.migration.target import Target
from founderstack.migration.values import Item, Kind

_LOADS_MIB_S = 25
_COMPARES_MIB_S = 120
"""Measured on two cores with source and target on one machine: see bench/migration.py."""
_SHORTEST_PAUSE_S = 3
_LOG_BYTES = 2**30
"""What PostgreSQL keeps of its log before it begins anew (max_wal_size)."""

_FACTS = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,
    current_setting('wal_level'),
    pg_encoding_to_char(encoding), pg_database_size(oid), (SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint
        FROM pg_class AS c WHERE relkind = 'r' AND c.oid >= 16384)
FROM pg_database WHERE datname = current_database()
"""


def facts(source: Source, target: Target) -> dict[str, Any]:
    """What the report begins with. Seconds are estimates."""
    with source.connect() as left, target.connect() as right:
        version, major, wal, encoding, size, rows = _asked(left)
        own_version, own_major, _wal, own_encoding, _size, _rows = _asked(right)
    mib = rows / 2**20
    return {
        "source": source.address.url,
        "route": route(source.address),
        "source_version": version,
        "source_major": major,
        "source_encoding": encoding,
        "wal_level": wal,
        "target_version": own_version,
        "target_major": own_major,
        "target_encoding": own_encoding,
        "database_bytes": size,
        "table_bytes": rows,
        "expected_s": round(5 + mib / _LOADS_MIB_S),
        "expected_pause_s": round(_SHORTEST_PAUSE_S + mib / _COMPARES_MIB_S),
    }


def blockers(source: Source, kind: Kind, found: Mapping[str, Any]) -> list[Item]:
    """What stands in the way before anything else is looked at: another version, another encoding, a missing right."""
    with source.connect() as connection:
        return [*_unfit(found), *readable.unreadable(connection, kind, source.address.user)]


def room(target: Target, found: Mapping[str, Any]) -> list[Item]:
    """A blocker where the database does not fit on the target's disk, with what its log takes meanwhile."""
    place = trouble.place_of(target)
    free, size = trouble.free_mib(place), found["database_bytes"]
    needed = round((size + min(size, _LOG_BYTES)) / 2**20)
    if free is None or needed < free:
        return []
    why = _("{place} has {free} MiB free; the database needs about {needed}.")
    why = why.format(place=place, free=round(free), needed=needed)
    return [Item("preflight", "room", place, "blocker", why, _("Make room, or add a disk."))]


def _unfit(found: Mapping[str, Any]) -> list[Item]:
    blockers = []
    if found["source_major"] > found["target_major"]:
        why = _("The source is PostgreSQL {theirs}, newer than this machine’s {ours}, which cannot read all of it.")
        why = why.format(theirs=found["source_major"], ours=found["target_major"])
        blockers.append(Item("preflight", "version", found["source_version"], "blocker", why, _newer(found)))
    if found["source_encoding"] != found["target_encoding"]:
        why = _("The source is {theirs}, the target {ours}.")
        why = why.format(theirs=found["source_encoding"], ours=found["target_encoding"])
        fix = _("Convert the source to {ours} first.").format(ours=found["target_encoding"])
        blockers.append(Item("preflight", "encoding", found["source_encoding"], "blocker", why, fix))
    return blockers


def _newer(found: Mapping[str, Any]) -> str:
    """The systems whose PostgreSQL takes the source."""
    taking = sorted((int(major), name) for name, major in MAJORS.items() if int(major) >= found["source_major"])
    if not taking:
        return _("No system that this version of Founder Stack knows has it yet.")
    names = ", ".join(f"{name.replace(':', ' ').capitalize()} (PostgreSQL {major})" for major, name in taking)
    return _("Move to a machine that takes it: {systems}. Bring the stack up there, and run the plan again.").format(
        systems=names
    )


def _asked(connection: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(_FACTS).fetchone()
    return row
