"""A server that recovers from restored files, beside the running one: own folder, own socket, no TCP, no archiving."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from founderstack.backups.pgbackrest import surviving
from founderstack.backups.pgbackrest.repository import Run, end_writers
from founderstack.backups.postgres.session import LOCKS_EACH
from founderstack.backups.postgres.tablespaces import refuse_tablespaces, refuse_whole, tablespaces
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.point_in_time import RecoveryEnd, Target
from founderstack.model.protocols import Clock, Server
from founderstack.world.os.files import ensure_folder, read_text, remove_tree, write_atomic
from founderstack.world.os.leftovers import end_all, works_in, writing_into
from founderstack.world.os.processes import run

PORT = 5432
"""Only part of its socket's name."""
_STUCK_S = 600
"""Without one more piece of the log in that time, it will not come to an end."""
_POLL_S = 0.1
_STATUS_LINE = 7
"""Of postmaster.pid, counted from 0."""
_ENDED_EARLY = "recovery ended before configured recovery target was reached"
_TOO_EARLY = "requested recovery stop point is before consistent recovery point"
_PIECE = re.compile(r'restored log file "([0-9A-F]{24})"')
_LAST = re.compile(r"last completed transaction was at log time (.+)")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class RecoverySite:
    """Where a server recovers, and as whom."""

    binaries: str
    user: str
    folder: str
    """Holds `pgdata`, `run` and the server's files; it must not be a folder of the running server."""
    clock: Clock
    durable: bool = False
    """True where it shall take the place of the running server; otherwise it may be lost with the power."""
    run: Run = run
    running: str = ""
    """Data folder of the running server, "" where there is none: nothing of it may be written to."""

    @property
    def data(self) -> str:
        """The data folder."""
        return f"{self.folder}/pgdata"

    @property
    def server(self) -> Server:
        """The server, once it runs."""
        return Server(self.binaries, f"{self.folder}/run", PORT, self.user)


def prepare(site: RecoverySite) -> None:
    """The folders, with nothing of a former attempt still running in them.

    Raises StackError, with nothing done, where nobody knows in which folders the running server's tablespaces lie.
    """
    tablespaces(site.running)
    end(site)
    for name in ("", "/run", "/pgdata"):
        ensure_folder(site.folder + name, mode=0o700, owner=site.user)


def recover(site: RecoverySite, target: Target, wal: str, *, may_end_early: bool, tell: Tell) -> RecoveryEnd:
    """Start the server on restored files and return once it has recovered, with how far that came.

    `wal` is the folder of the log of the lost server, where that survived, or "". The log may end before the target
    only with `may_end_early`: where nothing was committed after it, there is nothing that would show that it is there.
    Raises StackError, with the server's own reason, where it does not come to an end.
    """
    if site.durable:
        refuse_whole(site.data)
    refuse_tablespaces(site.data, site.running)
    pieces = surviving.copy(wal, f"{site.data}/pg_wal", *_ids(site.user)) if wal else 0
    _write_files(site)
    reason = _run_to_the_end(site, tell)
    if _ENDED_EARLY in reason and may_end_early:
        _aim_at_the_end(site)
        reason = _run_to_the_end(site, tell)
    if reason:
        end(site)
        raise _failed(target, reason)
    last = _LAST.findall(read_text(f"{site.folder}/log") or "")
    return RecoveryEnd(pieces, last[-1] if last else "")


@contextmanager
def running(site: RecoverySite) -> Iterator[Server]:
    """The recovered server, ended when the block is left."""
    try:
        yield site.server
    finally:
        end(site)


def end(site: RecoverySite) -> None:
    """End the server where it runs, also one that a killed command left behind; then nothing writes to its folder.

    Raises StackError where something there cannot be ended.
    """
    mark = f"{site.data}/postmaster.pid"
    told = (read_text(mark) or "").partition("\n")[0]
    # The number alone may be anybody's by now, and pg_ctl would signal them.
    if told.isdigit() and works_in(int(told), site.data):
        _control(site, "-m", "fast", "-t", "60", "stop", check=False)
    end_all(writing_into(site.data, site.binaries))
    end_writers(site.data)
    # Both say that a server runs: the one to pgBackRest, the other to PostgreSQL where its number is anybody's by now.
    remove_tree(mark)
    remove_tree(f"{site.folder}/run/.s.PGSQL.{PORT}.lock")


