"""The log of changes on its way to two repositories: what breaks it, what is lost, and what is not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from founderstack.backups.pgbackrest import recovery
from founderstack.backups.pgbackrest.repository import Repository
from founderstack.model.errors import StackError
from founderstack.model.point_in_time import Target
from founderstack.model.words import Archive
from founderstack.planner.backups.point_in_time import beginning
from founderstack.world.os.processes import alive, all_pids, command_line
from tests.conftest import enterable_folder, killed_pid, wait_until
from tests.service.components import Components, components
from tests.service.primaries import USER, Primary, primary, this_system

BACKUP = '[backup]\nuse = "pgbackrest"\n'
NEWEST = Target("newest", text="newest")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def storage(shared_home: Path) -> Iterator[Components]:
    """An S3 server with TLS, which its supervisor starts again when it dies."""
    home = enterable_folder("founder-storage-")
    (home / "shared").symlink_to(shared_home)
    with components(home, "[storage]\n", ["seaweedfs"]) as running:
        yield running
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def server(storage: Components) -> Iterator[Primary]:
    """A server with a full backup in both repositories."""
    with primary(this_system(), BACKUP, storage) as made:
        made.repository.prepare()
        for number in (1, 2):
            made.repository.take("full", number)
        yield made


@pytest.fixture
def fresh(storage: Components) -> Iterator[Primary]:
    """The same, of a test's own: what it does to the repositories shall meet no other test's."""
    with primary(this_system(), BACKUP, storage) as made:
        made.repository.prepare()
        for number in (1, 2):
            made.repository.take("full", number)
        yield made


def rows(server: Primary) -> list[str]:
    return server.ask("SELECT id FROM load ORDER BY id").split()


def insert(server: Primary, count: int = 50) -> None:
    server.ask(f"INSERT INTO load (at) SELECT now() FROM generate_series(1, {count})")


def test_what_a_lost_data_folder_costs_with_its_log_and_without_it(server: Primary) -> None:
    """What breaks: the disk with the data folder. What holds: what was archived; with the log that survived, all."""
    insert(server)
    server.archive_everything()
    archived = rows(server)
    insert(server)  # committed, and in no finished segment yet
    committed = rows(server)
    server.stop("immediate")
    os.rename(server.data, f"{server.data}.lost")
    try:
        assert server.recovered(NEWEST, number=1) == archived
        assert server.recovered(NEWEST, number=1, wal=f"{server.data}.lost/pg_wal") == committed
        assert server.recovered(NEWEST, number=2, wal=f"{server.data}.lost/pg_wal") == committed
    finally:
        os.rename(f"{server.data}.lost", server.data)
        server.start()
    assert rows(server) == committed


def test_while_the_bucket_is_away_the_log_waits_and_nothing_is_lost(server: Primary, storage: Components) -> None:
    """What breaks: the S3 server. What the founder sees: segments that wait. What holds: every commit."""
    storage.runtime.pause("seaweedfs")
    insert(server)
    server.ask("SELECT pg_switch_wal()")
    wait_until(lambda: server.repository.archived(server.data).waiting > 0, "a segment waits")
    insert(server)
    assert not server.repository.archived(server.data).broken_at
    storage.runtime.resume("seaweedfs")
    server.archive_everything()
    assert server.recovered(NEWEST, number=2) == rows(server)


def test_a_recovery_does_not_take_a_bucket_that_is_away_for_the_end_of_the_log(
    server: Primary, storage: Components
) -> None:
    """What breaks: the S3 server, in the middle of a recovery. What holds: no server that silently lacks commits."""
    server.archive_everything()
    site = server.site("interrupted")
    recovery.prepare(site)
    stored = [one for one in server.repository.stored().backups if one.repository == 2]
    server.repository.restore(stored[-1], NEWEST, site.data)
    storage.runtime.pause("seaweedfs")
    try:
        with pytest.raises(StackError, match="did not start"):
            recovery.recover(site, NEWEST, "", may_end_early=True, tell=lambda _piece: None)
    finally:
        storage.runtime.resume("seaweedfs")
        recovery.clear_away(site)


def test_on_a_full_disk_the_log_is_let_go_and_the_next_full_backup_begins_anew(fresh: Primary) -> None:
    """What breaks: a repository is gone until the disk is nearly full. What is seen: since when no moment can be
    reached. What holds: the server goes on, moments before stay reachable, and those after the next full backup are."""
    insert(fresh)
    fresh.archive_everything()
    before, kept = _now(fresh), rows(fresh)
    repository = Path(f"{fresh.places.state}/backups/pgbackrest-pitr")
    repository.rename(f"{repository}.away")
    try:
        insert(fresh)
        fresh.ask("SELECT pg_switch_wal()")
        wait_until(lambda: fresh.repository.archived(fresh.data).waiting > 0, "a segment waits")
        inside = _now(fresh)
        _archiver_on_a_disk_that_is_full(fresh)
        assert fresh.repository.archived(fresh.data).broken_at
        insert(fresh)
        fresh.ask("SELECT pg_switch_wal()")  # wakes the archiver, which sleeps a minute after failures
        wait_until(lambda: fresh.repository.archived(fresh.data).waiting == 0, "the log is let go", 90)
    finally:
        Path(f"{repository}.away").rename(repository)
    fresh.repository.prepare()
    ended = [fresh.repository.take("full", number).ended for number in (1, 2)]
    fresh.repository.mended(max(ended))
    after = _Later(fresh)
    assert not fresh.repository.archived(fresh.data).broken_at
    assert len(fresh.repository.gaps()) == 1
    with pytest.raises(StackError) as refused:
        fresh.recovered(inside)
    assert "was let go" in refused.value.why
    assert before.text[:10] in refused.value.fix
    assert fresh.recovered(after.target, number=2) == after.rows
    assert kept == after.rows[: len(kept)]


def test_a_full_disk_at_either_end_is_named_and_the_next_attempt_goes_on(server: Primary) -> None:
    """What breaks: the repository's disk in a backup, then the one that a restore writes to. What holds: every row."""
    insert(server)
    server.archive_everything()
    stored = server.repository.stored().backups
    hasty = _configured_besides(server, "job-retry=0")
    with _little_room(Path(f"{server.places.state}/backups/pgbackrest-pitr")):
        with pytest.raises(StackError, match="could not do “backup”") as full:
            hasty.take("full", 1)
        assert "The disk may be full" in full.value.fix
        assert server.repository.stored().backups == stored
        assert server.recovered(NEWEST, number=1) == rows(server)
    server.repository.take("full", 1)
    site, begin = server.site("small"), server.repository.stored().backups[-1]
    Path(site.folder).mkdir(mode=0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "tmpfs", site.folder], check=True)
    try:
        recovery.prepare(site)
        with pytest.raises(StackError, match="could not do “restore”") as full:
            hasty.restore(begin, NEWEST, site.data)
        assert "The disk may be full" in full.value.fix
        subprocess.run(["mount", "-o", "remount,size=300m", site.folder], check=True)
        server.repository.restore(begin, NEWEST, site.data)
        server.archive_everything()
        recovery.recover(site, NEWEST, "", may_end_early=True, tell=lambda _piece: None)
        found = server.asked("SELECT id FROM load ORDER BY id", site.server.socket, site.server.port).split()
        assert found == rows(server)
    finally:
        recovery.end(site)
        subprocess.run(["umount", site.folder], check=True)
        os.rmdir(site.folder)


