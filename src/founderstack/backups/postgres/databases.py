"""Gives databases and roles back from a set, into any running server of the same major version or a later one."""

from __future__ import annotations

from contextlib import suppress

from founderstack.backups.postgres import facts, makers, settings
from founderstack.backups.postgres.deadlines import LEAST_S, ended_in_time
from founderstack.backups.postgres.dump_restore import DumpRestore, bring_back
from founderstack.backups.postgres.insisting import LOCKING, NOBODY, insist
from founderstack.backups.postgres.session import ask, connected, quoted
from founderstack.backups.sets import documents
from founderstack.backups.sets.set_store import OpenSet
from founderstack.locale import _, shortened
from founderstack.model.backup import DatabaseFacts, Facts, Manifest, SetFile
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.protocols import Progress, Server
from founderstack.model.sql import literal


def facts_of(opened: OpenSet) -> Facts:
    """What the set's databases held; no databases where it holds no dump."""
    for file in opened.manifest.of_kind("facts"):
        try:
            return documents.read(Facts, opened.paper(file))
        except ValueError:
            raise damaged(file.name) from None
    return Facts()


def refuse_older_server(manifest: Manifest, server: Server) -> None:
    """Raise StackError where the dumps are of a later major version than the server."""
    major = ask(server, "postgres", "SHOW server_version_num")[0][:-4]
    theirs = manifest.major
    if theirs and int(theirs) > int(major):
        raise StackError(
            _("The set {id} cannot be restored here").format(id=manifest.id),
            _("It was taken from PostgreSQL {theirs}, and this server is {ours}: a dump goes forward only.").format(
                theirs=theirs, ours=major
            ),
            _("Restore it on a machine whose distribution has PostgreSQL {theirs} or later.").format(theirs=theirs),
            exit_code=EXIT_PRECONDITION,
        )


def restore_database(
    server: Server, opened: OpenSet, about: DatabaseFacts, into: str, progress: Progress, *, table: str = ""
) -> tuple[str, ...]:
    """Restore one database under the name `into`, which is made anew; `counted` tells what it holds then.

    With `table` (`schema.name`), only that table's rows, among empty ones. What is set for it and this server refuses,
    in words. Raises StackError, and removes what it made, where anything else goes wrong.
    """
    file = _dump_of(opened.manifest, about.name)
    wanted = _table_of(about, table) if table else None
    drop_copy(server, into)
    makers.clear(server)
    (version,) = ask(server, "postgres", "SHOW server_version_num")
    spread = about.tablespaces if _has_tablespaces(server, about) else ()
    try:
        ask(server, "postgres", *_create(about, into, int(version)))
        refused = settings.give_money(server, about, into)
        bring_back(DumpRestore(server, opened, file, into, spread, wanted), progress)
        ask(server, "postgres", *_opened(about, into, whole=not wanted))
        return refused if wanted else settings.give(server, settings.of_database(about, into))
    except BaseException as problem:
        # Whoever ends it does not wait; after a failure what may fill the disk must go, however long that takes.
        limit = "0" if isinstance(problem, StackError) else makers.CLEARING
        with suppress(StackError):  # the next restore removes what is left; what went wrong first is what must be told
            drop(server, into, limit)
            makers.clear(server)
        raise


def counted(
    server: Server, database: str, like: DatabaseFacts | None = None, least_s: float = LEAST_S
) -> DatabaseFacts:
    """What a database holds now, counted in the way in which `like` was; ended where that takes too long."""
    with connected(server, database, server.superuser) as connection:
        large = facts.large_objects(connection)
    with makers.reading(server, database) as connection, ended_in_time(server, connection, database, least_s):
        facts.begin(connection)
        return facts.database_facts(connection, large, like.tables if like else ())


def drop(server: Server, database: str, limit: str = "0") -> None:
    """Remove a database, whoever is connected to it or holds on to it; each statement ends at the limit, if there is
    one. Raises StackError where it is still there then."""
    template = ask(
        server, "postgres", f"SELECT 1 FROM pg_database WHERE datistemplate AND datname = {literal(database)}"
    )
    usual = [f"ALTER DATABASE {quoted(database)} IS_TEMPLATE false"] if template else []
    dropping = f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)"
    insist(server, (database,), ([*usual, dropping],), NOBODY, LOCKING, limit)


def drop_copy(server: Server, database: str) -> None:
    """Remove a copy of ours, or what one has replaced; nothing where there is none. Raises StackError where it is
    anybody else's: a name says nothing about whose a database is."""
    comment = ask(server, "postgres", f"SELECT {facts.COMMENT} FROM pg_database WHERE datname = {literal(database)}")
    if comment and comment[0] not in (facts.COPY, facts.REPLACED):
        removing = server.in_psql(f"DROP DATABASE {quoted(database)};")
        raise StackError(
            _("There is a database {name} already").format(name=database),
            _("A restore needs that name for a while, and nobody but you knows whether it may go."),
            _("Give it another name, or remove it: {command}").format(command=removing),
            exit_code=EXIT_PRECONDITION,
        )
    drop(server, database)


