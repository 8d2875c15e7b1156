"""A PostgreSQL cluster of a test's own, over a Unix socket: `with cluster(folder) as server`."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from founderstack.model.protocols import Server
from tests.app.servers import Server as Running, free_port, unprivileged_user

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
MAJOR = BINARIES.parent.name
# As the stack's own: the system user decides, but everybody on the machine is trusted with this one.
_HBA = "local all all trust\n"
_READER = """
CREATE ROLE backup LOGIN BYPASSRLS;
ALTER ROLE backup SET default_transaction_read_only = on;
GRANT pg_read_all_data TO backup;
"""


@dataclass(frozen=True)
class Programs:
    """Where a server's programs lie: on this system, or by the same path inside the root of another one."""

    folder: Path = BINARIES
    root: Path | None = None

    def command(self, name: str, *arguments: str) -> list[str]:
        """What runs one of them, as `user`."""
        inside = ["/usr/sbin/chroot", "--userspec=postgres:postgres", str(self.root)] if self.root else []
        return [*inside, str(self.folder / name), *arguments]

    @property
    def user(self) -> str | None:
        """Whom the command is started as: changing the root takes root, and the command gives that up itself."""
        return None if self.root else unprivileged_user("postgres")


HERE = Programs()


class Cluster(Running):
    """A cluster in a folder."""

    def __init__(self, folder: Path, *, fsync: bool = False, programs: Programs = HERE) -> None:
        self.root = folder
        self.port = free_port()
        self.data = folder / "data"
        self.system_user = unprivileged_user("postgres") or ""
        settings = {
            "port": self.port,
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "on" if fsync else "off",
            "jit": "off",  # as the stack's own: compiling takes longer than what is asked here
            "dynamic_shared_memory_type": "mmap",
            "max_prepared_transactions": 5,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__(
            programs.command("postgres", "-D", str(self.data), *options),
            folder / "log",
            user=programs.user,
            stop_signal=signal.SIGINT,
        )

    @property
    def server(self) -> Server:
        """What the engines are told of it."""
        return Server(str(BINARIES), str(self.root), self.port, self.system_user, reader="backup")

    def connect(self, database: str = "postgres", user: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        """A connection that commits at once."""
        return psycopg.connect(
            host=str(self.root),
            port=self.port,
            user=user,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
            **options,
        )

    def query(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What the superuser is answered."""
        with self.connect(database) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else []

    def up(self) -> None:
        """Start it and wait until it answers."""
        self.start(self._answers, "the cluster")

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def cluster(folder: Path, *, reader: bool = True, programs: Programs = HERE) -> Iterator[Cluster]:
    """A new, empty cluster that is gone afterwards."""
    folder.mkdir(mode=0o755, exist_ok=True)
    made = Cluster(folder, programs=programs)
    if made.system_user:
        shutil.chown(folder, made.system_user)
    options = ["-D", str(made.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(programs.command("initdb", *options), check=True, capture_output=True, user=programs.user)
    (made.data / "pg_hba.conf").write_text(_HBA)
    made.up()
    try:
        if reader:
            made.query(_READER)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