def test_a_wrong_key_is_told_and_changes_nothing(server: Primary) -> None:
    configuration = Path(server.repository.configuration)
    other = configuration.with_name("other.conf")
    lines = configuration.read_text().splitlines()
    other.write_text("\n".join(f"{line}f" if "cipher-pass" in line else line for line in lines))
    shutil.copystat(configuration, other)
    os.chown(other, configuration.stat().st_uid, configuration.stat().st_gid)
    wrong = Repository(str(other), server.repository.user, server.repository.folder)
    stored = server.repository.stored().backups
    for work in (wrong.prepare, lambda: wrong.take("full", 1)):
        with pytest.raises(StackError, match="could not do") as refused:
            work()
        assert "Its key is another one" in refused.value.fix
    assert server.repository.stored().backups == stored


def test_backups_from_the_future_do_not_keep_others_from_being_taken(fresh: Primary) -> None:
    """What breaks: a clock was two years ahead for one night. What holds: what is taken since."""
    for path in ("20281129-010203F/pg_data/PG_VERSION", "backup.history/2028/20281129-010203F.manifest.gz"):
        words = ["pgbackrest", f"--config={fresh.repository.configuration}", "--stanza=main", "--repo=1", "repo-put"]
        put = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *words, f"backup/main/{path}"]
        subprocess.run(put, input=b"by a clock that was ahead", check=True, cwd="/")
    before = {one.label for one in fresh.repository.stored().of(1)}
    taken = fresh.repository.take("incr", 1)
    assert taken.kind == "full", "none builds upon what bears an earlier name"
    assert {one.label for one in fresh.repository.stored().of(1)} == {*before, taken.label}
    assert fresh.repository.take("incr", 1).kind == "incr", "from then on it goes its way"
    insert(fresh)
    fresh.archive_everything()
    assert fresh.recovered(NEWEST, number=1) == rows(fresh)


