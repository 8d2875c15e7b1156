"""How every process did: a day in memory for its tile, a month in a file, a minute lost at most when the agent dies."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from founderstack.agent.watching.rollup import TimeBucket, began, measured, quantile, steps_of, summed, uptime
from founderstack.model.protocols import Answer
from founderstack.world.state.probe_history import Answers, Span

MINUTE = 60
BAR = 48 * 60
"""A day is thirty bars."""
BARS = 30
DAY = BARS * BAR
KEPT = {MINUTE: 1440, BAR: 30 * BARS}
"""Spans of each length for one process: minutes of a day, bars of a month."""
MOST_HOURS = 30 * 24
_MINUTES_UP_TO_HOURS = 24
_PRUNE_S = 3600.0
_STANDS_FOR_S = 15.0
"""The most that one answer says about the time before it; after a longer silence, nobody knows."""


@dataclass
class _Track:
    """What is in memory of one process."""

    bars: list[TimeBucket]
    """Oldest first, the last one under way."""
    minute: TimeBucket | None = None
    asked: float = 0.0
    """Monotonic time of the last answer, 0 before the first."""
    shown: dict[str, Any] | None = None


class Past:
    """Takes every answer, rolls it up, keeps it. `name` is that of a family (`Identity.family`)."""

    def __init__(self, store: Answers) -> None:
        self._store = store
        self._tracks: dict[str, _Track] = {}
        self._closed: list[tuple[str, TimeBucket]] = []
        """Spans that are over and not yet in the file."""
        self._pruned = 0.0

    def load(self, now: float) -> None:
        """Take up what an earlier agent left of the last day. What is damaged is left out."""
        for span in self._store.since(BAR, now - DAY, now):
            bucket = _bucket(span)
            if bucket:
                self._track(span.name).bars.append(bucket)

    def add(self, name: str, answer: Answer, now: float, steady: float) -> None:
        """Count one answer; `now` is the wall clock, which may jump, `steady` the monotonic one, which may not."""
        track = self._track(name)
        stands_for = min(steady - track.asked, _STANDS_FOR_S) if track.asked else 0.0
        track.asked = steady
        minute = track.minute
        if minute is None or minute.at != began(now, MINUTE):
            if minute:
                self._closed.append((name, minute))
            minute = track.minute = TimeBucket(began(now, MINUTE), MINUTE)
            track.shown = None
        for bucket in (minute, self._bar_of(name, track, now)):
            bucket.add(answer, now, stands_for)
        if not answer.ok:
            track.shown = None

    def forget_pause(self, name: str) -> None:
        """Nothing is known of the time since its last answer: it was stopped on purpose."""
        if name in self._tracks:
            self._tracks[name].asked = 0.0

    def new(self, *, all_of_it: bool = False) -> tuple[Span, ...]:
        """What is to be written: minutes that are over and bars; with `all_of_it` the minutes under way as well.

        Given out once: what then cannot be written is given up, so that a full disk costs no memory.
        """
        closed, self._closed = self._closed, []
        if all_of_it:
            closed += [(name, track.minute) for name, track in self._tracks.items() if track.minute]
        bars = [(name, track.bars[-1]) for name, track in self._tracks.items() if track.bars]
        return tuple(_span(name, bucket) for name, bucket in (*closed, *bars))

    def write(self, spans: tuple[Span, ...], now: float) -> None:
        """Write them, and once an hour drop what is too much; in whatever thread."""
        self._store.save(spans)
        if abs(now - self._pruned) >= _PRUNE_S:
            self._pruned = now
            count = max(len(self._tracks), 1)
            self._store.prune({seconds: most * count for seconds, most in KEPT.items()}, now)

    def keep(self, names: Iterable[str], now: float) -> None:
        """Remember these, and of others only who answered within the last day."""
        wanted = set(names)
        for name, track in list(self._tracks.items()):
            if name not in wanted and (not track.bars or track.bars[-1].at < now - DAY):
                del self._tracks[name]

    def shown(self, name: str, now: float) -> dict[str, Any]:
        """The part of a tile that tells the last day; made anew when a minute is over or something fails."""
        track = self._tracks.get(name)
        if track is None:
            return _shown((), now)
        if track.shown is None:
            track.shown = _shown(track.bars, now)
        return track.shown

    def buckets(self, name: str, hours: int, now: float) -> list[list[Any]]:
        """`[began_at, seconds, median_ms, p95_ms, ok, failed, error]` of each span with answers, oldest first."""
        seconds = MINUTE if hours <= _MINUTES_UP_TO_HOURS else BAR
        found = [_bucket(span) for span in self._store.since(seconds, now - hours * 3600 - seconds, now, name)]
        return [
            [one.at, one.seconds, quantile(one.steps, 0.5), quantile(one.steps, 0.95), one.ok, one.failed, one.error]
            for one in found
            if one
        ]

    def _bar_of(self, name: str, track: _Track, now: float) -> TimeBucket:
        """The bar that `now` falls into; where the clock was set back, the later ones are forgotten."""
        at = began(now, BAR)
        while track.bars and track.bars[-1].at > at:
            track.bars.pop()
        if not track.bars or track.bars[-1].at != at:
            self._closed += [(name, bar) for bar in track.bars[-1:]]
            track.bars.append(TimeBucket(at, BAR))
            del track.bars[:-BARS]
        return track.bars[-1]

    def _track(self, name: str) -> _Track:
        return self._tracks.setdefault(name, _Track([]))


def _shown(known: Iterable[TimeBucket], now: float) -> dict[str, Any]:
    last = began(now, BAR)
    by_time: Mapping[int, TimeBucket] = {bucket.at: bucket for bucket in known}
    bars = [by_time.get(last - BAR * back) or TimeBucket(last - BAR * back, BAR) for back in reversed(range(BARS))]
    steps = summed(bars)
    failed = max((bar for bar in bars if bar.error), key=lambda bar: bar.error_at, default=None)
    return {
        "uptime_24h": uptime(bars),
        "measured_s": measured(bars),
        "p50_ms": quantile(steps, 0.5),
        "p95_ms": quantile(steps, 0.95),
        "last_error": {"at": failed.error_at, "text": failed.error} if failed else None,
        "bars": [[bar.at, bar.seconds, quantile(bar.steps, 0.5), bar.ok, bar.failed] for bar in bars],
    }


def _span(name: str, bucket: TimeBucket) -> Span:
    return Span(
        bucket.seconds,
        bucket.at,
        name,
        bucket.ok,
        bucket.failed,
        round(bucket.up_s, 1),
        round(bucket.down_s, 1),
        bucket.latencies,
        bucket.error,
        bucket.error_at,
    )


def _bucket(span: Span) -> TimeBucket | None:
    try:
        return TimeBucket(
            int(span.at),
            int(span.seconds),
            int(span.ok),
            int(span.failed),
            float(span.up_s),
            float(span.down_s),
            steps_of(span.latencies),
            str(span.error),
            float(span.error_at),
        )
    except (TypeError, ValueError, struct.error):
        return None
