"""Following the source: changes arrive by logical replication, so that little is left for the pause of the cut-over.

It writes at the source: one publication and one slot, always of the same name. Both go away at the cut-over, at
`founder migrate reopen` and `undo`, and when following is begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.database.foresee import needing_a_path
from founderstack.migration.database.schema import FOLLOWER
from founderstack.migration.journal import SCHEMA, Journal
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.model.errors import EXIT_FAILED, StackError
from founderstack.model.protocols import Clock

if TYPE_CHECKING:
    import psycopg

NAME = FOLLOWER

_FOLLOWED = """
SELECT named.identity FROM pg_class AS c CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE named.identity = ANY (%s) AND relkind = 'r' AND relpersistence = 'p' AND pg_has_role(relowner, 'USAGE')
    AND (relreplident = 'f' OR relreplident = 'i'
        OR (relreplident = 'd' AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)))
    AND NOT EXISTS (
        SELECT FROM pg_attribute JOIN pg_type AS own ON own.oid = atttypid
        JOIN pg_type AS t ON t.oid = coalesce(nullif(own.typelem, 0), own.oid)
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND t.oid >= 16384 AND t.typtype <> 'e'
            AND NOT EXISTS (SELECT FROM pg_depend AS e
                WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'))
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d WHERE d.refobjid >= 16384
            AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass)
            AND NOT EXISTS (SELECT FROM pg_depend AS e
                WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')
            AND (d.classid, d.objid) IN (
                SELECT 'pg_attrdef'::regclass::oid, pg_attrdef.oid FROM pg_attrdef
                JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = c.oid AND attgenerated <> ''
                UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid = c.oid
                UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = c.oid))
ORDER BY 1
"""
_STUBBORN = """
SELECT format('ALTER TABLE %%s DISABLE TRIGGER %%I', tgrelid::regclass, tgname),
    format('ALTER TABLE %%s ENABLE %%s TRIGGER %%I', tgrelid::regclass,
        CASE tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, tgname)
FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('A', 'R') AND tgrelid = ANY (%s::regclass[])
"""


@dataclass(frozen=True)
class Health:
    """How the slot at the source is."""

    state: str
    """`reserved` and `extended` are well; `unreserved` is about to be `lost`."""
    behind_bytes: int
    room_bytes: int | None
    """What may still be written at the source before the slot is lost; None where there is no limit."""


def begin(
    source: Source, target: Target, journal: Journal, tables: Sequence[str], even_out: Callable[[str], None]
) -> int:
    """Begin to follow; returns the number of tables that are followed.

    The slot's own snapshot is what `even_out` brings the target to, so nothing is missed and nothing comes twice.
    Tables without a key, and those whose rows make functions of the source run, come over at the cut-over instead: what
    applies changes is the superuser, before PostgreSQL 16.
    """
    end(source, target, journal)
    with source.connect() as connection:
        # What applies changes has no search_path: a row that it cannot compute would hold up all others.
        needing = needing_a_path(connection, tables)
        found = connection.execute(_FOLLOWED, (list(tables),)).fetchall()
        followed = [name for (name,) in found if name not in needing]
    if not followed:
        return 0
    journal.note(following=followed)
    with source.connect_to_write() as connection:
        connection.execute(f"CREATE PUBLICATION {NAME} FOR TABLE ONLY {', ONLY '.join(followed)}")
    with source.connect_to_write(replication=True) as slot:
        row = slot.execute(f"CREATE_REPLICATION_SLOT {NAME} LOGICAL pgoutput EXPORT_SNAPSHOT").fetchone()
        assert row is not None
        even_out(str(row[2]))
    with target.connect() as connection:
        for off, on in connection.execute(_STUBBORN, (followed,)).fetchall():
            with connection.transaction():
                connection.execute(off)
                journal.keep(connection, "switched off", off, {"on": on})
        _subscribe(connection, source)
    return len(followed)


def caught_up(source: Source, clock: Clock, deadline_s: float) -> None:
    """Return when the target has everything that was written at the source; raises StackError where it cannot."""
    with source.connect() as connection:
        row = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        assert row is not None
        deadline = clock.monotonic() + deadline_s
        question = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
        while not ((found := connection.execute(question, (row[0], NAME)).fetchone()) and found[0]):
            _refuse_lost(health(source))
            if clock.monotonic() > deadline:
                raise StackError(
                    _("The target has not caught up with the source"),
                    _("It had {seconds:.0f} s.").format(seconds=deadline_s),
                    _("See “founder migrate status”, and cut over when it is less behind."),
                    exit_code=EXIT_FAILED,
                )
            clock.wait(0.05)


def health(source: Source) -> Health | None:
    """How the slot is; None where there is none."""
    with source.connect() as connection:
        row = connection.execute(
            "SELECT coalesce(wal_status, 'lost'), coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::bigint,"
            " safe_wal_size FROM pg_replication_slots WHERE slot_name = %s",
            (NAME,),
        ).fetchone()
    return Health(row[0], int(row[1]), row[2]) if row else None


def end(source: Source, target: Target, journal: Journal) -> None:
    """Take away the subscription, the slot and the publication, and switch on what was switched off. Safe to repeat."""
    with target.connect() as connection:
        if connection.execute("SELECT FROM pg_subscription WHERE subname = %s", (NAME,)).fetchone() is not None:
            connection.execute(f"ALTER SUBSCRIPTION {NAME} DISABLE")
            connection.execute(f"ALTER SUBSCRIPTION {NAME} SET (slot_name = NONE)")
            connection.execute(f"DROP SUBSCRIPTION {NAME}")
        question = f"SELECT name, content ->> 'on' FROM {SCHEMA}.kept WHERE kind = 'switched off'"
        for off, on in connection.execute(question).fetchall():
            with connection.transaction():
                connection.execute(on)
                connection.execute(f"DELETE FROM {SCHEMA}.kept WHERE kind = 'switched off' AND name = %s", (off,))
    with source.connect_to_write() as connection:
        # A walsender that has just lost its client holds the slot for a moment longer.
        connection.execute(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s AND active", (NAME,)
        )
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (NAME,)
        )
        connection.execute(f"DROP PUBLICATION IF EXISTS {NAME}")


def _subscribe(connection: psycopg.Connection[Any], source: Source) -> None:
    from psycopg import conninfo, sql

    told = conninfo.make_conninfo(**source.address.keywords())
    with connection.transaction():
        for setting in (
            "log_statement = 'none'",
            "log_min_duration_statement = -1",
            "log_min_error_statement = 'panic'",
        ):
            connection.execute(f"SET LOCAL {setting}")  # the statement holds the source's password
        connection.execute(
            sql.SQL(
                f"CREATE SUBSCRIPTION {NAME} CONNECTION {{}} PUBLICATION {NAME}"
                f" WITH (create_slot = false, slot_name = '{NAME}', copy_data = false)"
            ).format(sql.Literal(told))
        )


def _refuse_lost(found: Health | None) -> None:
    if found is None or found.state == "lost":
        raise StackError(
            _("The source has given up the replication slot"),
            _("More was written than it keeps for a slow follower (max_slot_wal_keep_size)."),
            _("Begin to follow again: founder migrate run --follow"),
            exit_code=EXIT_FAILED,
        )
