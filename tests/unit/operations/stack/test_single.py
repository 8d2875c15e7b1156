"""Services stopped and started one by one, as they were applied."""

from __future__ import annotations

import pytest

from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.single import restart, start, stop, who_needs
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def site(world: FakeWorld) -> Site:
    """A stack that is up."""
    site = world.site('name = "diary"\n')
    up(site, lambda _prepared: None, lambda _event: None)
    return site


def names(site: Site) -> list[str]:
    return list(site.runtime.observe().processes)


def test_whoever_needs_another_stops_first_and_starts_last(site: Site) -> None:
    events: list[Event] = []
    stop(site, ["postgres", "pgadmin"], events.append)
    assert [event.step for event in events if event.kind == "done"] == ["stop:pgadmin", "stop:postgres"]
    events.clear()
    start(site, ["pgadmin", "postgres"], events.append)
    assert [event.step for event in events if event.kind == "done"] == ["start:postgres", "start:pgadmin"]


def test_what_was_stopped_is_started_by_the_next_up(world: FakeWorld, site: Site) -> None:
    stop(site, ["redis"], lambda _event: None)
    assert world.calls[-1] == "changed", "the receipt no longer holds"
    assert [step.id for step in prepare(site).plan.steps] == ["start:redis"]
    up(site, lambda _prepared: None, lambda _event: None)
    assert prepare(site).plan.steps == ()


def test_who_cannot_do_without_it_is_known_through_others(site: Site) -> None:
    processes = site.runtime.observe().processes
    needing = who_needs(processes, ["postgres"])
    assert "pgadmin" in needing
    assert any(name.startswith("app-") for name in needing)
    assert "redis" not in needing
    assert who_needs(processes, names(site)) == ()


def test_a_failure_is_told_and_what_is_not_there_is_an_error(site: Site) -> None:
    events: list[Event] = []
    restart(site, ["redis"], events.append)
    assert [event.kind for event in events] == ["started", "done"]
    with pytest.raises((StackError, KeyError)):
        restart(site, ["nothing"], events.append)


def test_a_plan_is_named_by_what_it_would_make(world: FakeWorld, site: Site) -> None:
    stop(site, ["redis"], lambda _event: None)
    one = prepare(site).digest
    assert prepare(site).digest == one
    other = prepare(world.site('name = "diary"\n[cache]\nmemory_mib = 300\n')).digest
    assert other != one, "the same step, and another outcome"
