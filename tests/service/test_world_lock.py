"""Two commands that want the same stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from founderstack.model.errors import EXIT_LOCKED, StackError
from founderstack.world.lock import read_holder, stack_lock

HOLD = """
import sys
from founderstack.world.lock import stack_lock
with stack_lock(sys.argv[1], command="founder up"):
    print("held", flush=True)
    sys.stdin.read()
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
