"""How a process does, judged from its answers. Pure: time comes in as a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from founderstack.model.health import FAILURES_UNTIL_DOWN, AnswerState
from founderstack.model.protocols import Answer

UNWATCHED_S = 150.0
"""After so long without a look, as when the machine was off, nobody knows that a state has lasted."""
HISTORY_LENGTH = 30


@dataclass(frozen=True)
class Health:
    """The judgement and the answers it rests on."""

    state: AnswerState = "unknown"
    since: float = 0.0
    """When it entered this state, seconds since the epoch; 0 before the first answer."""
    latency_ms: float = 0.0
    error: str = ""
    checked: float = 0.0
    failures: int = 0
    """Failed answers in a row."""
    history: tuple[tuple[float, float, bool], ...] = ()
    """(when, milliseconds, whether it answered well), oldest first."""

    def after(self, answer: Answer, now: float) -> Health:
        """The judgement with one more answer: down only after several failures, online again after one success."""
        failures = 0 if answer.ok else self.failures + 1
        state = self._next_state(failures)
        watched = self.since and now - self.checked <= UNWATCHED_S
        return Health(
            state=state,
            since=self.since if watched and state == self.state else now,
            latency_ms=answer.latency_ms,
            error=answer.error,
            checked=now,
            failures=failures,
            history=(*self.history, (round(now, 1), answer.latency_ms, answer.ok))[-HISTORY_LENGTH:],
        )

    def paused(self, now: float) -> Health:
        """The judgement while it is stopped on purpose: nothing is known, and nothing is held against it."""
        if self.state == "unknown" and not self.failures and self.since:
            return self
        return replace(self, state="unknown", since=now, error="", failures=0, latency_ms=0.0)

    def _next_state(self, failures: int) -> AnswerState:
        if failures == 0:
            return "online"
        if failures >= FAILURES_UNTIL_DOWN or self.state == "down":
            return "down"
        return "unknown" if self.state == "unknown" else "degraded"

    def as_values(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "history": [list(moment) for moment in self.history]}


def restored(values: Mapping[str, Any]) -> Health:
    """The judgement that `as_values` gave, or a blank one where the values make no sense."""
    try:
        moments = [(float(at), float(ms), bool(ok)) for at, ms, ok in values["history"]]
        state = values["state"]
        if state not in ("online", "degraded", "down", "unknown"):
            return Health()
        failures = int(values["failures"])
        return Health(
            state=state,
            since=float(values["since"]),
            latency_ms=float(values["latency_ms"]),
            # Version 0.1 wrote there that it was stopped.
            error=str(values["error"]) if failures else "",
            checked=float(values["checked"]),
            failures=failures,
            history=tuple(moments[-HISTORY_LENGTH:]),
        )
    except (KeyError, TypeError, ValueError):
        return Health()
