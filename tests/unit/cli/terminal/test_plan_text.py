"""What a person reads of a plan."""

from __future__ import annotations

import io

import pytest

from founderstack.cli.terminal.plan_text import show_plan
from founderstack.model.actions import NodeRuntime
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Desired, Task

NODE = {name: Task(name, name.partition("/")[0], "Node", NodeRuntime("24.1.0")) for name in ("app/node", "admin/node")}


def shown(*steps: Step) -> list[str]:
    told = io.StringIO()
    show_plan(Plan(steps), Desired(tasks=NODE), None, told)
    return told.getvalue().splitlines()


def test_what_two_components_need_is_listed_once_and_a_shared_reason_is_said_once() -> None:
    assert shown(
        Step("do", "app/node", "not done yet"),
        Step("start", "redis", "it is not there yet"),
        Step("do", "admin/node", "not done yet"),
        Step("start", "nginx", "it is not there yet"),
        Step("stop", "old", "nothing wants it"),
    ) == [
        "  + Node (not done yet)",
        "  It is not there yet:",
        "  + start redis",
        "  + start nginx",
        "  - stop old (nothing wants it)",
        "  steps: 5",
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("app-3-4fd2a1-1", "app-3-4fd2a1-2"), "  app will run as 2 instances"),
        (("app-3-4fd2a1-1",), "  app will run as one instance"),
    ],
)
def test_the_instances_that_will_run_are_counted_where_they_change(names: tuple[str, ...], told: str) -> None:
    def lines(step: Step) -> list[str]:
        stream = io.StringIO()
        show_plan(Plan((step,)), Desired(rings={"app": names}), None, stream)
        return stream.getvalue().splitlines()

    assert told in lines(Step("start", names[0], "it is not there yet"))
    assert told in lines(Step("switch", "app", "requests go to them"))
    assert not [line for line in lines(Step("start", "redis", "it is not there yet")) if "instance" in line]


def test_long_lines_are_wrapped_at_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    told = shown(Step("restart", "postgres", "its command and its environment and its files have changed"))
    assert all(len(line) < 40 for line in told)
    assert [line[:4].strip() for line in told] == ["~", "", "", "st"]
