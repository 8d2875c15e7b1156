"""Drills of a stack that runs: killed at any moment, beside visitors, without room, against a spoiled backup."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import psycopg
import pytest

from founderstack.world.os import processes
from founderstack.world.os.accounts import user_name
from tests.conftest import wait_until
from tests.fault.stacks import FAILED, LOCKED, Founder, Visitors


@pytest.fixture(scope="module")
def filled(running: Founder) -> Founder:
    """The stack with some rows and a backup of them."""
    port, socket = running.port("postgres.sql"), f"{running.state}/run/postgres"
    with psycopg.connect(host=socket, port=port, user="postgres", dbname="app", autocommit=True) as database:
        database.execute("SET ROLE app")
        database.execute("CREATE TABLE note AS SELECT i AS id, md5(i::text) AS body FROM generate_series(1, 60000) i")
    running.ok("backup")
    return running


def servers_of_drills(founder: Founder) -> list[int]:
    """Throw-away servers that run."""
    data = f"{founder.state}/drill/pgdata"
    lines = ((pid, processes.command_line(pid)) for pid in processes.all_pids())
    return [pid for pid, words in lines if data in words and words[0].endswith("/postgres")]


def kill_and_prove(founder: Founder, moments: int) -> None:
    """What breaks: drills are killed at moments spread over their run. What holds: the app; the next drill is whole,
    and nothing of the killed ones is left."""
    took = json.loads(founder.ok("backup", "prove", "--json").out)["result"]["seconds"]
    with Visitors(founder, slow="").visiting() as visitors:
        for number in range(moments):
            later_s = took * (number + 0.5) / moments
            founder.killed_at("started", "backup:prove:", "backup", "prove", later_s=later_s, alone=True)
            wait_until(lambda: servers_of_drills(founder) == [], "the throw-away server ends with its drill", 20)
        said = founder.ok("backup", "prove", "--json")
    assert json.loads(said.out)["result"]["ok"]
    assert visitors.failed == []
    assert not (founder.state / "drill").exists()


def test_a_killed_drill_leaves_nothing_that_the_next_does_not_clean_up(filled: Founder) -> None:
    kill_and_prove(filled, 3)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_drills_killed_twenty_times(filled: Founder) -> None:
    kill_and_prove(filled, 20)


def test_a_spoiled_backup_is_named_and_marked(filled: Founder) -> None:
    """What breaks: a bit of the dump. What the founder sees: the file's name, exit code 1, a mark beside the set. What
    still holds: the running database."""
    filled.ok("backup")
    newest = max((filled.state / "backups" / filled.name / "sets").iterdir())
    dump = newest / "database/app.dump.age"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    try:
        said = filled.run("backup", "prove")
    finally:
        content[len(content) // 2] ^= 1
        dump.write_bytes(content)
    assert said.code == FAILED
    assert "database/app.dump.age is missing or not as it was written" in said.out
    listed = json.loads(filled.run("backups", "--json").out)
    (marked,) = [one for one in listed["sets"] if one["id"] == newest.name]
    assert marked["proven"]["ok"] is False
    assert any("app.dump.age" in problem for problem in marked["proven"]["problems"])
    assert json.loads(filled.ok("backup", "prove", "--json").out)["result"]["ok"], "mended"


def test_two_at_once_and_the_first_is_named(filled: Founder) -> None:
    with filled.start("backup", "prove", "--events") as first:
        assert first.stdout is not None
        first.stdout.readline()
        second = filled.run("backup", "prove")
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert second.code == LOCKED
    assert "founder backup prove" in second.err


def test_the_throw_away_server_has_no_port_and_the_databases_own_rights(filled: Founder) -> None:
    user = user_name(filled.name, "postgres")
    with filled.start("backup", "prove") as drill:
        wait_until(lambda: servers_of_drills(filled), "the throw-away server runs", 30)
        (pid, *_others) = servers_of_drills(filled)
        words = processes.command_line(pid)
        owner = Path(f"/proc/{pid}").stat().st_uid
        niceness = os.getpriority(os.PRIO_PROCESS, pid)
        drill.communicate(timeout=60)
    assert "listen_addresses=" in words
    assert pwd.getpwuid(owner).pw_name == user
    assert niceness == 19
    assert drill.returncode == 0
