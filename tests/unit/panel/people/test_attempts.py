"""How long somebody waits who gets the password wrong."""

from __future__ import annotations

from founderstack.panel.people.attempts import FREE, MOST_REMEMBERED, Attempts


def test_a_few_mistakes_cost_nothing_and_then_the_wait_doubles_up_to_a_most() -> None:
    attempts = Attempts(most_wait_s=60)
    waits = []
    for _ in range(FREE + 8):
        waits.append(attempts.wait_s("ana", 100.0))
        attempts.failed("ana", 100.0)
    assert waits == [0.0] * FREE + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_the_wait_passes_and_others_do_not_wait() -> None:
    attempts = Attempts(most_wait_s=60)
    for _ in range(FREE + 3):
        attempts.failed("ana", 100.0)
    assert attempts.wait_s("ana", 102.5) == 5.5
    assert attempts.wait_s("ana", 108.0) == 0
    assert attempts.wait_s("eva", 100.0) == 0


def test_the_right_password_and_an_hour_forgive() -> None:
    attempts = Attempts(most_wait_s=60)
    for _ in range(FREE + 3):
        attempts.failed("ana", 0.0)
        attempts.failed("eva", 0.0)
    attempts.succeeded("ana")
    assert attempts.wait_s("ana", 0.0) == 0
    attempts.failed("eva", 3601.0)
    assert attempts.wait_s("eva", 3601.0) == 0


def test_memory_is_bounded_and_the_newest_are_remembered() -> None:
    attempts = Attempts(most_wait_s=60)
    for number in range(MOST_REMEMBERED + 500):
        for _ in range(FREE):
            attempts.failed(str(number), 1.0)
    assert len(attempts._failures) == MOST_REMEMBERED
    assert attempts.wait_s(str(MOST_REMEMBERED + 499), 1.0) > 0
