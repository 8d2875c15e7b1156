"""The engine `dump`: pg_dump in its custom format for each database, inside one snapshot each, and the roles."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from urllib.parse import quote

from founderstack.backups import facts, papers
from founderstack.backups.server import connected, rows, sign_in
from founderstack.backups.streams import Told
from founderstack.model.backup import DatabaseFacts, Facts, Manifest
from founderstack.model.protocols import Progress, Server, SetWriter, Taken
from founderstack.world.pipes import output_of

NICE = 10
"""A backup gives way to the app."""
_DATABASES = (
    """
SELECT datname, has_database_privilege(datname, 'CONNECT') FROM pg_database
WHERE datallowconn AND NOT datistemplate AND coalesce(shobj_description(oid, 'pg_database'), '') <> '%s'
ORDER BY datname COLLATE "C"
"""
    % facts.COPY
)
# What even a role that may read everything is not shown whole: the superuser dumps a database with any of it.
_HIDDEN = """
SELECT (SELECT count(*) FROM pg_largeobject_metadata) + (SELECT count(*) FROM pg_user_mapping)
    + (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
        WHERE d.datname = current_database())
"""
_LOCK_WAIT = "60s"


class Dump:
    """Takes dumps. Restorable with Debian's `age` and `pg_restore` alone, on this PostgreSQL or a later one."""

    name = "dump"
    kinds = ("full",)

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> Taken:
        """Every database and role of the server, by the role that only reads where that is enough."""
        reader = server.reader or server.superuser
        with connected(server, "postgres", reader) as connection:
            reachable = dict(rows(connection, _DATABASES))
        dumped = [
            _database(server, name, reader if reachable.get(name) else server.superuser, out, progress)
            for name in server.databases or tuple(reachable)
        ]
        with connected(server, "postgres", reader) as connection:
            ((version,),) = rows(connection, "SHOW server_version")
            roles = facts.roles_digest(connection)
            command = [f"{server.binaries}/pg_dumpall", "--globals-only", "--no-password"]
            command += ["-h", server.socket, "-p", str(server.port), "-U", reader, "-l", "postgres"]
            with output_of(command, user=server.user, nice=NICE) as stream:
                out.add("database/globals.sql", "globals", "", Told(stream, "roles", progress))
        whole = Facts(tuple(found for found, _at in dumped), roles, str(version))
        out.add("database/facts.json", "facts", "", io.BytesIO(papers.written(whole)))
        return Taken("full", min((at for _found, at in dumped), default=0.0), whole)

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Nothing lies outside the sets."""


def _database(server: Server, name: str, role: str, out: SetWriter, progress: Progress) -> tuple[DatabaseFacts, float]:
    """Dump one database; what it held and when, both of the very snapshot that was dumped."""
    with connected(server, name, role) as connection:
        snapshot, at = facts.begin(connection)
        ((hidden,),) = rows(connection, _HIDDEN)
        if hidden and role != server.superuser:
            return _database(server, name, server.superuser, out, progress)
        # One core is for the dump itself.
        connection.execute("SET max_parallel_workers_per_gather = 0")
        command = [f"{server.binaries}/pg_dump", "--format=custom", f"--snapshot={snapshot}"]
        command += [f"--lock-wait-timeout={_LOCK_WAIT}", *sign_in(server, role, name)]
        with _Aside(lambda: facts.database_facts(connection, superuser=role == server.superuser)) as counted:
            with output_of(command, user=server.user, nice=NICE) as stream:
                out.add(f"database/{quote(name, safe='')}.dump", "dump", name, Told(stream, name, progress))
            return counted(), at


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

    def __exit__(self, *_: object) -> None:
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
