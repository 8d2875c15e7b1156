"""What `founder status` concludes from what it read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from founderstack.operations.stack.status import Found, as_json, status

NOW = 10_000.0
RECORDS: dict[str, dict[str, Any]] = {
    "app-2-0f3a9c-1": {"title": "App", "group": "app", "version": "2", "address": "https://localhost"},
    "postgres": {"title": "PostgreSQL", "group": "data", "version": "15", "address": "127.0.0.1:5432"},
    "redis": {"title": "Redis", "group": "data"},
}
WELL = Found(
    records=RECORDS,
    conditions=dict.fromkeys(RECORDS, "running"),
    health={name: {"state": "online", "since": 9_000.0, "latency_ms": 2.5, "error": ""} for name in RECORDS},
    health_at=9_995.0,
)


def test_everything_online_is_well() -> None:
    seen = status(WELL, NOW)
    assert seen.well
    assert [(line.name, line.state, line.latency_ms) for line in seen.lines] == [
        ("app-2-0f3a9c-1", "online", 2.5),
        ("postgres", "online", 2.5),
        ("redis", "online", 2.5),
    ]


def test_what_fails_comes_first() -> None:
    health = {**WELL.health, "redis": {"state": "down", "since": 9_990.0, "error": "refused"}}
    seen = status(replace(WELL, health=health), NOW)
    assert [line.name for line in seen.lines] == ["redis", "app-2-0f3a9c-1", "postgres"]
    assert seen.lines[0].error == "refused"
    assert not seen.well


@pytest.mark.parametrize(
    ("condition", "state"), [("failing", "down"), ("stopped", "stopped"), ("starting", "starting")]
)
def test_the_runtime_knows_better_than_an_old_answer(condition: str, state: str) -> None:
    seen = status(replace(WELL, conditions={**WELL.conditions, "redis": condition}), NOW)
    assert (seen.lines[0].name, seen.lines[0].state) == ("redis", state)


def test_an_app_that_was_never_started_is_missed() -> None:
    missed = status(replace(WELL, records={"redis": RECORDS["redis"]}, unreleased=True), NOW)
    assert [(line.name, line.state) for line in missed.lines] == [("app", "down"), ("redis", "online")]
    assert not missed.well


def test_an_agent_that_fell_silent_is_not_believed() -> None:
    seen = status(replace(WELL, health_at=NOW - 61), NOW)
    assert seen.stale
    assert {line.state for line in seen.lines} == {"stale"}
    assert not seen.well


def test_without_a_runtime_nothing_runs() -> None:
    seen = status(replace(WELL, conditions={}), NOW)
    assert not seen.supervised
    assert {line.state for line in seen.lines} == {"stopped"}


def test_a_stack_that_was_never_brought_up_is_not_well() -> None:
    assert not status(Found({}, {}, {}), NOW).well


def test_findings_that_make_no_sense_are_unknown() -> None:
    seen = status(replace(WELL, health={**WELL.health, "redis": {"state": "purple"}}), NOW)
    assert seen.lines[0].state == "unknown"


def test_the_document_for_machines_carries_its_version() -> None:
    document = as_json(status(WELL, NOW), {"app": "https://localhost"})
    assert document["v"] == 1
    assert document["healthy"] is True
    assert document["addresses"] == {"app": "https://localhost"}
    services = document["services"]
    assert isinstance(services, list)
    assert list(services[0]) == [
        "name", "family", "state", "title", "group", "version", "address", "since", "latency_ms", "error", "outside",
    ]  # fmt: skip


def test_a_tool_elsewhere_is_shown_and_is_no_illness_of_the_stack() -> None:
    tool = {"title": "Grafana", "address": "https://grafana.example.com", "outside": True}
    health = {"outside-grafana": {"state": "down", "since": 9_000.0, "error": "connection refused"}}
    seen = status(replace(WELL, outside={"outside-grafana": tool}, outside_health=health), NOW)
    assert (seen.lines[0].name, seen.lines[0].state, seen.lines[0].error) == (
        "outside-grafana", "down", "connection refused",
    )  # fmt: skip
    assert seen.well
    old = status(replace(WELL, outside={"outside-grafana": tool}, outside_health=health, health_at=1.0), NOW)
    assert {line.state for line in old.lines if line.outside} == {"stale"}
