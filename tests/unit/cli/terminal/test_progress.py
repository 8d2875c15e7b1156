"""A line for each step, named after what it was done to."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from founderstack.cli.terminal.progress import Progress
from founderstack.model.actions import NodeRuntime
from founderstack.model.events import Event
from founderstack.model.identity import Identity
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Desired, Task
from founderstack.testing.clock import FakeClock


def _starts(release: str, shape: str) -> list[Step]:
    """The steps that start both instances of a release."""
    who = [
        Identity(f"app-{release}-{shape}-{n}", f"app-{n}", f"{release}-{shape}", "app", "app", n, release)
        for n in (1, 2)
    ]
    return [Step("start", one.name, "it is not there yet", identity=one) for one in who]


def _lines(capsys: pytest.CaptureFixture[str], shown: list[Step], done: list[Step]) -> list[str]:
    with Progress(Plan(tuple(shown)), Desired(), FakeClock()) as progress:
        for step in done:
            progress.emit(Event("done", step.id, 0.0, seconds=1.0, family=step.family_id))
    return [line.partition("✓ ")[2] for line in capsys.readouterr().err.splitlines()]


def test_each_instance_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    steps = _starts("2", "0f3a9c")
    told = [f"start app, instance {number} of release 2  1.0 s" for number in (1, 2)]
    assert _lines(capsys, steps, steps) == told


def test_a_name_that_was_not_known_when_the_plan_was_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown, done = _starts("1", "000000"), _starts("1", "0f3a9c")
    told = [f"start app, instance {number} of release 1  1.0 s" for number in (1, 2)]
    assert _lines(capsys, shown, done) == told


def test_what_two_components_need_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = {f"{owner}/node": Task(f"{owner}/node", owner, "Node", NodeRuntime("24.1.0")) for owner in ("app", "admin")}
    plan = Plan(tuple(Step("do", name, "not done yet") for name in tasks))
    with Progress(plan, Desired(tasks=tasks), FakeClock()) as progress:
        for name in tasks:
            progress.emit(Event("done", f"do:{name}", 0.0, seconds=1.0))
    assert [line.partition("✓ ")[2] for line in capsys.readouterr().err.splitlines()] == ["Node  1.0 s"]


class Terminal(io.StringIO):
    """Keeps what was written and not sent yet, as a terminal's stream does until it is flushed."""

    waiting = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.waiting += text
        return super().write(text)

    def flush(self) -> None:
        self.waiting = ""


def test_what_is_drawn_is_wiped_before_anything_else_is_said() -> None:
    """Else the question after an `up` would be wiped by it, for it goes to another stream."""
    terminal = Terminal()
    with redirect_stderr(terminal), Progress(Plan(()), Desired(), FakeClock()) as progress:
        progress.emit(Event("started", "start:app", 0.0))
        progress.emit(Event("done", "start:app", 0.0, seconds=1.0))
    assert terminal.getvalue().endswith("\x1b[0J")
    assert terminal.waiting == ""
