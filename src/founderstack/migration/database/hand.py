"""Whose rights code of the source has at the target: those of throw-away roles, and never the superuser's.

Checks, computed columns, indexes, policies run while rows come and while both sides are compared. The hand works with
what the source's owners have as their member; readers may read; whoever tries policies is nobody until it is asked to
be somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from founderstack.migration.context import Context
from founderstack.migration.database import guard
from founderstack.migration.entries import DecidedEntry
from founderstack.migration.journal import SCHEMA
from founderstack.migration.target import Target
from founderstack.model.sql import identifier
from founderstack.planner.dumps.kinds import computes, runs_nothing
from founderstack.planner.dumps.statements import statements
from founderstack.world.net import throwaway_roles

if TYPE_CHECKING:
    import psycopg

_HAND = "founder: works with what the source’s owners have while a migration runs, and goes with it"
_READER = "founder: reads what a migration compares, and goes with the comparison"
_APP = "founder: has the app’s rights while people are written or compared, and goes with it"
_PARAMETERS_SINCE = 150000
"""The version of PostgreSQL from which on the right to a setting can be given."""
_ROUTINES = ("FUNCTION", "PROCEDURE")
_PROPERTIES = ("COMMENT", "SEQUENCE OWNED BY", "INDEX ATTACH", "TABLE ATTACH", "ROW SECURITY")
"""Whoever makes what they need makes them."""
_ENDED = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = %s"
_SCHEMAS = f"""
SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO {{role}}', nspname) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '{SCHEMA}')
"""
_SERVERS = "SELECT format('GRANT USAGE ON FOREIGN SERVER %I TO {role}', srvname) FROM pg_foreign_server"
# Until owners are what they are at the source, a function that runs as its owner would run as the superuser.
_DEFINERS = """
SELECT format('ALTER ROUTINE %%s OWNER TO {role}', named.identity) FROM pg_proc JOIN pg_roles AS r ON r.oid = proowner
CROSS JOIN LATERAL pg_identify_object('pg_proc'::regclass, pg_proc.oid, 0) AS named
WHERE prosecdef AND rolsuper AND named.identity = ANY (%s)
"""
_OWNERS = """
SELECT format('GRANT %I TO {role}', rolname) FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_'
    AND rolname <> '{role}' AND oid IN (
        SELECT relowner FROM pg_class UNION SELECT proowner FROM pg_proc UNION SELECT typowner FROM pg_type
        UNION SELECT nspowner FROM pg_namespace)
"""
_OF_SUPERUSERS = """
SELECT named.identity FROM pg_class AS c JOIN pg_roles AS r ON r.oid = relowner
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE rolsuper AND named.identity = ANY (%s)
"""


@dataclass(frozen=True)
class Hands:
    """Sessions of both: each makes what is its."""

    superuser: psycopg.Connection[Any]
    hand: psycopg.Connection[Any]
    of_superusers: frozenset[str]
    """Tables that are the superuser's: what the platform owned. Code of others is not in them."""
    made: Mapping[int, bool]
    """Entry → whether the hand makes it."""

    def of(self, by_hand: bool) -> psycopg.Connection[Any]:
        """Whose turn it is."""
        return self.hand if by_hand else self.superuser

    def of_table(self, name: str) -> psycopg.Connection[Any]:
        """Who works with a table."""
        return self.of(name not in self.of_superusers)

    def made_by_hand(self, one: DecidedEntry) -> bool:
        """True for whatever has an expression: to read one is to run it."""
        return self.made[one.entry.id]


@contextmanager
def hands(context: Context, *, quiet: bool = False) -> Iterator[Hands]:
    """A session of each; see `Target.connect`."""
    with context.target.connect(quiet=quiet) as superuser:
        other = context.target if quiet and not _may_be_lent_quiet(superuser) else context.hand
        with other.connect(quiet=quiet) as hand:
            own = _of_superusers(superuser, context)
            yield Hands(superuser, hand, own, _by_hand(context, own))


@contextmanager
def quiet(context: Context, table: str) -> Iterator[psycopg.Connection[Any]]:
    """A quiet session of whoever works with a table."""
    with context.target.connect(quiet=True) as superuser:
        if not _may_be_lent_quiet(superuser) or superuser.execute(_OF_SUPERUSERS, ([table],)).fetchall():
            yield superuser
            return
    with context.hand.connect(quiet=True) as hand:
        yield hand


def _may_be_lent_quiet(connection: psycopg.Connection[Any]) -> bool:
    """Whether anybody but the superuser may keep triggers from reacting to rows. Where not, it fills the tables."""
    return connection.info.server_version >= _PARAMETERS_SINCE


@contextmanager
def lent(target: Target) -> Iterator[Target]:
    """The target as the hand signs in, which is gone after the block; what a killed one has left goes before."""
    clear(target)
    with _somebody(target, _HAND) as hand:
        with target.connect() as connection:
            if _may_be_lent_quiet(connection):
                connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {hand.address.user}")
        yield hand


