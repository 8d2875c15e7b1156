"""Programs that are run: their answer, their environment, their user, their deadline."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from founderstack.model.errors import StackError
from founderstack.world.os import processes
from founderstack.world.os.thread_pipe import ThreadPipe
from tests.conftest import wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user")


def test_both_streams_and_the_code_come_back() -> None:
    ended = processes.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert ended == processes.Result(3, "out\n", "err\n")


def test_nothing_of_the_callers_environment_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "x")
    lines = processes.run(["env"], env={"EXTRA": "1"}).out.splitlines()
    assert {line.split("=")[0] for line in lines} == {"PATH", "LANG", "HOME", "EXTRA"}


def test_a_long_input_is_read_whole() -> None:
    assert processes.run(["wc", "-c"], stdin="é" * 500_000).out.strip() == "1000000"


def test_the_memory_of_a_program_is_that_of_all_it_started() -> None:
    child = f"{sys.executable} -c 'kept = bytes(1) * (64 << 20); print(1, flush=True); input()'"
    with subprocess.Popen(["/bin/sh", "-c", f"{child}; true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"1\n"
        used = processes.memory_mib([parent.pid, 0x7FFFFFFF])
        parent.communicate(b"\n", timeout=30)
    assert 64 <= used[parent.pid] < 128
    assert used[0x7FFFFFFF] == 0


def test_a_failure_shows_the_last_lines_only() -> None:
    with pytest.raises(StackError) as raised:
        processes.run(["/bin/sh", "-c", "seq 100 >&2; exit 4"])
    assert raised.value.what == "“seq 100 >&2; exit 4” failed (exit code 4)"
    assert raised.value.why.splitlines() == [str(number) for number in range(86, 101)]


@pytest.mark.parametrize("script", ["kill -KILL $$", "sh -c 'kill -KILL $$'; exit $?"])
def test_a_signal_that_ended_a_program_is_named_as_one(script: str) -> None:
    with pytest.raises(StackError) as raised:
        processes.run(["/bin/sh", "-c", script])
    assert raised.value.what == f"“{script}” was ended by signal 9 (SIGKILL)"
    assert "no reason" not in raised.value.why


@pytest.mark.parametrize("to_its_end", [False, True])
def test_what_other_threads_run_is_broken_off_with_its_tree_but_for_what_must_end_whole(
    to_its_end: bool, tmp_path: Path
) -> None:
    script = f"setsid sh -c 'echo $$ > {tmp_path}/child; until [ -e {tmp_path}/gate ]; do sleep 0.1; done'"
    codes: list[int] = []

    def work() -> None:
        codes.append(processes.run(["/bin/sh", "-c", f"{script} & wait"], check=False, to_its_end=to_its_end).code)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text() != "", "the child is there")
    child = int((tmp_path / "child").read_text())
    processes.break_off()
    if to_its_end:
        assert processes.alive(child)
        (tmp_path / "gate").touch()
    thread.join(30)
    assert codes == [0 if to_its_end else -9]
    wait_until(lambda: not processes.alive(child), "the child is gone")


def test_whoever_leaves_a_stream_early_waits_for_no_program_that_writes_it() -> None:
    """What breaks otherwise: Ctrl-C waits for the copy of a SQLite file, up to its deadline."""
    began = threading.Event()

    def work(_writer: IO[bytes]) -> None:
        began.set()
        processes.run(["/bin/sleep", "100"], check=False)

    before = time.monotonic()
    with ThreadPipe(work):
        assert began.wait(30)
    assert time.monotonic() - before < 60


def test_a_missing_program_is_named() -> None:
    with pytest.raises(StackError, match="no-such-program could not be started"):
        processes.run(["no-such-program"])


@pytest.mark.parametrize("followed", [False, True])
def test_at_the_deadline_the_program_and_its_children_end(followed: bool, tmp_path: Path) -> None:
    script = f"sleep 77 & echo $! > {tmp_path}/child; wait"
    before = time.monotonic()
    with pytest.raises(StackError, match="did not finish"):
        processes.run(["/bin/sh", "-c", script], timeout_s=0.4, on_line=print if followed else None)
    assert time.monotonic() - before < 5
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not processes.alive(child), "the child is gone")


def test_lines_come_as_they_are_written(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"echo one; until [ -e {gate} ]; do sleep 0.01; done; echo two >&2; printf three"
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        gate.touch()

    ended = processes.run(["/bin/sh", "-c", script], on_line=on_line, timeout_s=10)
    assert lines == ["one", "two", "three"]
    assert ended.out == "one\ntwo\nthree"


@pytest.mark.parametrize("followed", [False, True])
def test_a_child_left_behind_with_the_output_open_keeps_nobody_waiting(followed: bool) -> None:
    before = time.monotonic()
    ended = processes.run(
        ["/bin/sh", "-c", "setsid sleep 30 & echo $!"], on_line=(lambda line: None) if followed else None
    )
    assert time.monotonic() - before < 5
    processes.signal(int(ended.out), "KILL")


@root_only
def test_another_user_has_only_its_own_groups() -> None:
    assert processes.run(["id", "-un"], user="nobody").out == "nobody\n"
    assert processes.run(["id", "-G"], user="nobody").out.split() == ["65534"]


@root_only
def test_priority_and_memory_score_are_set() -> None:
    ended = processes.run(
        ["/bin/sh", "-c", "nice; cat /proc/self/oom_score_adj"], user="nobody", nice=10, oom_score=500
    )
    assert ended.out.split() == ["10", "500"]


@root_only
def test_a_missing_user_is_named() -> None:
    with pytest.raises(StackError, match="f-nobody-here"):
        processes.run(["id"], user="f-nobody-here")


def test_a_detached_program_is_nobodys_child_and_is_known_by_its_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid = processes.spawn_detached(["/bin/sh", "-c", "echo hello; exec sleep 60"], log=str(log))
    wait_until(lambda: log.exists() and log.read_text() == "hello\n", "its output is in the log")
    begun = processes.started(pid)
    assert processes.alive(pid, begun)
    assert not processes.alive(pid, begun + 1)
    assert processes.parent(pid) != os.getpid()
    wait_until(lambda: processes.command_line(pid) == ("sleep", "60"), "the pid is the program's own")
    assert processes.signal(pid, "TERM")
    wait_until(lambda: not processes.alive(pid), "it ended")
    wait_until(lambda: processes.started(pid) == 0, "init has buried it")
    assert not processes.signal(pid, "TERM")
