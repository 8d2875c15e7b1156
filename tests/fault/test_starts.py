"""What stands in the way of a start is named, nothing is lost, and the next try finishes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import enterable_folder, killed, wait_until
from tests.fault.conftest import NewStack
from tests.fault.stacks import LOCKED, PRECONDITION, ROOT, Founder, gone_afterwards, small_stack


def test_a_taken_port_names_who_holds_it_and_starts_nothing(new_stack: NewStack) -> None:
    founder = new_stack()
    text = (founder.folder / "founder.toml").read_text(encoding="utf-8")
    found = re.search(r"https_port = (\d+)", text)
    assert found
    with socket.create_server(("127.0.0.1", int(found[1]))):
        said = founder.run("up", "--yes")
    assert said.code == PRECONDITION
    assert found[1] in said.err
    assert f"pid {os.getpid()}" in said.err
    assert not (founder.state / "supervisor").exists()
    founder.ok("up", "--yes")


def test_a_small_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    home = enterable_folder("founder-small-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m,mode=711", "tmpfs", str(home)], check=True)
    try:
        founder = small_stack(tmp_path / "stack", home)
        said = founder.run("up", "--yes")
        assert said.code == PRECONDITION
        assert "room" in said.err
        assert str(home) in said.err
        assert not (founder.state / "data").exists()
    finally:
        subprocess.run(["umount", str(home)], check=True)
        home.rmdir()


def test_little_memory_is_said_before_anything_happens(new_stack: NewStack, tmp_path: Path) -> None:
    founder = new_stack()
    memory = tmp_path / "meminfo"
    real = Path("/proc/meminfo").read_text(encoding="ascii")
    memory.write_text(re.sub(r"MemTotal:.*", "MemTotal:         131072 kB", real), encoding="ascii")
    small = ("unshare", "--mount", "sh", "-c", f'mount --bind {memory} /proc/meminfo && exec "$@"', "sh")
    said = Founder(founder.folder, founder.home, prefix=small).run("plan")
    assert "This machine has 128 MiB of memory" in said.err
    assert not founder.state.exists()


def test_data_of_another_major_version_is_left_alone(running: Founder) -> None:
    marker = running.state / "data/postgres/pgdata/PG_VERSION"
    real = marker.read_text(encoding="ascii")
    running.ok("down")
    marker.write_text("9\n", encoding="ascii")
    said = running.run("up", "--yes")
    marker.write_text(real, encoding="ascii")
    assert said.code == PRECONDITION
    assert f"postgres 9, not {real.strip()}" in said.err
    assert "pid" not in said.out
    running.ok("up", "--yes")
    assert running.serves("one")


@pytest.mark.parametrize("what", ["lost", "torn", "another's"])
def test_a_secrets_file_that_is_not_what_it_was_changes_nothing(running: Founder, what: str) -> None:
    file = running.state / "secrets.json"
    before, serving = file.read_bytes(), running.pids()
    if what == "lost":
        file.unlink()
    elif what == "torn":
        file.write_bytes(before[: len(before) // 2])
    else:
        file.write_text(json.dumps({"format": 99}), encoding="ascii")
    said = running.run("up", "--yes")
    assert said.code == PRECONDITION, said.text
    assert str(file) in said.err
    assert running.pids() == serving
    assert running.serves("one")
    if what != "lost":
        assert file.read_bytes() != before, "what is there may be all that is left of it"
    file.write_bytes(before)
    file.chmod(0o600)
    assert "No changes" in running.ok("up", "--yes").out


@pytest.mark.parametrize("torn", [False, True])
def test_lost_secrets_come_back_by_the_command_that_the_error_says(
    running: Founder, tmp_path: Path, torn: bool
) -> None:
    file, key = running.state / "secrets.json", tmp_path / "key.txt"
    key.write_text(running.ok("secrets", "show", "backup.identity").out, encoding="ascii")
    running.ok("backup")
    before = file.read_bytes()
    file.unlink()
    if torn:
        file.write_bytes(before[: len(before) // 2])
        file.chmod(0o600)
    command = ["secrets", "restore"]
    assert f"founder {' '.join(command)}" in running.run("up", "--yes").err
    assert running.run("restore").code != 0
    running.ok(*command, "--key-file", str(key))
    assert json.loads(file.read_bytes()) == json.loads(before)
    assert "No changes" in running.ok("up", "--yes").out
    running.ok("restore", "--only", "databases", "--replace")


def test_a_changed_secret_reaches_everybody_who_uses_it(running: Founder) -> None:
    file = running.state / "secrets.json"
    content = json.loads(file.read_text(encoding="ascii"))
    content["values"]["postgres.app"] = "typed-by-hand-typed-by-hand-1234"
    file.write_text(json.dumps(content), encoding="ascii")
    running.ok("up", "--yes")
    assert running.serves("one")
    assert "No changes" in running.ok("up", "--yes").out


def test_the_second_of_two_ups_learns_who_is_at_work(running: Founder) -> None:
    file = running.folder / "founder.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace('runtime = "none"\n', 'runtime = "none"\nbuild = "sleep 60"\n'), encoding="utf-8")
    with running.start("deploy", "--yes") as first:
        try:
            lock = running.state / "lock"
            wait_until(lambda: '"pid"' in lock.read_text(encoding="ascii"), "the first has the lock", 20)
            said = running.run("up", "--yes")
        finally:
            hit = killed(first)
            first.communicate()
    assert hit, "the first was still at work"
    file.write_text(before, encoding="utf-8")
    assert said.code == LOCKED
    assert "founder deploy" in said.err
    assert re.search(r"process \d+ of root", said.err)
    running.ok("up", "--yes")
    assert running.serves("one")


def kill_some_ups(founder: Founder, times: int, seed: int) -> None:
    """`kill -9` of `founder up` and all it waits for, at random moments; then one that may finish."""
    dice = random.Random(seed)
    longest_s, hits = 5.0, 0
    while hits < times:
        with founder.start("up", "--yes") as process:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=dice.uniform(0.1, longest_s))
            hit = killed(process)
        hits += hit
        if not hit:
            longest_s /= 2  # it had ended: sooner, the next time
    said = founder.run("up", "--yes")
    assert said.code == 0, f"seed {seed}: {said.text}"
    assert founder.serves("one")
    assert "No changes" in founder.ok("up", "--yes").out


def test_an_up_that_is_killed_is_finished_by_the_next(new_stack: NewStack) -> None:
    kill_some_ups(new_stack(), times=3, seed=random.randrange(10_000))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_thirty_ups_that_are_killed_are_finished_by_the_next(new_stack: NewStack) -> None:
    for _ in range(10):
        kill_some_ups(new_stack(), times=3, seed=random.randrange(10_000))


def test_everything_works_for_somebody_who_is_not_root(tmp_path: Path) -> None:
    """Programs are installed already; the clone, the state and every process belong to one unprivileged user."""
    place = enterable_folder("founder-unprivileged-")
    git = ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(place / "clone")]
    subprocess.run(git, check=True)
    home = place / "state"
    home.mkdir()
    founder = small_stack(place / "stack", home)
    subprocess.run(["chown", "-R", "nobody:nogroup", str(place)], check=True)
    user = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    env = {"HOME": str(place), "UV_CACHE_DIR": str(place / "cache")}
    founder = Founder(founder.folder, home, place / "clone" / "founder", prefix=user, env=env)
    try:
        with gone_afterwards(founder):
            founder.ok("up", "--yes")
            assert founder.serves("one")
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in (*founder.pids().values(), founder.supervisor_pid)}
            assert owners == {65534}
            founder.ok("down")
            founder.ok("up", "--yes")
            assert founder.serves("one")
    finally:
        shutil.rmtree(place)
