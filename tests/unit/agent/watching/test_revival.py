"""When to try again what the supervisor has given up on."""

from __future__ import annotations

from founderstack.agent.watching.revival import FIRST_S, MOST_S, Revival


def tries(revival: Revival, start: float, until: float) -> list[float]:
    """The moments at which a process that never comes up is tried."""
    found = []
    for now in range(int(start), int(until)):
        if revival.due(["web"], now):
            revival.tried(["web"], now)
            found.append(float(now))
    return found


def test_waits_double_from_five_seconds_to_five_minutes() -> None:
    moments = tries(Revival(), 0, 2000)
    waits = [later - earlier for earlier, later in zip([0.0, *moments], moments, strict=False)]
    assert waits[:7] == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0]
    assert set(waits[7:]) == {MOST_S}


def test_a_process_that_ran_well_for_long_is_forgiven() -> None:
    revival = Revival()
    tries(revival, 0, 400)
    assert not revival.due([], 5000)
    assert not revival.due(["web"], 5001)
    assert revival.due(["web"], 5001 + FIRST_S)


def test_one_that_fails_again_soon_keeps_its_long_wait() -> None:
    revival = Revival()
    last = tries(revival, 0, 100)[-1]
    assert not revival.due([], last + 1)
    assert not revival.due(["web"], last + FIRST_S)


def test_nothing_is_due_while_nothing_fails() -> None:
    assert not Revival().due([], 10)
