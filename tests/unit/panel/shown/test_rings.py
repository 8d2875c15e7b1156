"""The instances of the app as one service: what it claims of them, and what it does not."""

from __future__ import annotations

from typing import Any

from founderstack.panel.shown.rings import called, instances_of, together
from founderstack.panel.shown.tiles import Tile, tile

NOW = 1_700_000_000.0


def instance(**more: Any) -> dict[str, Any]:
    return {
        "title": "App", "group": "app", "path": "", "summary": "", "version": "3", "address": "https://a.example",
        "ring": "app", "state": "online", "since": NOW - 60, "error": "", "failures": 0, "uptime_24h": 1.0,
        "measured_s": 3600.0, "p50_ms": 10.0, "p95_ms": 20.0, "last_error": None, "bars": [[0, 60, 10.0, 5, 0]],
        "actions": ["restart", "stop", "logs"], "logs": [], **more,
    }  # fmt: skip


def shown(*instances: dict[str, Any]) -> Tile:
    processes = {
        f"app-3-4fd2a1-{number}": {**one, "number": number, "family": f"app-{number}"}
        for number, one in enumerate(instances, 1)
    }
    (key, said), *rest = together(processes, "diary").items()
    assert not rest
    return tile(key, said, str, "en", NOW, 0.0)


def test_the_app_is_one_service_with_its_name_its_release_and_its_instances() -> None:
    found = shown(instance(logs=["app-3-4fd2a1-1"]), instance(logs=["app-3-4fd2a1-2"]))
    assert (found.key, found.title, found.version, found.instances) == ("app", "diary", "release 3", "2 of 2 instances")
    assert (found.state, found.logs) == ("online", {"app-3-4fd2a1-1": "Instance 1", "app-3-4fd2a1-2": "Instance 2"})
    assert found.chart.values == "10,10,0"
    assert shown(instance()).instances == "1 of 1 instance"


def test_it_serves_while_one_instance_does_and_says_what_ails_the_other() -> None:
    down = instance(state="down", error="no answer in time", failures=17, uptime_24h=0.0)
    found = shown(instance(), down)
    assert (found.state, found.error, found.instances) == ("degraded", "No answer in time", "1 of 2 instances")
    assert found.uptime == "50\N{NO-BREAK SPACE}%"
    assert shown(down, down).state == "down"


def test_an_instance_that_begins_or_was_stopped_is_counted_and_makes_the_app_no_problem() -> None:
    found = shown(instance(), instance(state="stopped", actions=["start"]))
    assert (found.state, found.instances, found.error) == ("online", "1 of 2 instances", "")
    assert shown(instance(state="starting", since=0.0)).word == "Starting"


def test_while_a_release_takes_over_no_past_is_counted_twice() -> None:
    old, new = instance(number=1), instance(number=1, version="4", state="unknown", since=0.0)
    found = together({"app-3-4fd2a1-1": old, "app-4-77aa01-1": new}, "diary")
    assert found["app"]["bars"] == [[0, 60, 10.0, 5, 0]]
    assert (found["app"]["version"], found["app"]["instances"]) == ("4", (1, 2))


def test_whatever_is_no_instance_stays_as_it_is_and_an_instance_has_a_page_of_its_own() -> None:
    processes = {"redis": instance(ring="", title="Redis"), "app-3-4fd2a1-2": instance(number=2, family="app-2")}
    assert together(processes, "diary")["redis"] is processes["redis"]
    assert (instances_of(processes, "app"), instances_of(processes, "redis")) == (("app-3-4fd2a1-2",), ("redis",))
    alone = tile("app-3-4fd2a1-2", processes["app-3-4fd2a1-2"], str, "en", NOW, 0.0)
    assert (alone.title, alone.version, alone.instances) == ("App, instance 2", "release 3", "")


def test_events_and_jobs_name_services_families_and_processes() -> None:
    processes = {"redis": instance(ring="", title="Redis"), "app-3-4fd2a1-2": instance(number=2, family="app-2")}
    both = "diary, instance 2"
    titles = {"redis": "Redis", "app": "diary", "app-2": both, "app-3-4fd2a1-2": both}
    assert called(processes, "diary", str) == titles
