"""Waiting for a condition."""

from __future__ import annotations

from founderstack.world.os.clock import until


def test_a_condition_that_holds_is_asked_once() -> None:
    answers = iter([True])
    assert until(lambda: next(answers), 10)


def test_a_condition_that_never_holds_ends_at_the_deadline() -> None:
    assert not until(lambda: False, 0.05, every_s=0.01)


def test_without_time_it_is_asked_once_all_the_same() -> None:
    assert until(lambda: True, 0)
    assert not until(lambda: False, 0)
