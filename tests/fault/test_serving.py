"""What breaks while the stack serves, and what goes on."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from founderstack.world.os.processes import alive
from tests.conftest import enterable_folder, wait_until
from tests.fault.conftest import NewStack
from tests.fault.stacks import FAILED, PRECONDITION, Founder, Visitors, gone_afterwards, small_stack


@pytest.fixture
def small_disk(shared_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A state root on a disk of its own, of 4 GiB that nothing is written to until it is used."""
    image, home = tmp_path / "disk", enterable_folder("founder-disk-")
    with image.open("wb") as file:
        file.truncate(4 << 30)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(home)], check=True)
    home.chmod(0o711)
    (home / "shared").symlink_to(shared_home)
    yield home
    subprocess.run(["umount", str(home)], check=True)
    home.rmdir()


def test_a_full_disk_stops_changes_and_not_the_app(small_disk: Path, tmp_path: Path) -> None:
    with gone_afterwards(small_stack(tmp_path / "stack", small_disk)) as founder:
        founder.ok("up", "--yes")
        filler = small_disk / "filler"
        free = shutil.disk_usage(small_disk).free
        subprocess.run(["fallocate", "-l", str(free - (1 << 20)), str(filler)], check=True)
        serving = founder.pids()
        founder.write_app("two")
        said = founder.run("deploy", "--yes")
        assert said.code == PRECONDITION, said.text
        assert "room" in said.err
        assert founder.serves("one")
        assert founder.pids() == serving
        founder.run("up", "--yes")
        assert founder.serves("one")
        filler.unlink()
        founder.ok("deploy", "--yes")
        assert founder.serves("two")


def test_what_the_supervisor_gave_up_on_is_tried_again(new_stack: NewStack) -> None:
    founder = new_stack()
    data = founder.state / "data" / "app"
    founder.write_app("one", broken=f"import os\nif os.path.exists('{data}/broken'): raise SystemExit(1)")
    founder.ok("up", "--yes")
    app = next(name for name in founder.pids() if name.startswith("app-"))
    impatient(founder, app)
    (data / "broken").touch()
    os.kill(founder.pids()[app], signal.SIGKILL)
    wait_until(lambda: founder.conditions()[app] == "FATAL", "the supervisor gave up", 30)
    (data / "broken").unlink()
    wait_until(lambda: founder.serves("one"), "the agent started it again", 60)


def impatient(founder: Founder, name: str) -> None:
    """Have the supervisor give up on a program after one more try instead of ten, which take a minute."""
    program = founder.state / "supervisor" / "programs" / f"{name}.conf"
    program.write_text(re.sub(r"startretries=\d+", "startretries=1", program.read_text()), encoding="utf-8")
    founder.supervisor("reloadConfig")
    founder.supervisor("stopProcess", name, True)
    founder.supervisor("removeProcessGroup", name)
    founder.supervisor("addProcessGroup", name)
    wait_until(lambda: founder.serves("one"), "the app again", 30)


def test_the_app_serves_while_the_tool_is_gone(new_stack: NewStack) -> None:
    """No panel, no agent, and nothing left of the tool's own code."""
    founder = new_stack()
    founder.ok("up", "--yes")
    tools = [path for path in (founder.home / "shared" / "venvs").glob("tool-*") if not path.is_symlink()]
    with Visitors(founder).visiting() as visitors:
        for name in ("agent", "panel"):
            founder.supervisor("stopProcess", name, True)
        for path in tools:
            path.rename(path.with_name(f"gone-{path.name}"))
        app = next(name for name in founder.pids() if name.startswith("app-"))
        before = founder.pids()
        assert set(before) == {app, "nginx", "postgres"}
        wait_until(lambda: visitors.ok["POST of 400 ms"] > 4, "people are served", 20)
        for path in tools:
            path.with_name(f"gone-{path.name}").rename(path)
        founder.ok("up", "--yes")
    assert visitors.failed == []
    assert founder.pids().items() >= before.items()
    assert {"agent", "panel"} <= set(founder.pids())


def test_two_stacks_on_one_machine_do_not_touch_each_other(running: Founder, new_stack: NewStack) -> None:
    before = running.pids()
    other = new_stack(version="the other")
    other.ok("up", "--yes")
    assert running.serves("one")
    assert other.serves("the other")
    users = {Path(f"/proc/{pid}").stat().st_uid for pid in running.pids().values()} - {0}
    assert not users & {Path(f"/proc/{pid}").stat().st_uid for pid in other.pids().values()}
    other.write_app("the other changed")
    other.ok("deploy", "--yes")
    os.kill(other.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: other.serves("the other changed"), "the other stack is back", 30)
    other.ok("destroy", "--yes", "--confirm", other.name)
    assert running.pids() == before
    assert running.serves("one")


def test_a_second_stack_file_of_the_same_name_is_refused(running: Founder, tmp_path: Path) -> None:
    """Two files with one name would undo each other's work in turn."""
    second = tmp_path / "copy"
    shutil.copytree(running.folder, second)
    said = Founder(second, running.home).run("up", "--yes")
    assert said.code != 0
    assert str(running.folder) in said.err
    assert running.serves("one")


def test_no_descendant_outlives_the_supervisor(new_stack: NewStack) -> None:
    """Killed outright, it takes its processes along; another one starts them again."""
    founder = new_stack()
    founder.ok("up", "--yes")
    before = founder.pids()
    os.kill(founder.supervisor_pid, signal.SIGKILL)
    wait_until(
        lambda: founder.serves("one") and not set(founder_pids(founder).values()) & set(before.values()),
        "all again",
        30,
    )
    wait_until(lambda: not [pid for pid in before.values() if alive(pid)], "the old ones are gone", 10)
    founder.ok("down")


@contextmanager
def hanging(pid: int) -> Iterator[None]:
    """A process that does nothing meanwhile, and is not gone."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: state_of(pid) == "T", "it is stopped")
        yield
        assert state_of(pid) == "T"
    finally:
        os.kill(pid, signal.SIGCONT)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def test_while_the_agent_hangs_whoever_reads_json_is_answered_and_told(running: Founder) -> None:
    with hanging(running.pids()["agent"]):
        known = running.state / "agent/state.json"
        found = json.loads(known.read_text(encoding="utf-8"))
        known.write_text(json.dumps({**found, "at": found["at"] - 100}), encoding="utf-8")
        for words in (("plan",), ("backups",), ("doctor",), ("logs", "-n", "1", "postgres")):
            said = running.run(*words, "--json", timeout_s=120)
            assert said.out, said.text
            assert {json.loads(line)["v"] for line in said.out.splitlines()} == {1}
        told = json.loads(running.ok("status", "--json", timeout_s=120).out)
        assert told["agent_stale"]
        assert {one["state"] for one in told["services"]} == {"stale"}


def test_a_supervisor_that_hangs_is_not_taken_for_one_that_runs_nothing(running: Founder) -> None:
    with hanging(running.supervisor_pid):
        for words in (("status",), ("plan",)):
            said = running.run(*words, "--json", timeout_s=120)
            assert said.code == FAILED
            (error,) = json.loads(said.err.splitlines()[-1])["errors"]
            assert error["what"] == "The supervisor does not answer"
        checks = json.loads(running.run("doctor", "--json", timeout_s=120).out)["checks"]
        assert ("supervisor", "fail") in {(one["id"], one["level"]) for one in checks}
    assert running.serves("one")


def founder_pids(founder: Founder) -> dict[str, int]:
    try:
        return founder.pids()
    except OSError:
        return {}