def _programs(server: Primary, command: str) -> list[int]:
    """Pids of pgBackRest's programs of this very server that do `command`; its workers are `command`:local."""
    mine = f"--config={server.repository.configuration}"
    lines = {pid: command_line(pid) for pid in all_pids()}
    return [pid for pid, words in lines.items() if mine in words and words[-1] == command and "pgbackrest" in words[0]]


def _killed(server: Primary, command: str) -> bool:
    """`kill -9` of each program that does `command`; whether any still ran."""
    hits = [killed_pid(pid) for pid in _programs(server, command)]
    return any(hits)


def _worker_left_behind(server: Primary, work: Callable[[], object], command: str) -> int:
    """Pid of a worker that hangs in the middle of something whose command was killed -9."""
    thread = threading.Thread(target=lambda: _quietly(work))
    thread.start()
    wait_until(lambda: _programs(server, f"{command}:local"), "it has a worker", 30)
    (worker,) = _programs(server, f"{command}:local")
    os.kill(worker, signal.SIGSTOP)
    assert _killed(server, command), "it waits for its worker"
    thread.join(120)
    assert alive(worker)
    return worker


def _begun(server: Primary, work: Callable[[], object], word: str) -> threading.Thread:
    """A thread that does something, once a program of it that has `word` in its command runs, or all is over."""
    thread = threading.Thread(target=lambda: _quietly(work))
    thread.start()
    wait_until(lambda: _programs(server, word) or not thread.is_alive(), "it has begun", 60)
    return thread


def _killed_at_random(server: Primary, work: Callable[[], object], word: str, longest_s: float) -> None:
    """Do something in a thread, and kill -9 every program of it that has `word` in its command after a random time.

    Where nothing was left to kill by then: once more, and sooner.
    """
    thread = _begun(server, work, word)
    thread.join(random.uniform(0, longest_s))
    hit = _killed(server, word)
    thread.join(120)
    assert not thread.is_alive()
    if not hit:
        _killed_at_random(server, work, word, longest_s / 2)


def _backup_outlives_kills(server: Primary, times: int) -> None:
    for number in range(times):
        _killed_at_random(server, lambda number=number: server.repository.take("full", number % 2 + 1), "backup", 2.0)  # type: ignore[misc]
    insert(server)
    for number in (1, 2):
        server.repository.take("incr", number)
    server.archive_everything()
    assert server.recovered(NEWEST, number=1) == server.recovered(NEWEST, number=2) == rows(server)


def _restore_outlives_kills(server: Primary, times: int) -> None:
    site = server.site("recovered")
    recovery.clear_away(site)
    recovery.prepare(site)
    begin = beginning(server.repository.stored().backups, (), NEWEST, time.time())
    for _number in range(times):
        _killed_at_random(server, lambda: server.repository.restore(begin, NEWEST, site.data), "restore", 1.5)
    server.archive_everything()
    assert server.recovered(NEWEST) == rows(server)


def _bucket_outlives_kills(server: Primary, storage: Components, times: int) -> None:
    longest_s, hits = 2.5, 0
    while hits < times:
        wait_until(lambda: storage.pid("seaweedfs"), "the S3 server is there", 60)
        thread = _begun(server, lambda: server.repository.take("full", 2), "backup")
        thread.join(random.uniform(0, longest_s))
        assert killed_pid(storage.pid("seaweedfs"))
        hit = bool(_programs(server, "backup"))
        hits += hit
        if not hit:
            longest_s /= 2  # it had ended: sooner, the next time
        insert(server)
        thread.join(180)
        assert not thread.is_alive()
    wait_until(lambda: storage.pid("seaweedfs"), "the S3 server is back", 60)
    server.archive_everything()
    server.repository.take("full", 2)
    assert server.recovered(NEWEST, number=2) == rows(server)


def test_a_killed_backup_leaves_nothing_that_looks_whole(server: Primary) -> None:
    _backup_outlives_kills(server, 3)


def test_a_killed_restore_is_taken_up_by_the_next(server: Primary) -> None:
    _restore_outlives_kills(server, 3)


