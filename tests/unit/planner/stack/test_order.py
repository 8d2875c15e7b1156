"""Steps in an order that respects what each needs."""

from __future__ import annotations

import pytest

from founderstack.model.plan import Step
from founderstack.planner.stack.order import ordered


def test_steps_without_needs_stay_as_they_were_given() -> None:
    steps = [Step("start", name, "") for name in "cab"]
    assert [step.target for step in ordered(steps)] == ["c", "a", "b"]


def test_a_step_comes_after_what_it_needs() -> None:
    steps = [Step("start", "app", "", ("do:build", "start:gone")), Step("do", "build", "")]
    assert [step.target for step in ordered(steps)] == ["build", "app"]


def test_steps_that_wait_for_each_other_are_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match=r"wait for each other: .*do:a"):
        ordered([Step("do", "a", "", ("do:b",)), Step("do", "b", "", ("do:a",))])
