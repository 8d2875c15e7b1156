"""When a disk will be full."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from founderstack.planner.alerts.forecast import SAMPLE_S, Sample, hours_until_full, kept

NOW = 1_800_000_000.0


def filled(rate_mib_h: float, hours: float, free: float = 10_000.0) -> tuple[Sample, ...]:
    """A sample every ten minutes up to now, with `free` left now."""
    count = int(hours * 3600 / SAMPLE_S) + 1
    return tuple(
        (NOW - back * SAMPLE_S, free + rate_mib_h * back * SAMPLE_S / 3600) for back in range(count - 1, -1, -1)
    )


def test_a_steady_growth_is_foretold() -> None:
    assert hours_until_full(filled(200, 24), NOW, 10_000) == pytest.approx(50, rel=0.01)


def test_too_little_is_known_at_first_and_a_disk_that_empties_is_never_full() -> None:
    assert hours_until_full((), NOW, 10_000) is None
    assert hours_until_full(filled(200, 0.3), NOW, 10_000) is None
    assert hours_until_full(filled(-200, 24), NOW, 10_000) is None
    assert hours_until_full(filled(0, 24), NOW, 10_000) is None


def test_a_leak_of_the_last_hour_is_foretold_for_six_hours_only() -> None:
    assert hours_until_full(filled(2_500, 1), NOW, 10_000) == pytest.approx(4, rel=0.01)
    assert hours_until_full(filled(1_000, 1), NOW, 10_000) is None, "a build is no leak"


def test_one_large_file_that_came_or_went_turns_nothing() -> None:
    steady = filled(10, 24)
    step = tuple((at, free - (3_000 if at > NOW - 4 * 3600 else 0)) for at, free in steady)
    hours = hours_until_full(step, NOW, step[-1][1])
    assert hours is None or hours > 300


def test_samples_are_ten_minutes_apart_and_two_days_old_at_most() -> None:
    samples: tuple[Sample, ...] = ()
    for minute in range(60 * 72):
        samples = kept(samples, NOW + minute * 60, 500.0)
    assert len(samples) == pytest.approx(288, abs=2)
    assert all(later[0] - earlier[0] >= SAMPLE_S for earlier, later in pairwise(samples))
    back = kept(samples, NOW, 500.0)
    assert [at for at, _free in back if at > NOW] == [], "a clock that was ahead is forgotten"


@given(st.lists(st.tuples(st.floats(0, 86_400), st.floats(0, 1e6)), max_size=60), st.floats(0, 1e6))
def test_it_never_fails_and_never_says_less_than_nothing(points: list[tuple[float, float]], free: float) -> None:
    hours = hours_until_full(tuple(sorted((NOW - back, mib) for back, mib in points)), NOW, free)
    assert hours is None or hours >= 0
