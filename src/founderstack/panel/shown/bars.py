"""The history of a service as bars: heights, colours, and what each one means in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from founderstack.panel.shown.words import Translate, milliseconds

STEP, WIDTH = 4, 3
HEIGHT = 28
_LOWEST = 4
DETAIL_S = 300
_DAY = 24 * 3600 // DETAIL_S
_LOW_MS, _HIGH_MS = 0.5, 5000.0
Kind = Literal["ok", "mixed", "failed", "empty"]
KINDS: tuple[Kind, ...] = ("ok", "mixed", "failed", "empty")


@dataclass(frozen=True)
class Bucket:
    """What was answered within a stretch of time."""

    began: float
    """Seconds since the epoch."""
    seconds: float
    median_ms: float
    """Of the good answers; 0 without one."""
    ok: int
    failed: int

    @property
    def kind(self) -> Kind:
        """Its colour."""
        if not self.failed:
            return "ok" if self.ok else "empty"
        return "mixed" if self.ok else "failed"


@dataclass(frozen=True)
class Chart:
    """Bars side by side, as one SVG path for each colour, and the same as values that a script can explain."""

    width: int
    paths: tuple[tuple[Kind, str], ...]
    began: int
    step: int
    values: str
    """`median,ok,failed` of each bar, separated by spaces."""
    count: int
    text: str
    """All of it in a sentence."""


def buckets(values: Sequence[Sequence[Any]]) -> tuple[Bucket, ...]:
    """Buckets from what the agent says: `[began_at, seconds, median_ms or None, ok, failed]` each, oldest first."""
    return tuple(Bucket(float(v[0]), float(v[1]), float(v[2] or 0.0), int(v[3]), int(v[4])) for v in values)


def in_detail(spans: Sequence[Sequence[Any]], now: float) -> tuple[Bucket, ...]:
    """The last 24 hours in stretches of five minutes, empty where nobody asked.

    `spans` is what the agent's `history` says: `[began_at, seconds, median_ms or None, p95_ms, ok, failed, error]`.
    """
    held: dict[int, list[Sequence[Any]]] = {}
    for span in spans:
        held.setdefault(int(span[0]) // DETAIL_S, []).append(span)
    last = int(now) // DETAIL_S
    return tuple(_joined(number * DETAIL_S, held.get(number, ())) for number in range(last - _DAY + 1, last + 1))


def _joined(began: int, spans: Sequence[Sequence[Any]]) -> Bucket:
    medians = sorted(float(span[2]) for span in spans if span[4])
    middle = medians[len(medians) // 2] if medians else 0.0
    return Bucket(began, DETAIL_S, middle, sum(int(span[4]) for span in spans), sum(int(span[5]) for span in spans))


def chart(shown: Sequence[Bucket], _: Translate, language: str) -> Chart:
    """The picture of these buckets."""
    paths: dict[Kind, list[str]] = {kind: [] for kind in KINDS}
    for index, bucket in enumerate(shown):
        height = _height(bucket)
        paths[bucket.kind].append(f"M{index * STEP} {HEIGHT - height}h{WIDTH}v{height}h-{WIDTH}z")
    return Chart(
        width=max(len(shown) * STEP - (STEP - WIDTH), 1),
        paths=tuple((kind, "".join(parts)) for kind, parts in paths.items() if parts),
        began=round(shown[0].began) if shown else 0,
        step=round(shown[0].seconds) if shown else 0,
        values=" ".join(f"{bucket.median_ms:.4g},{bucket.ok},{bucket.failed}" for bucket in shown),
        count=len(shown),
        text=_in_words(shown, _, language),
    )


@dataclass(frozen=True)
class Hour:
    """An hour of the history, for a table."""

    began: float
    ok: int
    failed: int
    median: str


def by_hour(shown: Sequence[Bucket], language: str) -> tuple[Hour, ...]:
    """The same in a table's rows, newest first; hours in which nobody asked are left out."""
    hours: dict[int, list[Bucket]] = {}
    for bucket in shown:
        if bucket.kind != "empty":
            hours.setdefault(int(bucket.began // 3600), []).append(bucket)
    return tuple(_hour(hour * 3600, held, language) for hour, held in sorted(hours.items(), reverse=True))


def _hour(began: float, held: Sequence[Bucket], language: str) -> Hour:
    medians = sorted(bucket.median_ms for bucket in held if bucket.ok)
    median = milliseconds(medians[len(medians) // 2], language) if medians else "–"
    return Hour(began, sum(bucket.ok for bucket in held), sum(bucket.failed for bucket in held), median)


def _height(bucket: Bucket) -> int:
    """By the logarithm, 0.5 ms low and 5 s full; an outage is full, nothing at all a line."""
    if bucket.kind == "empty":
        return 2
    if bucket.kind == "failed":
        return HEIGHT
    share = math.log10(min(max(bucket.median_ms, _LOW_MS), _HIGH_MS) / _LOW_MS) / math.log10(_HIGH_MS / _LOW_MS)
    return round(_LOWEST + share * (HEIGHT - _LOWEST))


def _in_words(shown: Sequence[Bucket], _: Translate, language: str) -> str:
    ok, failed = sum(bucket.ok for bucket in shown), sum(bucket.failed for bucket in shown)
    if not ok + failed:
        return _("No answers yet")
    medians = sorted(bucket.median_ms for bucket in shown if bucket.ok)
    middle = milliseconds(medians[len(medians) // 2], language) if medians else "–"
    return _("Last 24 hours: {ok} answers, {failed} failures, median {middle}").format(
        ok=ok, failed=failed, middle=middle
    )