def exists(server: Server, database: str) -> bool:
    """True where the server has a database of that name."""
    return bool(ask(server, "postgres", f"SELECT 1 FROM pg_database WHERE datname = {literal(database)}"))


def made(server: Server, database: str) -> tuple[float, int] | None:
    """When a database was created, as far as its files show, and its bytes; None where there is none."""
    at = "extract(epoch FROM (pg_catalog.pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification)::float8"
    answer = f"coalesce({at}, 0) || ' ' || pg_catalog.pg_database_size(oid)"
    found = ask(server, "postgres", f"SELECT {answer} FROM pg_database WHERE datname = {literal(database)}")
    return (float(found[0].split()[0]), int(found[0].split()[1])) if found else None


def size(server: Server) -> int:
    """Bytes of all databases."""
    return int(ask(server, "postgres", "SELECT sum(pg_database_size(oid)) FROM pg_database WHERE datallowconn")[0])


def _has_tablespaces(server: Server, about: DatabaseFacts) -> bool:
    """True where the server has those that the database is spread over; else all of it goes to the usual place."""
    there = ask(server, "postgres", "SELECT spcname FROM pg_tablespace")
    return bool(about.tablespaces) and set(about.tablespaces) <= set(there)


def _create(about: DatabaseFacts, into: str, version: int) -> list[str]:
    """Nobody's but the superuser's until all is there: in a half-made one rights are not yet what they will be."""
    return [
        f"CREATE DATABASE {quoted(into)} TEMPLATE template0 ALLOW_CONNECTIONS false "
        f"CONNECTION LIMIT {facts.BEGUN} ENCODING {literal(about.encoding)} "
        f"LC_COLLATE {literal(about.collate)} LC_CTYPE {literal(about.ctype)}{_locale(about, version)}",
        f"COMMENT ON DATABASE {quoted(into)} IS {literal(facts.COPY)}",
        f"REVOKE ALL ON DATABASE {quoted(into)} FROM PUBLIC",
        f"ALTER DATABASE {quoted(into)} ALLOW_CONNECTIONS true CONNECTION LIMIT -1",
    ]


def _opened(about: DatabaseFacts, into: str, *, whole: bool) -> list[str]:
    owner = f"ALTER DATABASE {quoted(into)} OWNER TO {quoted(about.owner)}"
    usual = [f"GRANT CONNECT, TEMPORARY ON DATABASE {quoted(into)} TO PUBLIC"]
    return [owner, *(_rights(about, into) if whole else usual)]


def _locale(about: DatabaseFacts, version: int) -> str:
    if version < 150000:  # before 15 it was always the system's
        return ""
    provider, locale, rules = about.locale
    if provider == "i":
        return f" LOCALE_PROVIDER icu ICU_LOCALE {literal(locale)}" + (f" ICU_RULES {literal(rules)}" if rules else "")
    return f" LOCALE_PROVIDER builtin BUILTIN_LOCALE {literal(locale)}" if provider == "b" else " LOCALE_PROVIDER libc"


def _rights(about: DatabaseFacts, into: str) -> list[str]:
    lines = [f"REVOKE ALL ON DATABASE {quoted(into)} FROM PUBLIC"]
    for grantee, privilege, grantable in about.grants:
        who = quoted(grantee) if grantee else "PUBLIC"
        option = " WITH GRANT OPTION" if grantable else ""
        lines.append(f"GRANT {privilege} ON DATABASE {quoted(into)} TO {who}{option}")
    lines.append(f"ALTER DATABASE {quoted(into)} CONNECTION LIMIT {about.limit} IS_TEMPLATE {about.template}")
    return lines


def _table_of(about: DatabaseFacts, table: str) -> tuple[str, str]:
    """Schema and name of a table of the dump; `public` where no schema is given."""
    schema, _dot, name = table.rpartition(".")
    found = (schema or "public", name)
    if f"{quoted(found[0])}.{quoted(found[1])}" not in {one.name for one in about.tables}:
        raise StackError(
            _("There is no table “{name}” in the dump of {database}").format(name=table, database=about.name),
            _("It holds: {names}.").format(names=shortened([one.name.replace('"', "") for one in about.tables]) or "–"),
            _("Name it as SCHEMA.TABLE."),
            exit_code=EXIT_USAGE,
        )
    return found


def _dump_of(manifest: Manifest, database: str) -> SetFile:
    found = [file for file in manifest.of_kind("dump") if file.about == database]
    if found:
        return found[0]
    names = ", ".join(file.about for file in manifest.of_kind("dump")) or "–"
    raise StackError(
        _("The set {id} holds no database “{name}”").format(id=manifest.id, name=database),
        _("It holds: {names}.").format(names=names),
        _("Name one of these, or take another set: founder backups"),
        exit_code=EXIT_USAGE,
    )


def damaged(name: str) -> StackError:
    """The error for a part of a set that is not what was written."""
    return StackError(
        _("{name} is damaged").format(name=name),
        _("What was read is not what was written."),
        _("Take another set: founder backups"),
    )
