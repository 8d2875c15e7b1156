"""What an attacker with a foot in the door still does not get: one test for each way that was once open."""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from founderstack.model.process import Build
from founderstack.model.stack import Places
from founderstack.world import accounts, builds, processes
from founderstack.world.lock import stack_lock
from tests.conftest import wait_until

STACK = "zz-attack"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs users of its own")
AS_NOBODY = ("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
FLEEING = """\
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
for name in (0, 1, 2):
    os.close(name)
while True:  # a new process for each moment: whoever looks one up finds it gone
    if os.fork():
        os._exit(0)
"""


@pytest.fixture
def builder() -> Iterator[str]:
    yield accounts.ensure_user(STACK, "build")
    accounts.remove_users(STACK)


@pytest.fixture
def places(home: Path) -> Places:
    return Places(state=f"{home}/{STACK}", shared=f"{home}/own-shared", python="/usr/bin/python3", package="/")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "note.txt").write_text("note")
    return tmp_path


def _build(source: Path, command: str) -> Build:
    return Build(1, "d1", str(source), command, ".")


@root_only
def test_a_build_that_flees_from_process_to_process_ends_with_its_build(
    source: Path, places: Places, builder: str
) -> None:
    (source / "flee.py").write_text(FLEEING)
    builds.build(_build(source, "/usr/bin/python3.11 flee.py; sleep 0.2"), places, user=builder, progress=print)
    uid = pwd.getpwnam(builder).pw_uid
    left = [pid for pid in processes.all_pids() if _user_of(pid) == uid and processes.alive(pid)]
    accounts.end_all_of(builder)
    assert left == []


def _user_of(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except (FileNotFoundError, ProcessLookupError):
        return -1


@root_only
def test_a_builder_never_stands_in_a_folder_that_root_works_in(source: Path, places: Places, builder: str) -> None:
    seen: list[int] = []
    scratch = f"{places.shared}/builds/d1"

    def progress(line: str) -> None:
        if line in ("copying the source", "keeping the release"):
            seen.append(os.stat(scratch).st_uid)

    builds.build(_build(source, "true"), places, user=builder, progress=progress)
    assert seen == [0, 0]


@root_only
def test_a_build_gains_no_rights_from_setuid_programs(source: Path, places: Places, builder: str) -> None:
    lines: list[str] = []
    builds.build(_build(source, "grep NoNewPrivs /proc/self/status"), places, user=builder, progress=lines.append)
    assert "NoNewPrivs:\t1" in lines


@root_only
def test_what_a_build_says_is_for_the_owner_alone(source: Path, places: Places, builder: str) -> None:
    action = _build(source, "echo a password")
    builds.build(action, places, user=builder, progress=print)
    assert os.stat(builds.log_path(action, places)).st_mode & 0o077 == 0


@root_only
def test_nobody_else_can_hold_a_stacks_lock(home: Path) -> None:
    path = home / "lock"
    path.touch(mode=0o644)  # as an earlier version left it
    with stack_lock(str(path), command="founder up"):
        pass
    tried = subprocess.run([*AS_NOBODY, "/usr/bin/flock", "--nonblock", str(path), "true"], capture_output=True)
    assert tried.returncode != 0
    with open(path, "rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)


@root_only
def test_what_a_resident_program_writes_is_for_the_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid = processes.spawn_detached(["/bin/sh", "-c", "umask; exec sleep 60"], log=str(log))
    wait_until(lambda: log.exists() and log.read_text(), "the program has spoken")
    processes.signal(pid, "KILL")
    assert log.read_text() == "0077\n"
    assert os.stat(log).st_mode & 0o077 == 0
