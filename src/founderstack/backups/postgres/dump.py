"""The engine `dump`: pg_dump in its custom format for each database, inside one snapshot each, and the roles."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from founderstack.backups.postgres import facts, makers
from founderstack.backups.postgres.session import connected, environment, quoted, rows, sign_in
from founderstack.backups.sets import documents
from founderstack.backups.sets.streams import CountingSource, attempt
from founderstack.locale import _
from founderstack.model.backup import DatabaseFacts, Facts, Manifest, Table
from founderstack.model.errors import StackError
from founderstack.model.protocols import EngineResult, Progress, Server, SetWriter
from founderstack.world.net.throwaway_roles import PATTERN
from founderstack.world.os.process_streams import output_of

NICE = 10
"""A backup gives way to the app."""
_DATABASES = f"""
SELECT datname, datallowconn, datconnlimit, has_database_privilege(datname, 'CONNECT'),
    {facts.COMMENT}
FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname COLLATE "C"
"""
_NO_LIMIT, _INVALID = -1, -2
"""Of pg_database.datconnlimit; the other is what a DROP DATABASE leaves that was interrupted."""
# What even a role that may read everything is not shown whole: the superuser dumps a database with any of it.
_HIDDEN = """
SELECT (SELECT count(*) FROM pg_largeobject_metadata) + (SELECT count(*) FROM pg_user_mapping)
    + (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
        WHERE d.datname = current_database())
"""
_MOVING = f"""
SELECT EXISTS (SELECT FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.refobjid
    WHERE d.datname = current_database() AND s.refclassid = 'pg_authid'::regclass AND r.rolname ~ '^{PATTERN}$')
"""
_LOCK_WAIT = "60s"
_ONE_CORE = "SET max_parallel_workers_per_gather = 0"
"""The other is for the dump itself."""


class Dump:
    """Takes dumps. Restorable with Debian's `age` and `pg_restore` alone, on this PostgreSQL or a later one."""

    name = "dump"
    kinds = ("full",)

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> EngineResult:
        """Every database and role of the server, by the role that only reads where that is enough.

        A database that cannot be dumped is named, and the others are there.
        """
        makers.clear(server)
        reader = server.reader or server.superuser
        with connected(server, "postgres", reader) as connection:
            found = [_Found(*row) for row in rows(connection, _DATABASES)]
        dumped: list[tuple[DatabaseFacts, float]] = []
        lacks = _not_there(server, found)
        for one in found:
            if one.name in server.databases or not (server.databases or one.copied(server)):
                outcome = one.refusal(server) or _attempted(server, one, out, progress)
                if isinstance(outcome, StackError):
                    lacks.append(outcome.summary)
                else:
                    dumped.append(outcome)
        with connected(server, "postgres", reader) as connection:
            ((version, now),) = rows(
                connection, "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8"
            )
            roles = facts.roles_digest(connection)
            command = [f"{server.binaries}/pg_dumpall", "--globals-only", "--no-password"]
            command += ["-h", server.socket, "-p", str(server.port), "-U", reader, "-l", "postgres"]
            with output_of(command, user=server.user, env=environment(server, reader), nice=NICE) as stream:
                out.add("database/globals.sql", "globals", "", CountingSource(stream, "roles", progress))
        whole = Facts(tuple(about for about, _at in dumped), roles, str(version))
        out.add("database/facts.json", "facts", "", io.BytesIO(documents.written(whole)))
        return EngineResult("full", min((at for _about, at in dumped), default=float(now)), whole, lacks=tuple(lacks))

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Nothing lies outside the sets."""


@dataclass(frozen=True)
class _Found:
    """A database of the server, as a backup needs to know it."""

    name: str
    open: bool
    """False where nobody may connect, not even the superuser."""
    limit: int
    enter: bool
    """True where the role that reads may connect."""
    comment: str

    def copied(self, server: Server) -> bool:
        """True for what a restore has put beside the used ones; not for one that somebody gave another name since."""
        return self.comment == facts.COPY and self.name.endswith(facts.COPY_ENDINGS) and self.name != server.needed

    def role(self, server: Server) -> str:
        """Who dumps it: a limit of connections holds for everybody but the superuser."""
        return server.reader if server.reader and self.enter and self.limit == _NO_LIMIT else server.superuser

    def refusal(self, server: Server) -> StackError | None:
        """Why nobody can read it, None where somebody can."""
        if self.limit == _INVALID:
            why = _("It is what a DROP DATABASE left that was interrupted, and can only be removed: {command}")
            command = server.in_psql(f"DROP DATABASE {quoted(self.name)};")
        elif not self.open:
            why = _("It takes no connections. After an interrupted restore this opens it: founder up; else: {command}")
            command = server.in_psql(f"ALTER DATABASE {quoted(self.name)} ALLOW_CONNECTIONS true;")
        else:
            return None
        return StackError(_("The database {name} is not in it").format(name=self.name), why.format(command=command), "")


def _not_there(server: Server, found: Sequence[_Found]) -> list[str]:
    """What is to be said where the app's database is missing."""
    if not server.needed or server.databases or server.needed in [one.name for one in found]:
        return []
    return [_("The database {name} is not in it: the server has none of that name.").format(name=server.needed)]


