"""A whole stack that goes back: to a moment, and from a lost data folder; and sets that outlive their engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import killed, killed_pid, wait_until
from tests.fault.stacks import LOCKED, PRECONDITION, Founder, ask, gone_afterwards, small_stack

ENGINE = '\n[backup]\nuse = "pgbackrest"\nschedule = "never"\nprove = "never"\n'


@pytest.fixture(scope="module")
def stack(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founder]:
    """A small stack with pgBackRest, a table of the app's, and a backup before the first row."""
    with gone_afterwards(small_stack(tmp_path_factory.mktemp("moments"), state_root)) as founder:
        file = founder.folder / "founder.toml"
        file.write_text(file.read_text() + ENGINE)
        founder.ok("up", "--yes")
        ask(founder, "CREATE TABLE visit (n int); ALTER TABLE visit OWNER TO app")
        founder.ok("backup")
        yield founder


def visit(founder: Founder, *numbers: int) -> None:
    for number in numbers:
        ask(founder, f"INSERT INTO visit VALUES ({number})")


def visits(founder: Founder, database: str = "app") -> list[int]:
    return [int(number) for number in ask(founder, "SELECT n FROM visit ORDER BY n", database).split()]


def moment(founder: Founder) -> str:
    """Now, by the server's clock, at least two seconds after the newest backup."""
    ended = datetime.now(UTC).timestamp() + 2
    wait_until(lambda: datetime.now(UTC).timestamp() > ended, "the backup lies in the past")
    return ask(founder, "SELECT clock_timestamp() AT TIME ZONE 'UTC'")


def test_back_to_a_moment_beside_what_is_used_and_in_its_place(stack: Founder) -> None:
    ask(stack, "TRUNCATE visit")
    visit(stack, 1, 2, 3)
    then = moment(stack)
    visit(stack, 4)
    said = stack.ok("restore", "--to", then, "--replace", "--yes")
    assert "app_restored" in said.text
    assert visits(stack, "app_restored") == [1, 2, 3]
    assert visits(stack) == [1, 2, 3, 4]
    stack.ok("restore", "--to", then, "--in-place", "--yes", "--confirm", stack.name)
    assert visits(stack) == [1, 2, 3]
    assert not (stack.state / "data/postgres/beside").exists()
    assert "moment" not in stack.ok("backups").text, "the set of the moment has served"


def test_a_moment_that_cannot_be_reached_says_which_can(stack: Founder) -> None:
    for asked in ("2020-01-01", "2199-01-01"):
        said = stack.run("restore", "--to", asked, "--replace", "--yes")
        assert said.code == PRECONDITION
        assert "Choose a moment within" in said.text
    assert stack.run("restore", "--to", "yesterday", "--replace", "--yes").code == 64


def test_a_lost_data_folder_comes_back_whole_with_the_log_that_survived(stack: Founder) -> None:
    """What breaks: the data folder is gone while the server runs. What holds: every commit whose log survived."""
    ask(stack, "TRUNCATE visit")
    visit(stack, 1, 2)
    lost = stack.state / "data/postgres/pgdata.lost"
    assert killed_pid(stack.pids()["postgres"])
    (stack.state / "data/postgres/pgdata").rename(lost)
    words = ("restore", "--whole-server", "--log", f"{lost}/pg_wal", "--yes", "--confirm", stack.name)
    stack.ok(*words)
    assert visits(stack) == [1, 2]
    wait_until(lambda: stack.serves("one"), "the app serves", 30)
    visit(stack, 3)
    stack.ok("backup")
    assert "No changes" in stack.ok("plan").text


def test_a_killed_restore_of_the_whole_server_is_taken_up(stack: Founder) -> None:
    ask(stack, "TRUNCATE visit")
    visit(stack, 7)
    words = ("restore", "--whole-server", "--yes", "--confirm", stack.name)
    with stack.start(*words) as process:
        wait_until(lambda: (stack.state / "data/postgres/whole/pgdata").exists(), "it restores", 60)
        assert killed(process)
    stack.ok(*words)
    assert visits(stack) == [7]
    assert not (stack.state / "data/postgres/whole").exists()


def test_two_at_once_one_waits_for_nobody_and_says_who_is_at_it(stack: Founder) -> None:
    with stack.start("backup") as first:
        wait_until(lambda: (stack.state / "backup.lock").exists() and "backup" in held(stack), "the first is at it")
        second = stack.run("backup")
        assert first.wait(120) == 0
    assert second.code == LOCKED
    assert "founder backup" in second.text


def held(stack: Founder) -> str:
    return (stack.state / "backup.lock").read_text(encoding="utf-8", errors="replace")


def test_sets_of_one_engine_are_restored_under_the_other(stack: Founder) -> None:
    ask(stack, "TRUNCATE visit")
    visit(stack, 5, 6)
    stack.ok("backup")
    file = stack.folder / "founder.toml"
    text = file.read_text()
    file.write_text(text.replace('use = "pgbackrest"', 'use = "dump"'))
    stack.ok("up", "--yes")
    visit(stack, 8)
    stack.ok("restore", "--database", "app", "--replace", "--yes")
    assert visits(stack, "app_restored") == [5, 6]
    refused = stack.run("restore", "--to", "newest", "--replace", "--yes")
    assert refused.code == PRECONDITION
    assert 'use = "pgbackrest"' in refused.text
    file.write_text(text)
    stack.ok("up", "--yes")
    stack.ok("backup")
    assert visits(stack) == [5, 6, 8]