def clear(target: Target) -> None:
    """Take away what killed commands have left."""
    with target.connect() as connection:
        at_work = [str(name) for (name,) in connection.execute("SELECT usename FROM pg_stat_activity").fetchall()]
        left = throwaway_roles.left(connection, _HAND)
        for comment in (_READER, _APP):
            left += [name for name in throwaway_roles.left(connection, comment) if name not in at_work]
    for name in left:
        _remove(target, name)
    guard.fall(target)


@contextmanager
def reading(target: Target) -> Iterator[Target]:
    """The target as somebody signs in who may read everything, and is gone after the block."""
    with _somebody(target, _READER, "GRANT pg_read_all_data TO {role}") as reader:
        yield replace(reader, reads_only=True)


@contextmanager
def trying(target: Target, roles: Iterable[str]) -> Iterator[Target]:
    """The target as somebody signs in who may become these roles and nothing else, and is gone after the block."""
    from psycopg import sql

    grants = [sql.SQL("GRANT {} TO {{role}}").format(sql.Identifier(role)).as_string() for role in roles]
    with _somebody(target, _READER, "ALTER ROLE {role} NOINHERIT NOBYPASSRLS", *grants) as somebody:
        yield replace(somebody, reads_only=True)


@contextmanager
def as_app(target: Target) -> Iterator[Target]:
    """The target as somebody signs in who may what the app may, and is gone after the block."""
    with _somebody(target, _APP, f"GRANT {identifier(target.owner)} TO {{role}}") as somebody:
        yield replace(somebody, reads_only=target.reads_only)


@contextmanager
def _somebody(target: Target, comment: str, *statements: str) -> Iterator[Target]:
    target = replace(target, reads_only=False)
    with target.connect() as connection:
        name, password = throwaway_roles.make(connection, "migrate", comment)
    try:
        guard.stand(target)
        with target.connect() as connection:
            connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {identifier(target.address.database)} TO {name}")
            for statement in statements:
                connection.execute(statement.replace("{role}", name))
        with guard.told(), guard.passwords_kept(target, name):
            yield replace(target, address=replace(target.address, user=name, password=password))
    finally:
        _remove(target, name)


def _remove(target: Target, name: str) -> None:
    """Take it away; what nobody has got yet is the app's. A server that is away is cleared by the next run."""
    import psycopg

    from founderstack.migration.source import Unreachable

    with suppress(psycopg.OperationalError, Unreachable), target.connect() as connection:
        connection.execute(_ENDED, (name,))
        for statement in (f"REASSIGN OWNED BY {name} TO {identifier(target.owner)}", f"DROP OWNED BY {name}"):
            connection.execute(statement)
        connection.execute(f"DROP ROLE {name}")
        guard.fall(target)


def let_make(context: Context) -> None:
    """Let the hand make things in every schema that there is by now; functions that run as their owner run as it."""
    routines = [one.item.name for one in context.objects if one.carried and one.entry.kind in _ROUTINES]
    name = context.hand.address.user
    with context.target.connect() as target:
        _say(target, _SCHEMAS.format(role=name))
        _say(target, _SERVERS.format(role=name))
        context.journal.open_to(target, name)
        _say(target, _DEFINERS.replace("{role}", name), (routines,))


def let_work(context: Context) -> None:
    """Let the hand work with everything that has its owner by now, and refer to what stays the superuser's."""
    let_make(context)
    name = context.hand.address.user
    with context.target.connect() as target:
        _say(target, _OWNERS.format(role=name))
        for table in _of_superusers(target, context):
            target.execute(f"GRANT SELECT, REFERENCES, TRIGGER ON TABLE {table} TO {name}")


def _of_superusers(target: psycopg.Connection[Any], context: Context) -> frozenset[str]:
    names = [one.item.name for one in context.objects if one.carried and one.entry.kind == "TABLE"]
    return frozenset(str(name) for (name,) in target.execute(_OF_SUPERUSERS, (names,)).fetchall())


def _by_hand(context: Context, of_superusers: frozenset[str]) -> dict[int, bool]:
    every: dict[int, bool] = {}
    for one in context.objects:
        if one.entry.kind in _PROPERTIES:
            needs = [every[number] for number in one.entry.needs if number in every]
            every[one.entry.id] = bool(needs) and all(needs)
        else:
            lent = one.table not in of_superusers or one.entry.kind == "TRIGGER"
            every[one.entry.id] = lent and _has_expressions(one)
    return every


def _has_expressions(one: DecidedEntry) -> bool:
    if not runs_nothing(f"{one.entry.kind} ", one.entry.class_oid):
        return True
    return one.entry.kind in _ROUTINES and _computes(one.entry.sql)


@cache
def _computes(sql: str) -> bool:
    return any(computes(made) for made in statements(sql))


def _say(connection: psycopg.Connection[Any], question: str, values: Sequence[Any] | None = None) -> None:
    for (statement,) in connection.execute(question, values).fetchall():
        connection.execute(statement)
