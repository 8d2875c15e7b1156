"""How a service does: one judgement, published by the agent, drawn by the terminal and the panel. Pure."""

from __future__ import annotations

from typing import Literal

ProcessCondition = Literal["running", "starting", "stopped", "failing"]
"""What the runtime says of a process."""
AnswerState = Literal["online", "degraded", "down", "unknown"]
"""What a service's answers say: `unknown` before enough of them came."""
ServiceState = Literal["down", "degraded", "stopped", "stale", "starting", "unknown", "online"]

ORDER: tuple[ServiceState, ...] = ("down", "degraded", "stopped", "stale", "starting", "unknown", "online")
"""What needs somebody comes first."""
FAILURES_UNTIL_DOWN = 3
"""One lost answer is noise and two may be a restart; three in a row are an outage."""
_ANSWERS: dict[str, ServiceState] = {"online": "online", "degraded": "degraded", "down": "down"}


def judge(condition: str, answers: str, *, fresh: bool = True) -> ServiceState:
    """The state of a service whose process is in this `condition` ("" for a tool elsewhere, and where nobody says).

    `answers` is an AnswerState, or "" where nobody has asked; not `fresh`, they are too old to say anything about now.
    One that was stopped on purpose is that and nothing worse; one that begins is just that until it has failed.
    """
    if condition in ("stopped", "failing"):
        return "stopped" if condition == "stopped" else "down"
    begins = condition == "starting"
    if not fresh:
        return "starting" if begins else "stale"
    if begins and answers not in ("degraded", "down"):
        return "starting"
    if answers == "unknown" and condition:
        return "starting"
    return _ANSWERS.get(answers, "unknown")