def _attempted(
    server: Server, one: _Found, out: SetWriter, progress: Progress
) -> tuple[DatabaseFacts, float] | StackError:
    outcome = attempt(out, lambda part: _database(server, one.name, one.role(server), part, progress))
    if isinstance(outcome, StackError):
        what = _("The database {name} is not in it").format(name=one.name)
        return StackError(what, outcome.summary, outcome.fix)
    return outcome


def _database(server: Server, name: str, role: str, out: SetWriter, progress: Progress) -> tuple[DatabaseFacts, float]:
    """Dump one database; what it held and when, both of the very snapshot that was dumped."""
    with connected(server, name, role) as connection:
        snapshot, at = facts.begin(connection)
        ((moving,),) = rows(connection, _MOVING)
        if moving:
            raise _half_moved()
        ((hidden,),) = rows(connection, _HIDDEN)
        if hidden and role != server.superuser:
            return _database(server, name, server.superuser, out, progress)
        connection.execute(_ONE_CORE)
        command = [f"{server.binaries}/pg_dump", "--format=custom", f"--snapshot={snapshot}"]
        command += [f"--lock-wait-timeout={_LOCK_WAIT}", *sign_in(server, role, name)]
        with (
            _looking(server, name, connection, snapshot if role == server.superuser else "") as (looking, large),
            _Aside(lambda: facts.database_facts(looking, large)) as counted,
        ):
            with output_of(command, user=server.user, env=environment(server, role), nice=NICE) as stream:
                out.add(f"database/{quote(name, safe='')}.dump", "dump", name, CountingSource(stream, name, progress))
            return counted(), at


def _half_moved() -> StackError:
    """What a migration still works with belongs to its throw-away role, which no restore would make."""
    return StackError(
        _("A migration is filling it"),
        _("There is nothing of its own in it before the cut-over. Where one was killed, end it: {command}").format(
            command="founder migrate run"
        ),
        "",
    )


@contextmanager
def _looking(server: Server, name: str, connection: Any, shared: str) -> Iterator[tuple[Any, tuple[Table, ...]]]:
    """Who looks at the rows, in the snapshot `shared` where it is the superuser's, and the large objects if so."""
    if not shared:
        yield connection, ()
        return
    with makers.reading(server, name) as looking:
        facts.begin(looking, shared)
        looking.execute(_ONE_CORE)
        yield looking, facts.large_objects(connection)


class _Aside:
    """Does something in a thread while the block runs; calling what it gives waits for the outcome."""

    def __init__(self, work: Callable[[], DatabaseFacts]) -> None:
        self._work = work
        self._done: DatabaseFacts | None = None
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Callable[[], DatabaseFacts]:
        self._thread.start()
        return self._outcome

    def __exit__(self, *_error: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._done = self._work()
        except BaseException as problem:  # noqa: BLE001 - raised again where the outcome is asked for
            self._problem = problem

    def _outcome(self) -> DatabaseFacts:
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        assert self._done is not None
        return self._done
