"""One judge of a service's state, whoever asks."""

from __future__ import annotations

from itertools import product

import pytest

from founderstack.model.health import ORDER, judge

CONDITIONS = ("running", "starting", "stopped", "failing", "")
ANSWERS = ("online", "degraded", "down", "unknown", "")


@pytest.mark.parametrize(
    ("condition", "answers", "state"),
    [
        ("running", "online", "online"),
        ("running", "degraded", "degraded"),
        ("running", "down", "down"),
        ("running", "unknown", "starting"),
        ("running", "", "unknown"),
        ("running", "purple", "unknown"),
        ("starting", "online", "starting"),
        ("starting", "down", "down"),
        ("stopped", "down", "stopped"),
        ("failing", "online", "down"),
        ("", "online", "online"),
        ("", "unknown", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_the_process_comes_first_then_its_answers(condition: str, answers: str, state: str) -> None:
    assert judge(condition, answers) == state


def test_answers_that_are_too_old_say_nothing_about_now() -> None:
    found = {(condition, judge(condition, answers, fresh=False)) for condition, answers in product(CONDITIONS, ANSWERS)}
    assert found == {
        ("running", "stale"),
        ("", "stale"),
        ("starting", "starting"),
        ("stopped", "stopped"),
        ("failing", "down"),
    }


def test_every_state_has_its_place_in_the_order() -> None:
    judged = {
        judge(condition, answers, fresh=fresh)
        for condition, answers, fresh in product(CONDITIONS, ANSWERS, (True, False))
    }
    assert judged == set(ORDER)
