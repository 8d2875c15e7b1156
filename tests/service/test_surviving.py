"""The log of a lost server is looked into before anything begins, and not one piece of it is left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from founderstack.backups.pgbackrest import recovery
from founderstack.backups.pgbackrest.surviving import copy, surviving
from founderstack.backups.postgres.tablespaces import tablespaces
from founderstack.backups.postgres.throwaway_server import NotTheSet
from founderstack.model.errors import StackError
from founderstack.testing.clock import FakeClock

FIRST, SECOND = "000000010000000000000001", "000000010000000000000002"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "pgdata/pg_wal"
    folder.mkdir(parents=True)
    for name in (FIRST, SECOND, "00000002.history", "archive_status", "0000.partial"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_its_pieces_are_counted(log: Path) -> None:
    found = surviving(str(log), named=True)
    assert (found.folder, found.pieces) == (str(log), 3)
    assert found.bytes == 2 * len(FIRST) + len("00000002.history")


def test_a_folder_that_is_no_log_is_refused_with_the_one_that_is_meant(log: Path) -> None:
    with pytest.raises(StackError, match="cannot be used") as told:
        surviving(str(log.parent), named=True)
    assert f"--log {log}" in told.value.fix
    for wrong in (f"{log}-typo", str(log / FIRST)):
        with pytest.raises(StackError, match="cannot be used"):
            surviving(wrong, named=True)
    assert surviving(f"{log}-typo", named=False).pieces == 0, "what nobody named may be lost as well"


def test_a_log_that_cannot_be_read_is_refused_also_where_nobody_named_it(log: Path) -> None:
    """What breaks: the disk of the lost server. What holds: what was committed last is not left out in silence."""
    (log.parent / "loop").symlink_to("loop")  # the disk answers ELOOP, whoever asks
    with pytest.raises(StackError, match="cannot be used") as told:
        surviving(f"{log.parent}/loop", named=False)
    assert "--log" in told.value.fix
    (log / SECOND).unlink()
    (log / SECOND).symlink_to("removed")  # in the list, and gone by the time it is asked for
    assert surviving(str(log), named=False).pieces == 2


def test_a_recovery_begins_only_where_the_running_servers_tablespaces_are_known(tmp_path: Path) -> None:
    running = tmp_path / "running"
    assert tablespaces(str(running)) == {}, "where there is no server there are none"
    running.mkdir()
    (running / "pg_tblspc").symlink_to("pg_tblspc")
    site = recovery.RecoverySite("/usr/bin", "", str(tmp_path / "beside"), FakeClock(), running=str(running))
    with pytest.raises(NotTheSet, match="cannot be seen"):
        recovery.prepare(site)
    assert not (tmp_path / "beside").exists()


def test_pieces_of_another_users_folder_come_over_as_the_servers_own(log: Path, tmp_path: Path) -> None:
    os.chown(log, 12345, 12345)
    log.chmod(0o700)
    into = tmp_path / "into"
    into.mkdir()
    (into / FIRST).write_bytes(b"from the archive")
    assert copy(str(log), str(into), 54321, 54321) == 2
    assert sorted(path.name for path in into.iterdir()) == [FIRST, SECOND, "00000002.history"]
    assert (into / FIRST).read_bytes() == b"from the archive"
    assert (into / SECOND).stat().st_uid == 54321
    assert copy(str(log), str(into), 54321, 54321) == 0


def test_a_piece_that_cannot_be_copied_ends_it(log: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (log / "000000010000000000000003").symlink_to("/etc/hostname")
    with pytest.raises(StackError, match="000000010000000000000003 cannot be used"):
        copy(str(log), str(into), os.geteuid(), os.getegid())
    with pytest.raises(StackError):
        copy(str(log), str(tmp_path / "nowhere"), os.geteuid(), os.getegid())
