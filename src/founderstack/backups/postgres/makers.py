"""Throw-away roles that bring back what is not the superuser's: they may nothing but make things in one new database.

Code that somebody has put into a database runs while it is brought back. It must not find itself the superuser, nor
the owner of anything that is used.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.backups.postgres.guarded import Guard, changes
from founderstack.backups.postgres.session import ask, connected, quoted, rows
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal
from founderstack.world.net import throwaway_roles

if TYPE_CHECKING:
    import psycopg

_COMMENT = "founder: makes what a restore brings back, and goes when that has ended"
_WHERE_IT_HAS_ANYTHING = """
SELECT DISTINCT datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid WHERE refclassid = 'pg_authid'::regclass
AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = {name})
"""
CLEARING = "20s"
"""Each statement that cleans up ends by then: whoever ends a command does not wait for what somebody holds on to, and
the next one that works with makers cleans up what is left."""
_BRIEFLY = f"SET lock_timeout = '{CLEARING}'; SET statement_timeout = '{CLEARING}'"
_QUALIFIED = "SET search_path = pg_catalog"
_LIMIT = "founder.connection_limit"
"""Set for a role while that limit of its database is lifted for it: what a killed one has lifted is put back."""
_LIFTED = f"""
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', datname, split_part(one, '=', 2))
FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) AS one
WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = {{name}}) AND one ~ '^{_LIMIT}=[0-9]{{{{1,9}}}}$'
"""
_SCHEMAS = """
SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO {role}', nspname) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', {name})
UNION ALL SELECT format('GRANT USAGE ON FOREIGN SERVER %I TO {role}', srvname) FROM pg_foreign_server
"""
# What runs as its owner must find its owner's tables, and those are the maker's for now.
_DEFINERS = """
SELECT p.oid::regprocedure::text, quote_ident(rolname) FROM pg_proc p JOIN pg_roles r ON r.oid = proowner
WHERE prosecdef AND NOT rolsuper AND rolname <> {name} AND pronamespace <> 'pg_catalog'::regnamespace
"""
# An index of the superuser that names a function would find one that fits better.
_PLANTED = """
SELECT p.oid::regprocedure::text, translate(format('%s %s %s(%s)', CASE prokind WHEN 'p' THEN 'PROCEDURE'
    ELSE 'FUNCTION' END, nspname, proname, (SELECT string_agg(format_type(type, NULL), ', ' ORDER BY place)
        FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, place))), E'\\n\\r', '  ')
FROM pg_proc p JOIN pg_roles r ON r.oid = proowner JOIN pg_namespace n ON n.oid = pronamespace
WHERE prokind <> 'a' AND rolname = {name}
UNION ALL SELECT o.oid::regoperator::text, '' FROM pg_operator o JOIN pg_roles r ON r.oid = oprowner
WHERE rolname = {name}
"""
_EXTENSIONS = "SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'"
_OTHERS = """
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_roles r ON r.oid = relowner
WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND rolname <> {name}
"""
_FILLED = f"""
SELECT format('GRANT INSERT ON TABLE %I.%I TO {{role}}', nspname, relname) {_OTHERS} AND c.oid NOT IN ({_EXTENSIONS})
"""
_REFERRED = f"""
SELECT format('%I.%I', nspname, relname),
    translate(format('TABLE %s %s %s', nspname, relname, rolname), E'\\n\\r', '  ') {_OTHERS}
"""
_MEMBERSHIPS = """
SELECT DISTINCT format('GRANT %I TO {role}', rolname) FROM pg_class JOIN pg_roles r ON r.oid = relowner
WHERE relkind = 'm' AND NOT rolsuper AND rolname !~ '^pg_' AND rolname <> {name}
"""
_SUPERUSERS = """
SELECT rolname FROM pg_roles r WHERE rolsuper AND NOT EXISTS (SELECT FROM pg_roles o
    WHERE NOT o.rolsuper AND right(translate(o.rolname, E'\\n\\r', '  '), length(r.rolname) + 1) = ' ' || r.rolname)
