"""What a tile shows, decided from what the agent said. Pure: time and language come in as arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from founderstack.panel.words import Translate, duration, explained, milliseconds

TileState = Literal["down", "degraded", "stale", "unknown", "online"]

RANKS: Mapping[TileState, int] = {"down": 0, "degraded": 1, "stale": 2, "unknown": 3, "online": 4}
"""Order on the page: what needs somebody comes first."""
BARS = 30
BAR_STEP = 4
BAR_HEIGHT = 28
_FAILURES_UNTIL_DOWN = 3
_GROUP_ORDER = ("app", "data", "gateway", "tools")
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~/-]*")


@dataclass(frozen=True)
class Bar:
    """One answer in the history: where it stands, how tall, and what it means."""

    x: int
    y: int
    height: int
    kind: Literal["ok", "failed", "empty"]


@dataclass(frozen=True)
class Tile:
    """Everything that a tile shows, as text."""

    key: str
    """The process's name."""
    state: TileState
    word: str
    title: str
    group: str
    summary: str
    version: str
    address: str
    link: str
    """Where its page opens, or ""."""
    restarts: bool
    """Whether it can be restarted from here: not the agent that would do it, nor the page that asks for it."""
    since: str
    latency: str
    history: str
    """The bars in words."""
    bars: tuple[Bar, ...]
    error: str
    order: tuple[int, int, str, str]

    @property
    def rank(self) -> str:
        """The order as one text that a script can compare."""
        return f"{self.order[0]}-{self.order[1]}-{self.order[2]}-{self.order[3]}"


@dataclass(frozen=True)
class Summary:
    """The line above the tiles."""

    state: TileState
    headline: str
    detail: str


def tile(
    key: str, said: Mapping[str, Any], _: Translate, language: str, now: float, stale_s: float, here: str = ""
) -> Tile:
    """The tile of one process. `stale_s` > 0: nothing was heard for so long, so nothing is claimed either.

    `here` is the panel's own address, which needs no link.
    """
    state: TileState = "stale" if stale_s else said["state"]
    history: Sequence[Sequence[Any]] = said["history"]
    title, about = _(str(said["title"])), str(said["summary"])
    return Tile(
        key=key,
        state=state,
        word=_word(state, said, _),
        title=title,
        group=_group(said["group"], _),
        summary=_(about) if about else "",
        version=str(said["version"]),
        address=str(said["address"]).removeprefix("https://").rstrip("/"),
        link=_link(said, here),
        restarts=said["restarts"] and not _is_here(said, here),
        since=_since(state, said, _, now, stale_s),
        latency=milliseconds(said["latency_ms"], language) if state in ("online", "degraded") else "",
        history=_history(history, _, language),
        bars=_bars(history),
        error=_error(state, said, _),
        order=(RANKS[state], _group_rank(said["group"]), title.casefold(), key),
    )


def summary(tiles: Sequence[Tile], _: Translate, stale_s: float) -> Summary:
    """The line above: what is wrong in a few words, or that nothing is."""
    counts = {state: sum(one.state == state for one in tiles) for state in RANKS}
    online = _("{online} of {all} online").format(online=counts["online"], all=len(tiles))
    if stale_s:
        age = _("Last heard of {age} ago").format(age=duration(stale_s))
        return Summary("stale", _("No news from the agent"), age)
    if not tiles:
        return Summary("unknown", _("Waiting for the first answers"), online)
    if counts["down"]:
        return Summary("down", _named(tiles, "down", _("{names} down"), _), online)
    if counts["degraded"]:
        return Summary("degraded", _named(tiles, "degraded", _("{names} not answering well"), _), online)
    if counts["unknown"]:
        return Summary("unknown", _("Waiting for the first answers"), online)
    return Summary("online", _("Everything is online"), online)


def _named(tiles: Sequence[Tile], state: TileState, sentence: str, _: Translate) -> str:
    names = [one.title for one in tiles if one.state == state]
    shown = names[:2] if len(names) > 3 else names
    rest = len(names) - len(shown)
    joined = ", ".join(shown) + (_(" and {count} more").format(count=rest) if rest else "")
    return sentence.format(names=joined)


def _word(state: TileState, said: Mapping[str, Any], _: Translate) -> str:
    if state == "unknown":
        return _("Stopped") if said["error"] == "stopped" else _("Starting")
    words = {"online": _("Online"), "degraded": _("Degraded"), "down": _("Down"), "stale": _("No news")}
    return words[state]


def _since(state: TileState, said: Mapping[str, Any], _: Translate, now: float, stale_s: float) -> str:
    if stale_s:
        return _("no data for {age}").format(age=duration(stale_s))
    if not said["since"]:
        return ""
    return _("for {age}").format(age=duration(now - said["since"]))


def _error(state: TileState, said: Mapping[str, Any], _: Translate) -> str:
    if state in ("online", "stale") or not said["error"] or said["error"] == "stopped":
        return ""
    text = explained(str(said["error"]), _)
    text = text[:1].upper() + text[1:]
    if state == "degraded":
        count = _("{count} of {most} failures").format(count=said["failures"], most=_FAILURES_UNTIL_DOWN)
        return f"{text} ({count})"
    return text


def _history(history: Sequence[Sequence[Any]], _: Translate, language: str) -> str:
    if not history:
        return _("No answers yet")
    failed = sum(not ok for _at, _ms, ok in history)
    good = [ms for _at, ms, ok in history if ok]
    middle = milliseconds(median(good), language) if good else "–"
    return _("Last {count} answers: {failed} failed, median {middle}").format(
        count=len(history), failed=failed, middle=middle
    )


def _bars(history: Sequence[Sequence[Any]]) -> tuple[Bar, ...]:
    """The newest answers from the right; height by the logarithm, 0.5 ms low and 5 s full."""
    newest = list(history)[-BARS:]
    bars = [Bar(index * BAR_STEP, BAR_HEIGHT - 3, 3, "empty") for index in range(BARS - len(newest))]
    for index, (_at, ms, ok) in enumerate(newest, start=len(bars)):
        share = math.log10(min(max(float(ms), 0.5), 5000) / 0.5) / 4
        height = round(4 + share * (BAR_HEIGHT - 4)) if ok else BAR_HEIGHT
        bars.append(Bar(index * BAR_STEP, BAR_HEIGHT - height, height, "ok" if ok else "failed"))
    return tuple(bars)


def _link(said: Mapping[str, Any], here: str) -> str:
    path, address = str(said["path"]), str(said["address"])
    if path and _OWN_PATH.fullmatch(path):
        return path
    if address.startswith("https://") and not _is_here(said, here):
        return address
    return ""


def _is_here(said: Mapping[str, Any], here: str) -> bool:
    return bool(here) and str(said["address"]).rstrip("/") == here.rstrip("/")


def _group(name: str, _: Translate) -> str:
    known = {"app": _("App"), "data": _("Data"), "gateway": _("Gateway"), "tools": _("Tools")}
    return known.get(name, str(name).capitalize())


def _group_rank(name: str) -> int:
    return _GROUP_ORDER.index(name) if name in _GROUP_ORDER else len(_GROUP_ORDER)
