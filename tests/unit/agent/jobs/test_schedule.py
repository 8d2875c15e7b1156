"""What the agent begins by itself, and what it remembers when it begins anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from founderstack.agent.jobs.runnable import command_of
from founderstack.agent.jobs.schedule import Schedule
from founderstack.model.errors import StackError
from founderstack.planner.backups.schedule import FIRST_AFTER_S
from founderstack.testing.clock import FakeClock

DAY = 86400.0


class Jobs:
    """Jobs that end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.states: dict[str, dict[str, Any]] = {}

    async def run(self, verb: str, options: Mapping[str, Any], by: str) -> str:
        command_of(verb, options)  # what the agent would refuse is refused here as well
        job_id = f"job-{len(self.begun)}"
        self.begun.append(verb)
        self.states[job_id] = {"state": "running"}
        return job_id

    def get(self, job_id: str) -> dict[str, Any]:
        if job_id not in self.states:
            raise StackError("gone", "gone", "gone")
        return self.states[job_id]

    def end(self, state: str = "done", **more: Any) -> None:
        self.states[f"job-{len(self.begun) - 1}"] = {"state": state, **more}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "etc/agent").mkdir(parents=True)
    (tmp_path / "agent").mkdir()
    _set_up(tmp_path, schedule="03:30", prove="never")
    return tmp_path


def _set_up(state: Path, **settings: str) -> None:
    about = {"v": 1, "stack": "diary", **settings}
    (state / "etc/agent/backup.json").write_text(json.dumps(about))


def _turns(state: Path, jobs: Jobs, clock: FakeClock, hours: float, *, verbs: str = "backup prove") -> None:
    """Let so much time pass, with a turn every three minutes."""
    schedule = Schedule(str(state), jobs, clock, verbs.split().__contains__)

    async def turns() -> None:
        for _turn in range(max(int(hours * 20), 1)):
            await schedule.turn()
            clock.wait(180)

    asyncio.run(turns())


def test_a_new_stack_is_backed_up_after_a_few_minutes_and_then_every_night(state: Path) -> None:
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, FIRST_AFTER_S / 3600)
    assert jobs.begun == []
    _turns(state, jobs, clock, 0.2)
    jobs.end()
    _turns(state, jobs, clock, 72)
    assert 1 <= len(jobs.begun) <= 2, "the second still runs: nothing is begun beside it"
    for _night in range(3):
        jobs.end()
        _turns(state, jobs, clock, 24)
    assert jobs.begun == ["backup"] * 5


def test_an_agent_that_begins_anew_repeats_nothing(state: Path) -> None:
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, 1)
    jobs.end()
    for _life in range(20):
        _turns(state, jobs, clock, 0.05)
    assert jobs.begun == ["backup"]


def test_a_failure_is_told_tried_again_and_forgotten_when_it_is_over(state: Path) -> None:
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, 1)
    jobs.end("failed", error={"what": "The place cannot be reached", "why": "refused", "fix": "look"})
    _turns(state, jobs, clock, 0.05)
    facts = Schedule(str(state), jobs, clock, lambda verb: True).facts()
    assert facts is not None
    assert facts.failed == ("The place cannot be reached", "refused")
    _turns(state, jobs, clock, 0.2)
    assert jobs.begun == ["backup", "backup"]
    jobs.end()
    _turns(state, jobs, clock, 0.05)
    facts = Schedule(str(state), jobs, clock, lambda verb: True).facts()
    assert facts is not None
    assert facts.failed is None


def test_a_job_that_was_lost_counts_as_failed(state: Path) -> None:
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, 1)
    jobs.states.clear()
    _turns(state, jobs, clock, 0.5)
    assert len(jobs.begun) == 2


def test_nothing_is_proven_before_there_is_a_set_and_the_newest_is_from_then_on(state: Path) -> None:
    _set_up(state, schedule="never", prove="daily")
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, 2)
    assert jobs.begun == []
    (state / "agent/backups.json").write_text(json.dumps({"sets": [{"id": "a"}]}))
    _turns(state, jobs, clock, 1)
    assert jobs.begun == ["prove"]