def clear_away(site: RecoverySite) -> None:
    """End the server and remove all of it."""
    end(site)
    remove_tree(site.folder)


def _write_files(site: RecoverySite) -> None:
    """The server's files: as lean as it can be, and nobody but its own user comes near it."""
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{site.folder}/run'",
        "port": PORT,
        "hba_file": f"'{site.folder}/pg_hba.conf'",
        "ident_file": f"'{site.folder}/pg_ident.conf'",
        # It answers only when it is where it shall be; so it needs no more connections than it is given here.
        "hot_standby": "off",
        "archive_mode": "off",
        "max_connections": 20,
        "max_locks_per_transaction": LOCKS_EACH,
        "shared_buffers": "64MB",
        "track_commit_timestamp": "on",
        "wal_level": "replica",
        "max_wal_senders": 0,
        "autovacuum": "off",
        "jit": "off",
        "fsync": "on" if site.durable else "off",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
    }
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    write_atomic(f"{site.folder}/postgresql.conf", text, owner=site.user)
    hba = "local all postgres peer map=own\nlocal all all scram-sha-256\n"
    write_atomic(f"{site.folder}/pg_hba.conf", hba, owner=site.user)
    users = dict.fromkeys((site.user, _owner()))
    ident = "".join(f"own {user} postgres\n" for user in users)
    write_atomic(f"{site.folder}/pg_ident.conf", ident, owner=site.user)


def _run_to_the_end(site: RecoverySite, tell: Tell) -> str:
    """ "" once it has recovered, else the reason that it gave for ending."""
    log = f"{site.folder}/log"
    remove_tree(log)
    options = f"-c config_file={site.folder}/postgresql.conf"
    _control(site, "-l", log, "-o", options, "-W", "start")
    seen, since = 0, site.clock.monotonic()
    while True:
        said = read_text(log) or ""
        pieces = _PIECE.findall(said)
        if len(pieces) > seen:
            seen, since = len(pieces), site.clock.monotonic()
            tell(pieces[-1])
        if _answers(site):
            return ""
        if not os.path.exists(f"{site.data}/postmaster.pid") and "shut down" in said:
            return said
        if site.clock.monotonic() - since > _STUCK_S:
            return said or _("It said nothing.")
        site.clock.wait(_POLL_S)


def _answers(site: RecoverySite) -> bool:
    """True once it takes questions, which it does at the end of its recovery. Source: miscadmin.h, PM_STATUS_READY."""
    lines = (read_text(f"{site.data}/postmaster.pid") or "").splitlines()
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def _control(site: RecoverySite, *words: str, check: bool = True) -> None:
    command = [f"{site.binaries}/pg_ctl", "-s", "-D", site.data, *words]
    site.run(command, user=site.user, timeout_s=120, nice=10, check=check)


def _aim_at_the_end(site: RecoverySite) -> None:
    """Forget the target: what pgBackRest has written there is read in order, so that the last one counts."""
    path = f"{site.data}/postgresql.auto.conf"
    kept = [line for line in (read_text(path) or "").splitlines() if not line.startswith("recovery_target")]
    write_atomic(path, "\n".join(kept) + "\n", mode=0o600, owner=site.user)
    write_atomic(f"{site.data}/recovery.signal", "", mode=0o600, owner=site.user)


def _ids(user: str) -> tuple[int, int]:
    found = pwd.getpwnam(user or _owner())
    return found.pw_uid, found.pw_gid


def _owner() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _failed(target: Target, said: str) -> StackError:
    if _ENDED_EARLY in said:
        return StackError(
            _("{moment} was not reached").format(moment=target.text),
            _("A piece of the log of changes that leads there is missing in the repository."),
            _("Choose an earlier moment, or a backup that was taken later: founder backups"),
            exit_code=EXIT_PRECONDITION,
        )
    if _TOO_EARLY in said:
        return StackError(
            _("{moment} was not reached").format(moment=target.text),
            _("The backup that the recovery began with had not ended by then."),
            _("Choose a later moment, or an older backup: founder backups"),
            exit_code=EXIT_PRECONDITION,
        )
    lines = said.strip().splitlines()
    told = [line for line in lines if line.startswith("ERROR:") or "FATAL:" in line]
    return StackError(
        _("The recovered server did not start"),
        "\n".join(dict.fromkeys(told[-4:] or lines[-4:])),
        _("Take another backup to begin with: founder backups"),
    )
