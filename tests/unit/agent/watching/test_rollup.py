"""Answers summed up over spans of time."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, strategies as st

from founderstack.agent.watching.rollup import TimeBucket, began, quantile, steps_of, summed, uptime
from founderstack.model.protocols import Answer


def filled(*latencies: float, failures: int = 0) -> TimeBucket:
    bucket = TimeBucket(0, 60)
    for latency in latencies:
        bucket.add(Answer(True, latency), 1.0, 10.0)
    for _ in range(failures):
        bucket.add(Answer(False, 5000.0, "no answer in time"), 2.0, 3.0)
    return bucket


def test_uptime_is_a_share_of_time_and_not_of_answers() -> None:
    assert uptime([filled(1.0, 1.0, 1.0, failures=10)]) == 0.5
    assert uptime([filled(1.0), filled(2.0)]) == 1.0
    assert uptime([TimeBucket(0, 60)]) is None


def test_a_failure_counts_no_latency_and_its_words_are_kept() -> None:
    bucket = filled(2.0, failures=1)
    assert (sum(bucket.steps.values()), bucket.error, bucket.error_at) == (1, "no answer in time", 2.0)


@given(st.lists(st.floats(0.1, 9_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_is_right_within_a_sixth(latencies: list[float], share: float) -> None:
    ranked = sorted(latencies)
    true = ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]
    found = quantile(filled(*latencies).steps, share)
    assert found is not None
    assert true / 1.17 <= found <= true * 1.17


def test_latencies_out_of_range_are_counted_at_its_ends() -> None:
    assert quantile(filled(0.0).steps, 0.5) == pytest.approx(0.11, abs=0.01)
    assert (quantile(filled(1e9).steps, 0.5) or 0) > 9_000
    assert quantile({}, 0.5) is None


@given(st.lists(st.floats(0, 20_000), max_size=50))
def test_latencies_are_stored_and_read_back(latencies: list[float]) -> None:
    bucket = filled(*latencies)
    assert steps_of(bucket.latencies) == bucket.steps
    assert summed([bucket, bucket]) == {step: 2 * count for step, count in bucket.steps.items()}


def test_damaged_latencies_are_an_error() -> None:
    with pytest.raises(struct.error):
        steps_of(b"\x01")


def test_a_moment_falls_into_one_bucket() -> None:
    assert [began(moment, 60) for moment in (0.0, 59.9, 60.0, 3599.0)] == [0, 0, 60, 3540]
