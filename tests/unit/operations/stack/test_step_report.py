"""A step is reported from its beginning to its end, whatever the end is."""

from __future__ import annotations

import pytest

from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.testing.clock import FakeClock


class Notes:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def recent(self, limit: int) -> list[Event]:
        return self.events[-limit:]

    def typical_seconds(self, step_id: str) -> float | None:
        return None


def told(events: list[Event]) -> list[tuple[str, float, str]]:
    return [(event.kind, event.seconds, event.detail) for event in events]


def test_it_tells_what_has_passed_and_keeps_the_end() -> None:
    emitted, history, clock = list[Event](), Notes(), FakeClock()
    with reporting("copy", noted(history, emitted.append), clock) as report:
        clock.wait(2.0)
        report.progress("diary", 4_000_000)
        clock.wait(2.0)
    assert told(emitted) == [
        ("started", 0.0, ""),
        ("progress", 2.0, "diary: 4.0 MB, 2.0 MB/s"),
        ("done", 4.0, "4.0 MB, 1.0 MB/s"),
    ]
    assert history.events == emitted[-1:]


@pytest.mark.parametrize(
    ("error", "detail"), [(StackError("No", "It is full", "x"), "No: It is full"), (KeyError(), "")]
)
def test_an_error_ends_it_and_goes_on(error: Exception, detail: str) -> None:
    emitted = list[Event]()
    with pytest.raises(type(error)), reporting("copy", emitted.append, FakeClock()):
        raise error
    assert told(emitted)[1:] == [("failed", 0.0, detail)]


def test_what_ended_badly_without_an_error_has_failed() -> None:
    emitted = list[Event]()
    with reporting("prove", emitted.append, FakeClock()) as report:
        report.outcome, report.failed = "rows are missing", True
    assert told(emitted)[1:] == [("failed", 0.0, "rows are missing")]
