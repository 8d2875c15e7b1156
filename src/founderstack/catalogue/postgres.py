"""PostgreSQL: the stack's main database."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from founderstack.catalogue import _memory, _packaged, _postgres_roles as roles
from founderstack.catalogue._postgres_roles import APP, DATABASE, PROBE, READER, VIEWER
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Credential, Port, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import Archive, Database, Endpoint, Variables

MAJORS = {"debian:12": "15", "debian:13": "17", "ubuntu:22.04": "14", "ubuntu:24.04": "16", "ubuntu:26.04": "18"}


@dataclass(frozen=True)
class PostgresSettings:
    port: int = setting(0, least=0, most=65535)
    """TCP port on loopback; 0 takes 5432, or the next free one, and keeps it."""
    memory_share_percent: int = setting(50, least=5, most=90)
    """Share of the machine's memory that PostgreSQL may plan with."""
    max_connections: int = setting(0, least=0, most=2000)
    """Most connections at a time; 0 derives it from the memory."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    port = view.port("sql")
    etc, run = places.etc("postgres"), places.run("postgres")
    binaries = _binaries(view)
    return (
        p.Process(
            name="postgres",
            component="postgres",
            card=_card(view),
            argv=(f"{binaries}/postgres", "-D", _data(view), *_at_start(view)),
            cwd=places.data("postgres"),
            folders=(p.Folder(places.data("postgres")), p.Folder(run, enter="app")),
            files=(
                p.File(f"{etc}/postgresql.conf", _configuration(view)),
                p.File(f"{etc}/pg_hba.conf", _packaged.text("postgres_files", "pg_hba.conf")),
                p.File(f"{etc}/pg_ident.conf", _ident(view)),
                p.File(f"{etc}/archive-wal", _packaged.text("postgres_files", "archive-wal.sh"), executable=True),
            ),
            ready=p.Probe("sql", f"{run}:{port}", ask="SELECT 1", credential=PROBE, timeout_s=60),
            needs=("postgres/packages", "postgres/initdb"),
            # Fast shutdown: ends sessions, keeps every commit. TERM would wait for clients to leave.
            stop_signal="INT",
            stop_wait_s=60,
            reload_signal="HUP",
            signs=_memory.NONE_SHARED,
        ),
    )


def _card(view: View) -> p.Card:
    return p.Card(
        title=N_("PostgreSQL"),
        group="data",
        summary=N_("Main database"),
        version=view.choices.versions["postgres"],
        address=view.endpoint("database").address,
        asks_first=True,
    )


def tasks(view: View) -> tuple[p.Task, ...]:
    binaries = _binaries(view)
    return (_packages(view), _cluster(view), roles.roles(view, binaries), roles.former_sign_ins(view, binaries))


def _packages(view: View) -> p.Task:
    package = f"postgresql-{view.choices.versions['postgres']}"
    return p.Task(
        name="postgres/packages",
        component="postgres",
        summary=N_("PostgreSQL from the distribution"),
        action=p.Install(packages=(package,), provides=(f"{_binaries(view)}/postgres",)),
    )


def _cluster(view: View) -> p.Task:
    """initdb, beside its place and then renamed: a kill in the middle leaves nothing that looks whole."""
    data, binaries = _data(view), _binaries(view)
    fresh = f"{data}.new"
    initdb = (f"{binaries}/initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums")
    # The role that asks whether the server is ready must be there before it first starts.
    probe = f"CREATE ROLE {PROBE} LOGIN CONNECTION LIMIT 5\n"
    single = (f"{binaries}/postgres", "--single", "-D", fresh, "postgres")
    return p.Task(
        name="postgres/initdb",
        component="postgres",
        summary=N_("an empty database cluster with checksums"),
        action=p.Run(
            commands=(
                p.Command(("/bin/rm", "-rf", fresh), unless_exists=data),
                p.Command((*initdb, "--auth-local=peer", "--auth-host=scram-sha-256"), unless_exists=data),
                p.Command(single, stdin=probe, unless_exists=data),
                p.Command(("/bin/mv", "-T", fresh, data), unless_exists=data),
            ),
            folders=(p.Folder(view.places.data("postgres")),),
            # An initdb that outlived a killed `up` would go on writing. Without data, nothing else runs as this user.
            alone_until=data,
        ),
        needs=("postgres/packages",),
        signs=_memory.NONE_SHARED,
    )


def endpoints(view: View) -> tuple[Endpoint, ...]:
    return (Endpoint("database", "direct", view.host, view.port("sql"), view.places.run("postgres")),)


def variables(view: View) -> tuple[Variables, ...]:
    # Nobody else can take the socket while the server is down; its folder is the server's, and the app may enter it.
    pooled = view.endpoint("database", "pooled")
    url = _url(pooled, APP.login(view.secret_digests), APP.secret)
    return (Variables({"DATABASE_URL": url, "DATABASE_SOCKET": pooled.socket}),)


def credentials(view: View) -> tuple[Credential, ...]:
    direct = view.endpoint("database")
    sign_ins = ((APP.login(view.secret_digests), APP.secret), (VIEWER, "postgres.founder"))
    return tuple(
        Credential(
            name=f"PostgreSQL: {user}",
            user=user,
            secret=name,
            url=_url(direct, user, name),
            command=f"psql -h {direct.host} -p {direct.port} -U {user} {DATABASE}",
        )
        for user, name in sign_ins
    )


def database(view: View) -> tuple[Database, ...]:
    return (
        Database(
            name=DATABASE,
            viewer=VIEWER,
            viewer_secret="postgres.founder",
            binaries=_binaries(view),
            folder=_data(view),
            archive_status=f"{_data(view)}/pg_wal/archive_status",
            account="postgres",
            reader=READER,
            rotating_roles=roles.rotating(view),
        ),
    )


def _url(endpoint: Endpoint, user: str, password: str) -> str:
    return f"postgres://{user}:{secret(password, 'url')}@{endpoint.address}/{DATABASE}"


def _data(view: View) -> str:
    return f"{view.places.data('postgres')}/pgdata"


def _binaries(view: View) -> str:
    return f"/usr/lib/postgresql/{view.choices.versions['postgres']}/bin"


def _at_start(view: View) -> tuple[str, ...]:
    """What the server reads at its start alone: on its command line, so that a change of it is a restart.

    What later parts build on (replication, archiving) is set from the start.
    """
    settings = {
        "config_file": f"{view.places.etc('postgres')}/postgresql.conf",
        "listen_addresses": view.host,
        "port": view.port("sql"),
        "unix_socket_directories": view.places.run("postgres"),
        "unix_socket_permissions": "0777",  # the folder decides who may come near it
        "shared_preload_libraries": "pg_stat_statements",
        "track_commit_timestamp": "on",
        "wal_level": "logical",
        **dict.fromkeys(("max_wal_senders", "max_replication_slots"), 10),
        "archive_mode": "on",
        "max_connections": _memory.connections(view),
        "max_locks_per_transaction": _memory.locks_each(view),
        "shared_buffers": f"{_memory.shared_mib(view)}MB",
        "max_worker_processes": max(8, view.machine.cores),
        "hba_file": f"{view.places.etc('postgres')}/pg_hba.conf",
        "ident_file": f"{view.places.etc('postgres')}/pg_ident.conf",
    }
    return tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))


def _configuration(view: View) -> str:
    """postgresql.conf: all that the server reads again on a reload."""
    settings = {
        "password_encryption": "scram-sha-256",
        "archive_command": _archive_command(view),
        # Nothing that was committed waits longer than this for its place elsewhere.
        "archive_timeout": "60s" if view.find(Archive) else 0,
        "jit": "off",
        "random_page_cost": 1.1,
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_min_duration_statement": "1s",
        "log_lock_waits": "on",
        **dict.fromkeys(("timezone", "log_timezone"), "'UTC'"),
        **_memory.settings(view),
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _ident(view: View) -> str:
    database_user, owner = view.system_user("postgres"), view.machine.user
    users = dict.fromkeys((database_user, owner))  # the owner can become the server's own user anyway
    lines = [f"founder {user} {role}" for role in ("postgres", PROBE, READER) for user in users]
    return "\n".join(lines) + "\n"


def _archive_command(view: View) -> str:
    """Through one program, so that archiving starts and ends by a file; pgBackRest insists on being named in it."""
    archive = view.find(Archive)
    words = (archive.folder, *archive.command) if archive else ()
    # Quoted for the shell, then for the setting, in which a percent sign begins a placeholder.
    quoted = " ".join(shlex.quote(word).replace("'", "''").replace("%", "%%") for word in words)
    return f"'{view.places.etc('postgres')}/archive-wal %p %f {quoted}'"


COMPONENT = Component(
    name="postgres",
    summary=N_("PostgreSQL, the main database"),
    role="database",
    phase=1,
    backup=Backup("postgres", "every database and role"),
    settings=PostgresSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=100,
    versions=MAJORS,
    systems=tuple(MAJORS),
    replaces=("Supabase Database", "Neon", "RDS"),
    ports=(Port("sql", 5432, "PostgreSQL", setting="port"),),
    secrets=("postgres.app", "postgres.founder"),
    credentials=credentials,
    provides=(Provides(Endpoint, endpoints), Provides(Variables, variables), Provides(Database, database)),
    ready_after=("", "/roles"),
    data_marker="pgdata/PG_VERSION",
)
