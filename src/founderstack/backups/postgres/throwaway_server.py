"""A throw-away PostgreSQL beside the running one: for drills, and to look at an earlier moment.

It has a folder and a Unix socket of its own and no TCP port, little memory, and the last say over processor and disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from founderstack.backups.postgres.session import LOCKS_EACH
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Server
from founderstack.world.os import files, processes
from founderstack.world.os.clock import until
from founderstack.world.os.companions import Companion, companion
from founderstack.world.os.leftovers import end_all, writing_into
from founderstack.world.os.machine import read_machine

NICE = 19
OOM_SCORE = 600
"""It goes before everything that serves."""
PORT = 5432
"""Of the socket's name; nothing listens on it."""
START_S = 120.0
_QUIT_S = 10.0
_ROOM_MIB = 256
"""For its write-ahead log and what restoring needs for a while."""

# What it loses when the power fails is made anew.
_CARELESS: Mapping[str, object] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "archive_mode": "off",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "32MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "max_parallel_workers": 0,
    "max_parallel_maintenance_workers": 0,
    "jit": "off",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_preload_libraries": "",
    "log_min_messages": "warning",
}
EMPTY: Mapping[str, object] = {
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_connections": 20,
    "max_locks_per_transaction": LOCKS_EACH,
}
"""More settings for one that begins empty; one that recovers needs those of the server its data comes from."""


@dataclass(frozen=True)
class Scratch:
    """Where and how a throw-away server runs."""

    folder: str
    """Its own: it is emptied before and removed after."""
    binaries: str
    user: str
    """System user that it runs as; the owner of this process where that is not root."""
    nice: int = NICE
    settings: Mapping[str, object] = field(default_factory=lambda: EMPTY)

    @property
    def data(self) -> str:
        """Its data folder."""
        return f"{self.folder}/pgdata"

    @property
    def server(self) -> Server:
        """How to sign in to it."""
        return Server(binaries=self.binaries, socket=f"{self.folder}/run", port=PORT, user=self.user)


class NotTheSet(StackError):
    """A drill could not be done, and the set is not to blame."""


Fill = Callable[[str], None]
"""Makes the data folder, which is there and empty."""


@contextmanager
def running(scratch: Scratch, fill: Fill | None = None) -> Iterator[Server]:
    """The server, started and answering, with what `fill` put into its data folder, or empty.

    What an earlier one left behind, however it ended, is removed first; nothing is left after the block.
    """
    clear(scratch)
    try:
        files.ensure_folder(scratch.folder, mode=0o711)
        for folder in (scratch.data, scratch.server.socket):
            files.ensure_folder(folder, mode=0o700, owner=scratch.user)
        (fill or _initdb(scratch))(scratch.data)
        with companion(
            _command(scratch),
            log=f"{scratch.folder}/log",
            user=scratch.user,
            nice=scratch.nice,
            oom_score=OOM_SCORE,
        ) as child:
            _wait(scratch, child)
            yield scratch.server
    finally:
        clear(scratch)


def clear(scratch: Scratch) -> None:
    """End whatever runs in the folder, and what that starts meanwhile, and remove it; nothing where there is nothing.

    Raises StackError where something there cannot be ended.
    """
    for pid in processes.all_pids():
        words = processes.command_line(pid)
        if scratch.data in words and words[0] == f"{scratch.binaries}/postgres":
            processes.signal(pid, "QUIT")  # it takes what it holds of the machine's shared memory with it
            until(lambda pid=pid: not processes.alive(pid), _QUIT_S, every_s=0.05)  # type: ignore[misc]
    end_all(writing_into(scratch.data, scratch.binaries))
    files.remove_tree(scratch.folder)


def refuse_small_disk(folder: str, needed_mib: int) -> None:
    """Raise StackError where the disk would not hold a copy of so many MiB and still have room."""
    free, wanted = files.free_mib(folder), needed_mib + _ROOM_MIB
    if free < wanted:
        raise StackError(
            _("There is no room for a copy of the databases beside the running ones"),
            _("It needs about {wanted} MiB in {folder}, and {free} MiB are free.").format(
                wanted=wanted, folder=folder, free=free
            ),
            _("Make room or a larger disk; what takes it is shown by: founder doctor"),
            exit_code=EXIT_PRECONDITION,
        )


def _initdb(scratch: Scratch) -> Fill:
    def fill(data: str) -> None:
        command = [f"{scratch.binaries}/initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        # What was killed must not go on writing into a folder that the next one uses. What initdb starts outlives it,
        # and is known by its environment alone.
        tied = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", *command, "--no-sync", "--auth=reject"]
        processes.run(tied, user=scratch.user, nice=scratch.nice, env={"PGDATA": data}, timeout_s=300)

    return fill


def _command(scratch: Scratch) -> list[str]:
    hba, ident = f"{scratch.folder}/pg_hba.conf", f"{scratch.folder}/pg_ident.conf"
    mine = dict.fromkeys((scratch.user, read_machine().user))
    files.write_atomic(hba, "local all postgres peer map=scratch\nlocal all all scram-sha-256\n", mode=0o644)
    files.write_atomic(ident, "".join(f"scratch {name} postgres\n" for name in mine), mode=0o644)
    files.write_atomic(f"{scratch.folder}/postgresql.conf", "", mode=0o644)
    settings = {
        **_CARELESS,
        **scratch.settings,
        "config_file": f"{scratch.folder}/postgresql.conf",
        "hba_file": hba,
        "ident_file": ident,
        "unix_socket_directories": scratch.server.socket,
        "port": PORT,
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return ["/usr/bin/ionice", "-c", "3", f"{scratch.binaries}/postgres", "-D", scratch.data, *words]


def _wait(scratch: Scratch, child: Companion) -> None:
    ready = [f"{scratch.binaries}/pg_isready", "-q", "-h", scratch.server.socket, "-p", str(PORT)]

    def settled() -> bool:
        return not child.runs() or processes.run(ready, user=scratch.user, check=False, timeout_s=10).code == 0

    if not until(settled, START_S, every_s=0.1) or not child.runs():
        raise NotTheSet(
            _("The throw-away database did not start"),
            child.last_words() or _("It gave no reason."),
            _("Cure what it says, then run the command again."),
        )
