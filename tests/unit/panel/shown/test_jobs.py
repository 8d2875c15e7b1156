"""What a job's page says of each step, while it runs and after it ended."""

from __future__ import annotations

from typing import Any

import pytest

from founderstack.panel.shown.jobs import JobView, view

NOW = 1_700_000_000.0
PLANNED = [{"id": "do:app/build", "title": "build the app"}, {"id": "start:app-2", "title": "start app-2"}]


def event(kind: str, step: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "step": step, "at": NOW, "seconds": 0.0, "detail": "", "title": "", **more}


def job(**more: Any) -> JobView:
    values = {
        "id": "1", "verb": "deploy", "options": {"ref": "main"}, "by": "ana", "state": "running", "started": NOW - 65,
        "ended": 0.0, "code": None, "steps": PLANNED, "events": [], "result": None, "error": None, **more,
    }  # fmt: skip
    return view(values, str, "en", NOW, {"app-2": "diary, instance 2"})


def test_a_job_that_runs_shows_what_is_done_what_goes_on_and_what_waits() -> None:
    found = job(events=[event("started", "do:app/build"), event("progress", "do:app/build", detail="npm run build")])
    assert (found.title, found.word, found.took) == ("Deploy main", "Running", "1\xa0min")
    assert [(step.title, step.state, step.detail) for step in found.steps] == [
        ("Build the app", "running", "npm run build"),
        ("Start app-2", "waiting", ""),
    ]


def test_the_output_of_a_step_that_is_done_is_not_shown_any_more() -> None:
    done = [event("progress", "do:app/build", detail="npm"), event("done", "do:app/build", seconds=12.3)]
    found = job(events=done).steps[0]
    assert (found.state, found.took, found.detail) == ("done", "12\xa0s", "")


def test_the_last_words_of_a_step_that_failed_stay() -> None:
    events = [event("progress", "do:app/build", detail="type error"), event("failed", "do:app/build", seconds=2.0)]
    error = {"what": "The build failed", "why": "type error", "fix": "Repair it"}
    found = job(state="failed", ended=NOW, events=events, error=error)
    assert (found.steps[0].state, found.steps[0].detail, found.error) == ("failed", "type error", error)
    assert found.steps[1].state == "skipped"


@pytest.mark.parametrize("state", ["failed", "lost"])
def test_what_no_event_ended_is_not_claimed_to_run_once_the_job_is_over(state: str) -> None:
    found = job(state=state, ended=NOW, events=[event("started", "do:app/build")])
    assert [step.state for step in found.steps] == ["skipped", "skipped"]
    assert not found.running


def test_a_job_without_a_plan_shows_the_steps_that_its_events_name() -> None:
    found = job(verb="backup", options={}, steps=[], events=[event("started", "dump", title="dump the database app")])
    assert (found.title, found.steps[0].title) == ("Take a backup", "Dump the database app")
    assert job(verb="of-a-later-release").title == "of-a-later-release"


NODE = [{"id": "do:redis-commander/node", "title": "Node"}, {"id": "do:app/node", "title": "Node"}]


@pytest.mark.parametrize(
    ("events", "state", "took"),
    [
        ([], "waiting", ""),
        ([event("started", "do:app/node")], "running", ""),
        ([event("done", "do:app/node", seconds=9.0), event("started", "do:redis-commander/node")], "running", ""),
        ([event("done", "do:app/node", seconds=9.0), event("done", "do:redis-commander/node")], "done", "9.0\xa0s"),
        ([event("done", "do:app/node"), event("failed", "do:redis-commander/node", seconds=2.0)], "failed", "2.0\xa0s"),
    ],
)
def test_what_two_components_need_is_one_line(events: list[dict[str, Any]], state: str, took: str) -> None:
    found = job(steps=NODE, events=events)
    assert [(step.title, step.state, step.took) for step in found.steps] == [("Node", state, took)]
    assert found.done == (state == "done")


SET = "20261124T033000Z-0000ab"


@pytest.mark.parametrize(
    ("verb", "options", "title"),
    [
        ("scale", {"replicas": 1}, "Run one copy of the app"),
        ("scale", {"replicas": 3}, "Run 3 copies of the app"),
        ("prove", {"set": ""}, "Prove the newest backup"),
        ("prove", {"set": SET}, "Prove the backup of 24 Nov 2026, 03:30 UTC"),
        ("prove", {"set": "2026"}, "Prove the backup of 2026"),
        ("restore", {"set": SET, "confirm": ""}, "Restore the backup of 24 Nov 2026, 03:30 UTC, beside what is used"),
        ("restore", {"set": SET, "confirm": "diary"}, "Restore the backup of 24 Nov 2026, 03:30 UTC, in its place"),
        ("restart", {"process": "redis"}, "Restart redis"),
        ("stop", {"process": "app-2"}, "Stop diary, instance 2"),
    ],
)
def test_a_job_is_named_in_words(verb: str, options: dict[str, Any], title: str) -> None:
    assert job(verb=verb, options=options).title == title


def test_a_restore_says_where_it_put_things_or_how_to_go_back() -> None:
    item = {"kind": "database", "name": "app", "into": "app_restored"}
    beside = {"in_place": False, "safety": "", "items": [item]}
    replaced = {"in_place": True, "safety": "S1", "items": [item]}
    assert job(verb="restore", result=beside).outcome == ("app is in app_restored",)
    assert job(verb="restore", result=replaced).outcome == ("To go back, restore the backup S1",)
    assert job(verb="restore").outcome == ()