def test_a_set_that_was_found_bad_is_not_tried_again_before_there_is_another(state: Path) -> None:
    """What breaks: the newest set. What still holds: the alert, and the line to the place is free for the next set."""
    _set_up(state, schedule="never", prove="daily")
    jobs, clock = Jobs(), FakeClock()
    bad = {
        "id": "a",
        "taken_at": clock.now(),
        "proven": {"at": clock.now(), "ok": False, "problems": ["Table a is missing."]},
    }
    (state / "agent/backups.json").write_text(json.dumps({"sets": [{"id": "a"}]}))
    _turns(state, jobs, clock, 1)
    (state / "agent/backups.json").write_text(json.dumps({"sets": [bad]}))
    jobs.end("failed", error={"what": "a could not be restored", "why": "", "fix": ""})
    _turns(state, jobs, clock, 30)
    assert jobs.begun == ["prove"]
    facts = Schedule(str(state), jobs, clock, lambda verb: True).facts()
    assert facts is not None
    assert facts.bad == {"a": "Table a is missing."}, "it is told as long as it lasts"
    (state / "agent/backups.json").write_text(json.dumps({"sets": [{"id": "b"}, bad]}))
    _turns(state, jobs, clock, 0.2)
    assert jobs.begun == ["prove", "prove"], "the next set is tried at once"


def test_a_clock_that_was_ahead_for_one_night_decides_nothing(state: Path) -> None:
    """What breaks: the clock, two years ahead for a night with a backup, a drill and an agent's first look. What holds:
    backups and drills begin as planned, and somebody is told when they do not."""
    _set_up(state, schedule="03:30", prove="daily")
    jobs, clock = Jobs(), FakeClock()
    later = clock.now() + 700 * DAY
    drill = {"at": later, "ok": True, "problems": []}
    sets = [
        {"id": "later", "taken_at": later, "proven": {**drill, "ok": False, "problems": ["Table a is missing."]}},
        {"id": "before", "taken_at": clock.now() - 3 * DAY, "proven": drill},
    ]
    index = {"sets": sets, "newest": clock.now() - 3 * DAY}
    (state / "agent/backups.json").write_text(json.dumps(index))
    (state / "agent/schedule.json").write_text(json.dumps({"backup": {"first_seen": later}}))
    facts = Schedule(str(state), jobs, clock, lambda verb: True).facts()
    assert facts is not None
    assert facts.late_s > DAY
    assert facts.unproven_s > DAY
    assert facts.bad == {}, "it never goes: nobody is told of it for years"
    for _turn in range(2):
        _turns(state, jobs, clock, 1)
        jobs.end()
    assert jobs.begun == ["backup", "prove"]


def test_a_backup_and_a_drill_wait_for_each_other(state: Path) -> None:
    _set_up(state, schedule="03:30", prove="daily")
    (state / "agent/backups.json").write_text(json.dumps({"sets": [{"id": "a"}]}))
    jobs, clock = Jobs(), FakeClock()
    _turns(state, jobs, clock, 3)
    assert jobs.begun == ["backup"]
    jobs.end()
    _turns(state, jobs, clock, 0.2)
    assert jobs.begun == ["backup", "prove"]


def test_a_stack_without_backups_begins_none(state: Path) -> None:
    (state / "etc/agent/backup.json").write_text('{"v": 1}')
    jobs = Jobs()
    _turns(state, jobs, FakeClock(), 24)
    assert jobs.begun == []
    assert Schedule(str(state), jobs, FakeClock(), lambda verb: True).facts() is None


def test_a_damaged_memory_is_an_empty_one(state: Path) -> None:
    (state / "agent/schedule.json").write_text('{"backup": {"good": "x", "last": [')
    jobs = Jobs()
    _turns(state, jobs, FakeClock(), 1)
    assert jobs.begun == ["backup"]


def test_lateness_and_bad_drills_are_facts_for_the_alerts(state: Path) -> None:
    jobs, clock = Jobs(), FakeClock()
    now = clock.now()
    proof = {"at": now - DAY, "ok": False, "problems": ["Table a is missing."], "seconds": 1, "loss_s": 2}
    sets = [{"id": "s", "taken_at": now - 3 * DAY, "proven": proof}]
    (state / "agent/backups.json").write_text(json.dumps({"newest": now - 3 * DAY, "sets": sets}))
    facts = Schedule(str(state), jobs, clock, lambda verb: True).facts()
    assert facts is not None
    assert facts.late_s > DAY
    assert facts.newest == now - 3 * DAY
    assert facts.bad == {"s": "Table a is missing."}
