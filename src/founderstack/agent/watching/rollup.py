"""Answers summed up over a span of time: how many, how quick, and for how long it was up. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from founderstack.model.protocols import Answer

_STEP = math.log(1.2)
_LEAST_MS = 0.1
_STEPS = 64
"""From 0.1 ms to 10 s in steps of a fifth: a quantile is right within a tenth."""
_PAIR = struct.Struct("<BH")
_MOST = 65_535


@dataclass
class TimeBucket:
    """What was answered from `at` on, for `seconds`."""

    at: int
    """Seconds since the epoch, a multiple of `seconds`."""
    seconds: int
    ok: int = 0
    failed: int = 0
    up_s: float = 0.0
    """Seconds that the good answers stand for; failures are asked again sooner, so counting would wrong it."""
    down_s: float = 0.0
    steps: dict[int, int] = field(default_factory=dict)
    """Step of latency → good answers in it."""
    error: str = ""
    """The last one."""
    error_at: float = 0.0

    def add(self, answer: Answer, at: float, stands_for_s: float) -> None:
        """Count one answer."""
        if answer.ok:
            self.ok += 1
            self.up_s += stands_for_s
            step = _step(answer.latency_ms)
            self.steps[step] = self.steps.get(step, 0) + 1
        else:
            self.failed += 1
            self.down_s += stands_for_s
            self.error, self.error_at = answer.error, round(at, 1)

    @property
    def latencies(self) -> bytes:
        """The latencies as they are stored."""
        return b"".join(_PAIR.pack(step, min(count, _MOST)) for step, count in sorted(self.steps.items()))


def steps_of(latencies: bytes) -> dict[int, int]:
    """What `Bucket.latencies` gave; raises struct.error for anything else."""
    return dict(_PAIR.iter_unpack(latencies))


def began(now: float, seconds: int) -> int:
    """When the bucket of this length began that `now` falls into."""
    return int(now // seconds) * seconds


def uptime(buckets: Iterable[TimeBucket]) -> float | None:
    """The share of the time in which it answered well, None where nothing is known."""
    up = down = 0.0
    for bucket in buckets:
        up, down = up + bucket.up_s, down + bucket.down_s
    return round(up / (up + down), 5) if up + down else None


def measured(buckets: Iterable[TimeBucket]) -> float:
    """Seconds that its answers stand for."""
    return round(sum(bucket.up_s + bucket.down_s for bucket in buckets), 1)


def summed(buckets: Iterable[TimeBucket]) -> dict[int, int]:
    """The latencies of all of them."""
    steps: dict[int, int] = {}
    for bucket in buckets:
        for step, count in bucket.steps.items():
            steps[step] = steps.get(step, 0) + count
    return steps


def quantile(steps: Mapping[int, int], share: float) -> float | None:
    """Milliseconds within which this share of the good answers came, None where there were none."""
    left = share * sum(steps.values())
    for step in sorted(steps):
        left -= steps[step]
        if left <= 1e-9:
            return float(f"{_LEAST_MS * math.exp(_STEP * (step + 0.5)):.2g}")
    return None


def _step(latency_ms: float) -> int:
    if latency_ms <= _LEAST_MS:
        return 0
    return min(int(math.log(latency_ms / _LEAST_MS) / _STEP), _STEPS)
