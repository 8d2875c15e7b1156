"""A plan is carried out in parallel, in order, and stops at the first failure."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.model.identity import Identity
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Desired
from founderstack.operations.stack.converge import converge, estimate
from founderstack.testing.clock import FakeClock
from founderstack.testing.runtime import FakeRuntime
from founderstack.testing.stores import FakeSecrets
from tests.conftest import wait_until


class Meeting(FakeRuntime):
    """Holds each step until another one is there as well."""

    def __init__(self) -> None:
        super().__init__(FakeSecrets(), FakeClock())
        self._both = threading.Barrier(2, timeout=10)

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        self._both.wait()


class Patient(FakeRuntime):
    """Its first step is under way until it is broken off."""

    def __init__(self) -> None:
        super().__init__(FakeSecrets(), FakeClock())
        self._over = threading.Event()

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        if not self._over.wait(30):
            raise AssertionError("nobody broke it off")
        raise StackError("broken off", "", "")

    def break_off(self) -> None:
        self._over.set()


def stops(*needs: tuple[str, ...]) -> Plan:
    """A plan of stops, which need nothing of the runtime: a, b, c …"""
    return Plan(tuple(Step("stop", name, "", need) for name, need in zip("abcdef", needs, strict=False)))


def carried_out(plan: Plan, runtime: FakeRuntime) -> list[Event]:
    events: list[Event] = []
    try:
        converge(plan, Desired(), runtime, FakeClock(), events.append)
    except StackError:
        events.append(Event("failed", "all", 0))
    return events


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time() -> None:
    converge(stops((), ()), Desired(), Meeting(), FakeClock(), lambda _event: None)


def test_a_step_waits_for_what_it_needs() -> None:
    runtime = FakeRuntime(FakeSecrets(), FakeClock())
    carried_out(stops(("stop:b",), ("stop:c",), ()), runtime)
    assert runtime.steps == ["stop:c", "stop:b", "stop:a"]


def test_after_a_failure_nothing_new_begins_and_the_rest_is_told_as_skipped() -> None:
    runtime = FakeRuntime(FakeSecrets(), FakeClock())
    runtime.fail("stop:a")
    told = [(event.kind, event.step) for event in carried_out(stops((), ("stop:a",), ("stop:b",)), runtime)]
    assert told == [
        ("started", "stop:a"),
        ("failed", "stop:a"),
        ("skipped", "stop:b"),
        ("skipped", "stop:c"),
        ("failed", "all"),
    ]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where a shell started the tests in the background and so has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_breaks_off_what_runs_and_begins_nothing_more() -> None:
    told: list[tuple[str, str]] = []

    def emit(event: Event) -> None:
        told.append((event.kind, event.step))
        if (event.kind, event.step) == ("started", "stop:a"):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        converge(stops((), ("stop:a",)), Desired(), Patient(), FakeClock(), emit)
    wait_until(lambda: told == [("started", "stop:a"), ("failed", "stop:a")], "only a was begun, and broken off")


def test_every_step_is_told_from_its_start_to_its_end() -> None:
    events = carried_out(stops(()), FakeRuntime(FakeSecrets(), FakeClock()))
    assert [event.kind for event in events] == ["started", "progress", "done"]


APP = Identity("app-12-0f3a9c-1", "app-1", "12-0f3a9c", "app", "app", 1, "12")
BUILD = Identity("app/build-f092c3c21943d89520e3", "app/build", "f092c3c21943d89520e3", "app")


@pytest.mark.parametrize(
    ("step", "family", "service"),
    [
        (Step("start", APP.name, "", identity=APP), "start:app-1", "start:app"),
        (Step("do", BUILD.name, "", identity=BUILD), "do:app/build", "do:app/build"),
        (Step("start", "postgres", "", identity=Identity("postgres", "postgres")), "start:postgres", "start:postgres"),
        (Step("switch", "app", ""), "switch:app", "switch:app"),
    ],
)
def test_steps_are_approved_by_family_and_their_durations_compared_by_service(
    step: Step, family: str, service: str
) -> None:
    assert (step.family_id, step.service_id) == (family, service)
    told = carried_out(Plan((replace(step, verb="stop"),)), FakeRuntime(FakeSecrets(), FakeClock()))
    assert {event.family_id.partition(":")[2] for event in told} == {family.partition(":")[2]}


def test_the_estimate_is_the_longest_chain() -> None:
    assert estimate(stops((), (), ("stop:a",)), [2.0, 5.0, 4.0]) == 6.0


def test_too_little_known_gives_no_estimate() -> None:
    assert estimate(stops((), (), ()), [3.0, 5.0, None]) is None, "the step that nobody knows may be the longest"
    assert estimate(Plan(), []) is None
