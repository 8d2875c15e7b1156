"""What was begun, and what happened to the stack, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.shown import jobs
from founderstack.panel.shown.rings import called
from founderstack.panel.shown.step_words import step_words
from founderstack.panel.shown.words import explained, seconds

_SHOWN = 100


@dataclass(frozen=True)
class ActivityLine:
    """One event of the history."""

    at: float
    title: str
    state: str
    word: str
    took: str
    detail: str


async def begun(ask: Ask) -> Response:
    """The newest jobs first of all."""
    return await _page(ask, "jobs")


async def events(ask: Ask) -> Response:
    """The newest events of the stack's history first of all."""
    return await _page(ask, "events")


async def _page(ask: Ask, tab: str) -> Response:
    found = await ask.agent("jobs")
    shown = jobs.views(found["jobs"], ask.say, ask.language, ask.parts.clock.now(), _titles(ask))
    return ask.page("activity.html", section="activity", tab=tab, jobs=shown, events=await _happened(ask))


async def _happened(ask: Ask) -> list[ActivityLine]:
    answer = await ask.agent("happened", limit=_SHOWN)
    _ = ask.say
    words = {
        "done": _("Done"),
        "failed": _("Failed"),
        "skipped": _("Not done"),
        "started": _("Begun"),
        "progress": _("Begun"),
    }
    shapes = {"done": "online", "failed": "down"}
    titles = _titles(ask)
    found = []
    for one in _told_once(answer["events"]):
        title = step_words(str(one["step"]), _, ask.language, titles)
        found.append(
            ActivityLine(
                at=float(one["at"]),
                title=title[:1].upper() + title[1:],
                state=shapes.get(one["kind"], "unknown"),
                word=words.get(one["kind"], str(one["kind"])),
                took=seconds(float(one["seconds"]), ask.language) if one["seconds"] else "",
                detail=explained(one["detail"], _),
            )
        )
    return found


def _titles(ask: Ask) -> Mapping[str, str]:
    return called(ask.parts.live.processes, ask.parts.config.stack, ask.say)


def _told_once(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without what was only on the way to an end that is told as well; newest first, as they come."""
    ended: set[str] = set()
    kept = []
    for event in events:
        step, kind = str(event["step"]), str(event["kind"])
        if kind in ("started", "progress"):
            if step not in ended:
                kept.append(event)
                ended.add(step)
            elif kind == "started":
                ended.discard(step)  # what is older belongs to an earlier run
        else:
            kept.append(event)
            ended.add(step)
    return kept
