"""Files on a real disk: whole or not at all, also when it is full and when the writer is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.os import files
from founderstack.world.os.walking import walk
from tests.conftest import wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners or mounts")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_same_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write_atomic(str(path), "one", mode=0o600)
    before = path.stat()
    assert not files.write_atomic(str(path), "one", mode=0o600)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert files.write_atomic(str(path), "one", mode=0o640)
    assert files.write_atomic(str(path), "two", mode=0o640)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o640)
    assert os.listdir(tmp_path) == ["file"]


@root_only
def test_a_changed_owner_is_put_right(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_atomic(str(path), "one", owner="nobody", group="nogroup")
    os.chown(path, 0, 0)
    assert files.write_atomic(str(path), "one", owner="nobody", group="nogroup")
    assert path.stat().st_uid == 65534


@root_only
def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    path = small_disk / "file"
    files.write_atomic(str(path), "old")
    with pytest.raises(StackError) as raised:
        files.write_atomic(str(path), b"x" * 2**21)
    assert "The disk is full" in raised.value.why
    assert path.read_text() == "old"
    assert os.listdir(small_disk) == ["file"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no/file cannot be written"):
        files.write_atomic(f"{tmp_path}/no/file", "x")


def test_a_killed_writer_leaves_a_whole_file_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole = {bytes([letter]) * 3_000_000 for letter in b"ab"}
    script = "import sys; from founderstack.world.os.files import write_atomic as w\nprint(1, flush=True)\n"
    script += "while True:\n for letter in (b'a', b'b'): w(sys.argv[1], letter * 3_000_000)"
    for _round in range(8):
        with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, env=_env()) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            wait_until(lambda: any(name.endswith(".new") for name in os.listdir(tmp_path)), "it is in the middle")
            writer.send_signal(signal.SIGKILL)
        assert writer.returncode == -signal.SIGKILL
        if path.exists():
            assert path.read_bytes() in whole
    files.write_atomic(str(path), "last")
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_swapped_without_a_gap(tmp_path: Path) -> None:
    link = tmp_path / "link"
    for target in ("one", "two", "two"):
        (tmp_path / target).write_text(target)
        files.swap_link(str(link), target)
        assert link.read_text() == target
    assert sorted(os.listdir(tmp_path)) == ["link", "one", "two"]


def test_folders_get_their_mode_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert files.ensure_folder(f"{tmp_path}/a/b/c", mode=0o711)
    finally:
        os.umask(before)
    assert [Path(tmp_path, name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")] == [0o755, 0o755, 0o711]
    assert not files.ensure_folder(f"{tmp_path}/a/b/c", mode=0o711)
    assert files.ensure_folder(f"{tmp_path}/a/b/c", mode=0o700)


@root_only
def test_a_link_planted_by_a_process_does_not_lead_roots_hand_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    planted = tmp_path / "planted"
    planted.symlink_to(target)
    os.chown(planted, 65534, 65534, follow_symlinks=False)
    with pytest.raises(StackError):
        files.ensure_folder(str(planted), owner="nobody")
    assert target.stat().st_uid == 0


def test_text_that_is_none_is_told_apart_from_text_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert files.read_text(f"{tmp_path}/missing") is None
    with pytest.raises(StackError, match="cannot be read"):
        files.read_text(f"{tmp_path}/binary")


def test_who_is_kept_out_and_where(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    (closed / "inner" / "file").write_text("x")
    closed.chmod(0o700)
    assert files.readable_by_others("/usr/bin/env") == ""
    blocked = files.readable_by_others(f"{closed}/inner/file")
    assert f"{closed}".startswith(blocked)
    assert blocked


def test_folders_are_walked_and_removed_however_deep_they_are(tmp_path: Path) -> None:
    """Deeper than Python can call itself (before 3.12), and with paths longer than Linux takes."""
    tree, kept = tmp_path / "tree", tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    for name, depth in (("a", 1500), ("b" * 200, 30)):
        tree.mkdir(exist_ok=True)
        here = os.open(tree, os.O_RDONLY)
        for _level in range(depth):
            os.mkdir(name, dir_fd=here)
            above, here = here, os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(above)
        os.symlink(kept, "link", dir_fd=here)
        os.close(here)
    unread: list[OSError] = []
    names = [os.path.basename(here) for here, _folders, _files in walk(str(tree), unread.append)]
    assert names.count("a") == 1500
    assert [error.errno for error in unread] == [errno.ENAMETOOLONG]
    files.remove_tree(str(tree))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").read_text() == "kept"


def test_a_walk_goes_as_that_of_python(tmp_path: Path) -> None:
    for name in ("b/c/d", "a", "e/f"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("")
    (tmp_path / "link").symlink_to("b")
    (tmp_path / "nowhere").symlink_to("none")
    assert list(walk(str(tmp_path))) == list(os.walk(tmp_path.as_posix()))


def test_a_tree_is_removed_also_where_its_folders_are_closed(tmp_path: Path) -> None:
    inner = tmp_path / "tree" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    inner.chmod(0o500)
    files.remove_tree(f"{tmp_path}/tree")
    files.remove_tree(f"{tmp_path}/tree")
    assert os.listdir(tmp_path) == []


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
