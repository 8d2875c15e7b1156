"""A database as a Supabase project has it, made by SQL of our own: `with supabase_source(folder) as source`.

The owner signs in as `postgres`, which is no superuser, with a password; `supabase_admin` needs none. `supabase/*.sql`
says what is in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psycopg

from tests.app.servers import Server, free_port, unprivileged_user
from tests.service.clusters import BINARIES as BINARIES, HERE, Programs

SQL = Path(__file__).parent / "supabase"
SCRIPTS = (
    ("1-platform.sql", "supabase_admin"),
    ("2-people.sql", "postgres"),
    ("3-app.sql", "postgres"),
    ("4-odd.sql", "postgres"),
    ("5-superuser.sql", "supabase_admin"),
)
PASSWORD = "the-owner's p@ss/word"


class SupabaseSource(Server):
    """The cluster in a folder; empty until `build`."""

    def __init__(self, folder: Path, programs: Programs = HERE) -> None:
        self.folder_of_cluster = folder
        self.port = free_port()
        self.data = folder / "data"
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "wal_level": "logical",
            "max_replication_slots": 5,
            "max_wal_senders": 10,
            "jit": "off",  # as the stack's own: compiling takes longer than what is asked here
            "dynamic_shared_memory_type": "mmap",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__(
            programs.command("postgres", "-D", str(self.data), *options),
            folder / "log",
            user=programs.user,
            stop_signal=signal.SIGINT,
        )

    def up(self) -> None:
        self.start(self._answers, "the source")

    def url(self, user: str = "postgres", password: str = "", database: str = "postgres") -> str:
        """A URL without a password, unless one is given: the tool takes passwords from elsewhere."""
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def connect(self, user: str = "supabase_admin", **options: Any) -> psycopg.Connection[Any]:
        """A connection that commits at once, as the superuser unless said otherwise."""
        password = {} if user == "supabase_admin" else {"password": PASSWORD}
        return psycopg.connect(self.url(user), autocommit=True, **{**password, **options})

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            found = connection.execute(sql, values or None)
            return found.fetchall() if found.description else []

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("supabase_admin"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def person(number: int) -> UUID:
    """The id of a person in `2-people.sql`."""
    digest = hashlib.md5(f"person {number}".encode()).hexdigest()
    return UUID(digest[:12] + "4" + digest[13:16] + "8" + digest[17:])


def build(folder: Path, programs: Programs = HERE) -> None:
    """Make the cluster in this empty folder, stopped; five seconds."""
    _init(folder, programs)
    source = SupabaseSource(folder, programs)
    source.up()
    try:
        for script, user in SCRIPTS:
            _psql(source, script, user)
    finally:
        source.stop()


@contextmanager
def supabase_source(folder: Path, copy_of: Path | None = None, programs: Programs = HERE) -> Iterator[SupabaseSource]:
    """A running source in this folder: built there, or a copy of one that was built and is stopped."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if copy_of:
        subprocess.run(["cp", "-a", "--reflink=auto", f"{copy_of}/data", str(folder)], check=True)
        shutil.chown(folder, unprivileged_user("postgres") or os.getuid())
    elif not (folder / "data").exists():
        build(folder, programs)
    source = SupabaseSource(folder, programs)
    source.up()
    try:
        yield source
    finally:
        source.stop()


def _init(folder: Path, programs: Programs) -> None:
    user = unprivileged_user("postgres")
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if user:
        shutil.chown(folder, user)
    arguments = ["-D", str(folder / "data"), "-A", "trust", "-U", "supabase_admin"]
    arguments += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        programs.command("initdb", *arguments), check=True, capture_output=True, user=programs.user, cwd=folder
    )
    rules = [
        "host all,replication supabase_admin 127.0.0.1/32 trust",
        "host all,replication all 127.0.0.1/32 scram-sha-256",
    ]
    (folder / "data/pg_hba.conf").write_text("\n".join(rules) + "\n")


def _psql(source: SupabaseSource, script: str, user: str) -> None:
    """Run a script as this user, whose password is set first: only psql reads files of SQL whole."""
    if user != "supabase_admin":
        quoted = PASSWORD.replace("'", "''")
        source.query(f"alter role {user} password '{quoted}'")
    argv = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", str(SQL / script), source.url(user)]
    done = subprocess.run(argv, env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}: {done.stderr}"
