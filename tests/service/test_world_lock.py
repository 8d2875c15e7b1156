"""Two commands that want the same stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from founderstack.model.errors import EXIT_FAILED, EXIT_LOCKED, StackError
from founderstack.world.os.files import write_atomic
from founderstack.world.os.lock import read_holder, stack_lock

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")

HOLD = """
import sys
from founderstack.world.os.lock import stack_lock
with stack_lock(sys.argv[1], command="founder up"):
    print("held", flush=True)
    sys.stdin.read()
"""

# A verb whose module writes by itself; what a failed write says names no file.
FULL = """
import sys, types
from founderstack.cli import dispatch, table
def run(words):
    with open("more", "wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
verb = types.ModuleType("founderstack.cli.verbs.stop")
verb.run = run
sys.modules[verb.__name__] = verb
sys.exit(dispatch.dispatch(["stop"]))
"""


def _holder(path: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def test_the_second_learns_who_holds_it_and_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lock"
    with _holder(path) as holder:
        with pytest.raises(StackError) as raised, stack_lock(str(path), command="founder down"):
            pytest.fail("both hold it")
        assert raised.value.exit_code == EXIT_LOCKED
        assert raised.value.what == '"founder down" cannot start now'
        assert '"founder up" is running' in raised.value.why
        assert str(holder.pid) in raised.value.why
        holder.send_signal(signal.SIGKILL)
    assert holder.returncode == -signal.SIGKILL
    with stack_lock(str(path), command="founder down"):
        assert read_holder(str(path)).command == "founder down"
    assert read_holder(str(path)).pid == 0


def test_who_waits_gets_it_when_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with _holder(path) as holder:
        assert holder.stdin is not None
        holder.stdin.close()
        with stack_lock(str(path), command="founder down", wait_s=10):
            assert read_holder(str(path)).pid == os.getpid()


def test_what_the_block_raises_frees_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), stack_lock(f"{tmp_path}/lock", command="one"):
        raise ZeroDivisionError
    with stack_lock(f"{tmp_path}/lock", command="two"):
        pass


def test_a_torn_note_of_the_holder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text('{"pid": 1')
    assert read_holder(f"{tmp_path}/lock").pid == 0


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk filled to the last byte; a lock file was there before."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(folder)], check=True)
    (folder / "lock").touch()
    with suppress(OSError), open(folder / "filler", "wb", buffering=0) as filler:
        while filler.write(b"x" * 512):
            pass
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@root_only
def test_a_full_disk_costs_the_note_and_not_the_lock(full_disk: Path) -> None:
    path = str(full_disk / "lock")
    with stack_lock(path, command="founder stop"):
        assert os.path.getsize(path) == 0, "half a note"
        with pytest.raises(StackError, match="cannot start now") as second, stack_lock(path, command="founder up"):
            pytest.fail("both hold it")
        assert second.value.exit_code == EXIT_LOCKED
    (full_disk / "filler").unlink()
    with stack_lock(path, command="founder stop"):
        assert read_holder(path).command == "founder stop"


@root_only
def test_what_cannot_be_written_says_which_disk_is_full_and_what_makes_room(full_disk: Path) -> None:
    path = full_disk / "note"
    with pytest.raises(StackError) as told:
        write_atomic(str(path), "x" * 8192)
    assert told.value.what == f"{path} cannot be written"
    assert told.value.why == f"The disk is full: 0 MiB are free at {full_disk}. What was there before is unchanged."
    assert "apt-get clean" in told.value.fix
    subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True)
    with pytest.raises(StackError) as told:
        write_atomic(str(path), "x")
    assert told.value.why == f"The disk at {full_disk} may only be read."


@root_only
def test_no_verb_calls_a_full_disk_a_defect_wherever_it_meets_it(full_disk: Path) -> None:
    env = {**os.environ, "FOUNDER_HOME": str(full_disk), "PYTHONPATH": os.pathsep.join(sys.path), "LANGUAGE": "en"}
    said = subprocess.run(
        [sys.executable, "-c", FULL], capture_output=True, text=True, check=False, env=env, cwd=full_disk
    )
    assert said.returncode == EXIT_FAILED
    assert f"The disk is full: 0 MiB are free at {full_disk}." in said.stderr
    assert "defect" not in said.stderr