def test_what_a_killed_restore_left_at_work_writes_nothing_into_the_next(server: Primary) -> None:
    """What breaks: a restore is killed, and its worker goes on later. What holds: nothing of the former backup gets
    into what is restored after it, where it would be commits that are missing without a word."""
    site = server.site("recovered")
    recovery.clear_away(site)
    recovery.prepare(site)
    begin = beginning(server.repository.stored().backups, (), NEWEST, time.time())
    worker = _worker_left_behind(server, lambda: server.repository.restore(begin, NEWEST, site.data), "restore")
    insert(server)
    server.repository.take("full", 1)
    server.archive_everything()
    assert server.recovered(NEWEST, number=1) == rows(server)
    assert not alive(worker)


def test_what_a_killed_backup_left_at_work_holds_up_no_other(server: Primary) -> None:
    """What breaks: a backup is killed, and its worker hangs with pgBackRest's lock. What holds: the next backup."""
    worker = _worker_left_behind(server, lambda: server.repository.take("full", 1), "backup")
    insert(server)
    began = time.monotonic()
    server.repository.take("full", 1)
    assert time.monotonic() - began < 45, "it did not wait for the worker"
    assert not alive(worker)


def test_a_recovered_server_that_was_killed_is_in_nobodys_way(server: Primary) -> None:
    """What breaks: kill -9, or the power, takes a recovered server and leaves its mark. What holds: the next one."""
    server.archive_everything()
    expected = server.recovered(NEWEST, number=1)
    site = server.site("recovered")
    server.repository.restore(server.repository.stored().backups[-1], NEWEST, site.data)
    recovery.recover(site, NEWEST, "", may_end_early=False, tell=lambda _piece: None)
    mark = Path(site.data, "postmaster.pid")
    assert killed_pid(int(mark.read_text().splitlines()[0]))
    assert mark.exists()
    assert server.recovered(NEWEST, number=1) == expected


def test_a_killed_bucket_costs_no_commit(server: Primary, storage: Components) -> None:
    _bucket_outlives_kills(server, storage, 3)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_twenty_kills_of_each(server: Primary, storage: Components) -> None:
    _backup_outlives_kills(server, 20)
    _restore_outlives_kills(server, 20)
    _bucket_outlives_kills(server, storage, 20)


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except StackError:
        pass


def _now(server: Primary) -> Target:
    moment = server.ask("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')")
    return Target("time", datetime.strptime(f"{moment}00", "%Y-%m-%d %H:%M:%S.%f%z").timestamp(), moment)


class _Later:
    """A moment that a new backup leads to, and the rows that are there then."""

    def __init__(self, server: Primary) -> None:
        ended = max(one.ended for one in server.repository.stored().backups)
        wait_until(lambda: datetime.now(UTC).timestamp() > ended + 2, "the backup lies in the past")
        insert(server)
        self.rows = rows(server)
        self.target = _now(server)
        insert(server)
        server.archive_everything()


def _configured_besides(server: Primary, *options: str) -> Repository:
    """The same repositories, with other settings of pgBackRest's."""
    configuration = Path(server.repository.configuration)
    other = configuration.with_name("besides.conf")
    other.write_text(configuration.read_text().replace("[global]\n", "\n".join(("[global]", *options, "")), 1))
    shutil.copystat(configuration, other)
    os.chown(other, configuration.stat().st_uid, configuration.stat().st_gid)
    return Repository(str(other), server.repository.user, server.repository.folder)


@contextmanager
def _little_room(folder: Path) -> Iterator[None]:
    """The folder on a disk of its own on which a megabyte is left; what is in it then stays."""
    disk = enterable_folder("founder-small-")
    used = int(subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=True).stdout.split()[0])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={used + 1024}k", "tmpfs", str(disk)], check=True)
    try:
        subprocess.run(["cp", "-a", "-T", str(folder), str(disk)], check=True)
        subprocess.run(["mount", "--bind", str(disk), str(folder)], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
            subprocess.run(["cp", "-a", "-T", str(disk), str(folder)], check=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        disk.rmdir()


def _archiver_on_a_disk_that_is_full(server: Primary) -> None:
    """The server's own program on the first segment that waits, where no disk would be empty enough."""
    status = Path(server.data) / "pg_wal/archive_status"
    segment = min(path.stem for path in status.glob("*.ready"))
    archive = server.resolved.views["database"].find(Archive)
    assert archive
    command = [f"{server.places.etc('postgres')}/archive-wal", f"pg_wal/{segment}", segment, archive.folder]
    subprocess.run(
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command, "/bin/false"],
        cwd=server.data,
        env={"PATH": "/usr/bin:/bin", "ARCHIVE_LEAST_FREE_PERCENT": "101"},
        check=True,
        capture_output=True,
        timeout=150,
    )