"""


@dataclass(frozen=True)
class Maker:
    """One of them, for one database."""

    server: Server
    database: str
    name: str
    password: str

    def prepare(self) -> dict[str, str]:
        """Let it make things in every schema that there is by now; the owners of functions that it has got."""
        self._say(_SCHEMAS)
        with connected(self.server, self.database, self.server.superuser) as connection:
            connection.execute(_QUALIFIED)
            found = dict(rows(connection, self._of(_DEFINERS)))
        self._do(*(f"ALTER ROUTINE {routine} OWNER TO {self.name}" for routine in found))
        return found

    def refuse_more_than(self, borrowed: Container[str], listed: Set[str]) -> None:
        """Raise StackError where code that ran meanwhile has made functions that could be taken for others'.

        `listed` are those that it has made for a restore, as the list of the archive calls them.
        """
        with connected(self.server, self.database, self.server.superuser) as connection:
            connection.execute(_QUALIFIED)
            made = [(name, words) for name, words in rows(connection, self._of(_PLANTED)) if name not in borrowed]
            roles = rows(connection, "SELECT rolname FROM pg_roles") if made and listed else []
        wanted = {name for name, words in made if any(f"{words} {role}" in listed for (role,) in roles)}
        made_more = [name for name, _words in made if name not in wanted]
        if made_more:
            why = _("Code in it, such as a check, has made: {names}.").format(names=", ".join(made_more[:10]))
            raise changes(self.database, why)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Let it fill tables of the superuser that no extension has made, for the while.

        A check may keep something in a temporary table, and only now: one that is called `text` would be the type of
        columns that are made by the same session.
        """
        self._say(_FILLED)
        self._do(f"GRANT TEMPORARY ON DATABASE {quoted(self.database)} TO {self.name}")
        yield
        self._do(f"REVOKE TEMPORARY ON DATABASE {quoted(self.database)} FROM {self.name}")

    @contextmanager
    def referring(self, listed: Set[str]) -> Iterator[None]:
        """Let it refer to those tables of others that an archive lists so, for the while.

        It reads them: else whoever owns them would, in its name.
        """
        with connected(self.server, self.database, self.server.superuser) as connection:
            connection.execute(_QUALIFIED)
            found = [name for name, words in rows(connection, self._of(_REFERRED)) if words in listed]
        self._do(*(f"GRANT REFERENCES, SELECT ON TABLE {name} TO {self.name}" for name in found))
        yield
        self._do(*(f"REVOKE REFERENCES, SELECT ON TABLE {name} FROM {self.name}" for name in found))

    def let_refresh(self) -> None:
        """Let it have materialized views filled, which happens as their owners who can do nothing else meanwhile."""
        self._say(_MEMBERSHIPS)

    def remove(self) -> None:
        """Take away what it may, with whatever somebody's code has made by it, and then itself."""
        self._do(f"DROP OWNED BY {self.name}")
        ask(self.server, "postgres", f"DROP ROLE {self.name}")
        self.guard.fall()

    @property
    def guard(self) -> Guard:
        """What keeps code in its sessions from making anything."""
        return Guard(self.server, self.database, self.name, self.password)

    def _say(self, question: str) -> None:
        self._do(*ask(self.server, self.database, _QUALIFIED, self._of(question)))

    def _do(self, *statements: str) -> None:
        ask(self.server, self.database, _QUALIFIED, *statements)

    def _of(self, question: str) -> str:
        return question.format(role=self.name, name=literal(self.name))


def make(server: Server, database: str, tablespaces: tuple[str, ...]) -> Maker:
    """A new one; `Maker.guard` is still to stand."""
    maker = Maker(server, database, *_role(server))
    ask(
        server,
        "postgres",
        f"GRANT CONNECT ON DATABASE {quoted(database)} TO {maker.name}",
        *(f"GRANT CREATE ON TABLESPACE {quoted(name)} TO {maker.name}" for name in tablespaces),
    )
    return maker


