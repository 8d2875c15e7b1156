"""PostgreSQL: the stack's main database."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from founderstack.catalogue import _memory, _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Credential, Database, Port, View
from founderstack.model.process import secret
from founderstack.model.settings import setting

DATABASE = "app"
OWNER = "app"
"""The role that the application is: owns its database and nothing else, and signs in by roles of its own."""
VIEWER = "founder"
"""The role that people's tools sign in with: may do what the application may, and read statistics."""
PROBE = "probe"
"""The role that health questions are asked with: may connect and nothing else."""
READER = "backup"
"""The role that backups are taken with: may read everything and change nothing."""

_OURS = (
    "-c role=none -c local_preload_libraries= -c search_path=pg_catalog -c default_transaction_read_only=off "
    "-c default_transaction_deferrable=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 "
    "-c lock_timeout=20s"
)
"""Options of the superuser's sign-ins: they win over what the app has set for its database. A transaction of the app's
that holds what must change is waited for, and not for ever."""

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
    port = view.port("database", "sql")
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
    version, address = view.choices.versions["postgres"], f"127.0.0.1:{view.port('database', 'sql')}"
    summary = N_("Main database")
    return p.Card(N_("PostgreSQL"), "data", summary, version=version, address=address, asks_first=True)


def tasks(view: View) -> tuple[p.Task, ...]:
    return (_packages(view), _cluster(view), _roles(view), _former_sign_ins(view))


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


def _roles(view: View) -> p.Task:
    return p.Task(
        name="postgres/roles",
        component="postgres",
        summary=N_("roles, the app's database and its extensions"),
        action=p.Run(
            commands=(
                _psql(view, "postgres", _roles_sql(view)),
                _psql(view, DATABASE, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;\n"),
            ),
        ),
        needs=("postgres",),
    )


def _former_sign_ins(view: View) -> p.Task:
    """After those who serve have today's password: one that nobody could take over goes on being good."""
    said = f"\\set login {_login(view)}\n" + _packaged.text("postgres_files", "former_sign_ins.sql")
    return p.Task(
        name="postgres/former-sign-ins",
        component="postgres",
        summary=N_("the end of earlier passwords of the database"),
        action=p.Run(commands=(_psql(view, DATABASE, said),)),
        needs=("postgres/roles", *view.wait_for("app")),
    )


def _psql(view: View, database: str, said: str) -> p.Command:
    port, run = view.port("database", "sql"), view.places.run("postgres")
    psql = (f"{_binaries(view)}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", run, "-p", str(port), "-U", "postgres")
    return p.Command((*psql, "-d", database), env=(("PGOPTIONS", _OURS),), stdin=said)


def _roles_sql(view: View) -> str:
    variables = {
        "login": _login(view),
        "password": f"'{secret('postgres.app')}'",
        "viewer_password": f"'{secret('postgres.founder')}'",
    }
    given = "".join(f"\\set {name} {value}\n" for name, value in variables.items())
    return given + _packaged.text("postgres_files", "roles.sql")


def _login(view: View) -> str:
    """The role that the app signs in by: another one for each password, so that two are good while it changes."""
    return f"{OWNER}_{view.secret_digests.get('postgres.app', '')[:8] or 'first'}"


def offers(view: View) -> Mapping[str, str]:
    # Nobody else can take the socket while the server is down; its folder is the server's, and the app may enter it.
    socket = view.places.run("postgres")
    return {"DATABASE_URL": _url(view, _login(view), "postgres.app"), "DATABASE_SOCKET": socket}


def credentials(view: View) -> tuple[Credential, ...]:
    port = view.port("database", "sql")
    sign_ins = ((_login(view), "postgres.app"), (VIEWER, "postgres.founder"))
    return tuple(
        Credential(
            name=f"PostgreSQL: {user}",
            user=user,
            secret=name,
            url=_url(view, user, name),
            command=f"psql -h 127.0.0.1 -p {port} -U {user} {DATABASE}",
        )
        for user, name in sign_ins
    )


def database(view: View) -> Database:
    return Database(
        *(DATABASE, VIEWER, "postgres.founder", _binaries(view), _data(view), view.places.run("postgres")),
        *(
            f"{_data(view)}/pg_wal/archive_status",
            view.port("database", "sql"),
            "postgres",
            READER,
            f"{OWNER}_[0-9a-f]{{8}}",
        ),
    )


def _url(view: View, user: str, password: str) -> str:
    return f"postgres://{user}:{secret(password, 'url')}@127.0.0.1:{view.port('database', 'sql')}/{DATABASE}"


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
        "listen_addresses": "127.0.0.1",
        "port": view.port("database", "sql"),
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
        "archive_timeout": "60s" if view.archive else 0,
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
    words = (view.archive.folder, *view.archive.command) if view.archive else ()
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
    offers=offers,
    database=database,
    ready_after=("postgres", "postgres/roles"),
    data_marker="pgdata/PG_VERSION",
)
