"""kill -9 at twenty known points of a backup and every way back: nothing is lost, and the next command goes through."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from founderstack.world.install import packages
from founderstack.world.keys.secrets import Secrets
from tests.fault.ledgers import CREATE, connected
from tests.fault.stacks import Founder, gone_afterwards, small_stack
from tests.fault.test_moments import ENGINE, moment

pytestmark = [pytest.mark.timeout(3000), pytest.mark.soak]

CALLS = "rename,unlink,rmdir"
"""What changes a folder at once: before each of them the state on the disk is another one."""
POINTS = 5
"""Of each of the four commands."""
STRACE = "/usr/bin/strace"
_KILLED = "+++ killed by SIGKILL +++"


@pytest.fixture(scope="module")
def stack(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founder]:
    """A small stack with pgBackRest, rows in a table, and a backup of them."""
    packages.install(("strace",), (STRACE,), print)
    with gone_afterwards(small_stack(tmp_path_factory.mktemp("kills"), state_root)) as founder:
        file = founder.folder / "founder.toml"
        file.write_text(file.read_text() + ENGINE)
        founder.ok("up", "--yes")
        with connected(founder) as connection:
            connection.execute(CREATE)
        insert(founder, 1, 1000)
        founder.ok("backup")
        yield founder


def insert(founder: Founder, first: int, last: int) -> None:
    with connected(founder) as connection:
        connection.execute("INSERT INTO ledger SELECT n, '' FROM generate_series(%s::int, %s::int) n", [first, last])


def numbers(founder: Founder, database: str = "app") -> list[int]:
    with connected(founder, database) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM ledger ORDER BY n").fetchall()]


def traced(founder: Founder, log: Path, *words: str, kill_at: tuple[str, int] | None = None) -> tuple[int, str]:
    """The exit code of a command, and each change of a folder that its own process made, under strace.

    With `kill_at` (a system call, the how manieth) the process is killed as it makes that call, which then is not made.
    """
    injected = ["-e", f"inject={kill_at[0]}:signal=KILL:when={kill_at[1]}"] if kill_at else []
    command = [STRACE, "-qq", "-o", str(log), "-e", f"trace={CALLS}", *injected, *founder.argv, *words]
    done = subprocess.run(
        command,
        cwd=founder.folder,
        env=founder.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, log.read_text()


def points(trace: str, below: Path) -> list[tuple[str, int, str]]:
    """Calls that changed something of the stack's, spread over the whole run: (call, the how manieth, the path)."""
    counted: dict[str, int] = {}
    found = []
    for call, path, outcome in re.findall(r'^(\w+)\("([^"]*)".* = (-?\d+)', trace, re.MULTILINE):
        counted[call] = counted.get(call, 0) + 1
        if outcome == "0" and path.startswith(str(below)):
            found.append((call, counted[call], path))
    return [found[len(found) * number // POINTS] for number in range(POINTS)]


def killed_at_each_point(founder: Founder, log: Path, words: tuple[str, ...], wanted: list[int]) -> None:
    """Run the command whole, then killed at points of it: each is known to have hit, and the same command mends it."""
    code, trace = traced(founder, log, *words)
    assert code == 0, trace[-2000:]
    for call, number, path in points(trace, founder.state):
        code, said = traced(founder, log, *words, kill_at=(call, number))
        assert code == -9 or _KILLED in said, f"not killed at {call} {number}"
        hit = said.splitlines()[-2][:160]
        print(f"{' '.join(words[:3])}: killed at {call} {number} ({path}); hit: {hit}")
        founder.ok(*words)
        assert numbers(founder) == wanted, f"after {call} {number}: {path}"
        assert founder.ok("plan").text.count("No changes") == 1


def left_over(founder: Founder) -> list[str]:
    """What no command shall leave."""
    data = founder.state / "data/postgres"
    names = [f"data/postgres/{name}" for name in os.listdir(data) if name in ("whole", "beside", "drill")]
    names += [name for name in ("restore.json", ".work") if (founder.state / name).exists()]
    with connected(founder, "postgres") as connection:
        databases = [name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
    return names + [name for name in databases if name.endswith(("_restoring", "_replaced"))]


def test_a_backup_killed_at_five_points(stack: Founder, tmp_path: Path) -> None:
    before = numbers(stack)
    killed_at_each_point(stack, tmp_path / "trace", ("backup",), before)
    stack.ok("backup", "prove")
    assert left_over(stack) == []


def test_a_restore_in_place_killed_at_five_points(stack: Founder, tmp_path: Path) -> None:
    kept = numbers(stack)
    stack.ok("backup")
    newest = max(path.name for path in (stack.state / "backups" / stack.name / "sets").iterdir())
    words = ("restore", newest, "--in-place", "--yes", "--confirm", stack.name)
    killed_at_each_point(stack, tmp_path / "trace", words, kept)
    assert left_over(stack) == []


def test_a_server_taken_back_killed_at_five_points(stack: Founder, tmp_path: Path) -> None:
    kept = numbers(stack)
    then = moment(stack)
    insert(stack, kept[-1] + 1, kept[-1] + 10)
    words = ("restore", "--whole-server", "--to", then, "--yes", "--confirm", stack.name)
    killed_at_each_point(stack, tmp_path / "trace", words, kept)
    stack.ok("backup")
    assert left_over(stack) == []


def test_a_rebuild_killed_at_five_points(state_root: Path, tmp_path: Path) -> None:
    """A stack that is gone comes back from a folder, whenever the command was killed; the same command goes on."""
    packages.install(("strace",), (STRACE,), print)
    first = small_stack(tmp_path / "first", state_root)
    with gone_afterwards(first):
        first.ok("up", "--yes")
        with connected(first) as connection:
            connection.execute(CREATE)
        insert(first, 1, 1000)
        first.ok("backup")
        shutil.copytree(first.state / "backups", tmp_path / "backups")
        (tmp_path / "key").write_text(Secrets(f"{first.state}/secrets.json").get("backup.identity"))
    words = ["rebuild", "--from", str(tmp_path / "backups"), "--key-file", str(tmp_path / "key")]
    words += ["--into", str(tmp_path / "second"), "--yes"]
    somebody, second = Founder(tmp_path, state_root), Founder(tmp_path / "second", state_root)
    code, trace = traced(somebody, tmp_path / "trace", *words)
    assert code == 0, trace[-2000:]
    with gone_afterwards(second):
        wanted = numbers(second)
    assert wanted == list(range(1, 1001))
    for call, number, path in points(trace, state_root / first.name):
        shutil.rmtree(tmp_path / "second")
        code, said = traced(somebody, tmp_path / "trace", *words, kill_at=(call, number))
        assert code == -9 or _KILLED in said, f"not killed at {call} {number}"
        print(f"rebuild: killed at {call} {number} ({path})")
        somebody.ok(*words)
        with gone_afterwards(second):
            assert numbers(second) == wanted, f"after {call} {number}: {path}"
            assert second.serves("one")
