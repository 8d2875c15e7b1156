"""When a disk will be full, from how its use has grown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

SAMPLE_S = 600.0
"""Between two samples that are kept."""
KEPT_S = 48 * 3600.0
_POINTS = 48
"""At most so many points are compared, each with each."""

Sample = tuple[float, float]
"""(seconds since the epoch, MiB free)"""

_WINDOWS = ((3600.0, 1800.0, 6.0), (86400.0, 6 * 3600.0, float("inf")))
"""(how far to look back, the least span of samples, the furthest hour that may be foretold from it)."""


def kept(samples: Sequence[Sample], now: float, free_mib: float) -> tuple[Sample, ...]:
    """The samples with one more, where its time has come; those of a clock that was ahead of now are forgotten."""
    recent = tuple(sample for sample in samples if now - KEPT_S <= sample[0] <= now)
    if recent and now - recent[-1][0] < SAMPLE_S:
        return recent
    return (*recent, (now, free_mib))


def hours_until_full(samples: Sequence[Sample], now: float, free_mib: float) -> float | None:
    """Hours until nothing is free if it goes on as lately, None where it does not shrink or too little is known.

    The slope is the median over all pairs (Theil-Sen): one large file that came or went does not turn it. The last
    hour foretells only the next six, so that a fast leak is seen and a build is no leak for days.
    """
    found = []
    for back_s, least_s, furthest_h in _WINDOWS:
        window = _thinned([sample for sample in samples if now - sample[0] <= back_s])
        if len(window) < 3 or window[-1][0] - window[0][0] < least_s:
            continue
        shrinks = -_slope(window)
        hours = free_mib / shrinks / 3600 if shrinks > 0 else float("inf")
        if hours <= furthest_h and hours != float("inf"):
            found.append(hours)
    return min(found, default=None)


def _thinned(samples: Sequence[Sample]) -> list[Sample]:
    step = max(1, -(-len(samples) // _POINTS))
    return [*samples[:-1][::step], *samples[-1:]]


def _slope(samples: Sequence[Sample]) -> float:
    """MiB a second."""
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(samples)
        for later in samples[index + 1 :]
        if later[0] > earlier[0]
    )
    # Not the library's median: its module would stay in the agent, for one line.
    return slopes[len(slopes) // 2]