@contextmanager
def reading(server: Server, database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of somebody who may read everything and change nothing, and is gone after the block.

    To plan a question about a table is enough for PostgreSQL to compute what its indexes are made of: code of whoever
    owns it.
    """
    name, password = _role(server)
    entering = f"GRANT CONNECT ON DATABASE {quoted(database)} TO {name}"
    leaving = f"REVOKE ALL ON DATABASE {quoted(database)} FROM {name}"
    with _afterwards(server, leaving, f"DROP ROLE {name}"):
        ask(server, "postgres", f"GRANT pg_read_all_data TO {name}", entering)
        with ExitStack() as stack:
            with _without_limit(server, database, name):
                connection = stack.enter_context(connected(server, database, name, password))
            connection.execute("SET default_transaction_read_only = on")
            yield connection


@contextmanager
def _afterwards(server: Server, *statements: str) -> Iterator[None]:
    """Say this after the block, however it ended.

    Where it failed, that is what is told, and what could not be cleaned up is left to the next `clear`.
    """
    try:
        yield
    except BaseException:
        with suppress(StackError):
            ask(server, "postgres", _BRIEFLY, *statements)
        raise
    ask(server, "postgres", _BRIEFLY, *statements)


@contextmanager
def _without_limit(server: Server, database: str, role: str) -> Iterator[None]:
    """Whoever signs in now is not counted: a limit of connections holds for everybody but the superuser."""
    named = f"FROM pg_database WHERE datname = {literal(database)} AND datconnlimit >= 0"
    limits = ask(server, "postgres", f"SELECT datconnlimit {named}")
    changing, note = f"ALTER DATABASE {quoted(database)} CONNECTION LIMIT", f"ALTER ROLE {role} IN DATABASE"
    with ExitStack() as stack:
        for limit in limits:
            noted, over = (
                f"{note} {quoted(database)} {end}" for end in (f"SET {_LIMIT} = '{limit}'", f"RESET {_LIMIT}")
            )
            stack.enter_context(_afterwards(server, "BEGIN", f"{changing} {limit}", over, "COMMIT"))
            ask(server, "postgres", "BEGIN", noted, f"{changing} -1", "COMMIT")
        yield


def _role(server: Server) -> tuple[str, str]:
    """Name and password of a new one, who may sign in."""
    with connected(server, "postgres", server.superuser) as connection:
        return throwaway_roles.make(connection, "restore", _COMMENT)


def clear(server: Server) -> None:
    """Remove those that a killed restore or backup has left, as far as it goes while what one has made is there."""
    with connected(server, "postgres", server.superuser) as connection:
        left = throwaway_roles.left(connection, _COMMENT)
    for name in left:
        with suppress(StackError):
            ask(server, "postgres", _BRIEFLY, *ask(server, "postgres", _LIFTED.format(name=literal(name))))
            found = ask(server, "postgres", _WHERE_IT_HAS_ANYTHING.format(name=literal(name)))
            for database in ("postgres", *found):
                ask(server, database, _BRIEFLY, f"DROP OWNED BY {name} CASCADE")
            ask(server, "postgres", _BRIEFLY, f"DROP ROLE {name}")


def extension_tables(server: Server, database: str) -> tuple[str, ...]:
    """The rows of tables that extensions have made, as the list of an archive calls them, whosever they were there."""
    question = f"""SELECT translate(format('TABLE DATA %s %s %s', nspname, relname, rolname), E'\\n\\r', '  ')
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace CROSS JOIN pg_roles
        WHERE c.oid IN ({_EXTENSIONS})"""
    return tuple(ask(server, database, _QUALIFIED, question))


def superusers(server: Server) -> frozenset[str]:
    """The names of those who may do everything; none that somebody else's name could be taken for in a list."""
    return frozenset(ask(server, "postgres", _SUPERUSERS))
