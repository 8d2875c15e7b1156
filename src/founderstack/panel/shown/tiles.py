"""What a tile shows, decided from what the agent said. Pure: time and language come in as arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from founderstack.model.health import FAILURES_UNTIL_DOWN, ORDER, ServiceState
from founderstack.panel.shown.bars import Chart, buckets, chart
from founderstack.panel.shown.words import Translate, duration, explained, milliseconds, percent

_NEARLY_A_DAY_S = 23 * 3600
CHANGES = frozenset({"restart", "stop", "start"})
_GROUP_ORDER = ("app", "data", "gateway", "tools")
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~/-]*")


@dataclass(frozen=True)
class LastError:
    """The last failure, which may be over."""

    text: str
    ago: str


@dataclass(frozen=True)
class Tile:
    """Everything that a tile shows, as text."""

    key: str
    """The process's name; the ring's where it stands for all its instances."""
    family: str
    """By which verbs and what is kept name it: what stays of its name from one release to the next."""
    state: ServiceState
    word: str
    title: str
    group: str
    summary: str
    version: str
    address: str
    link: str
    """Where its page opens, or ""."""
    tool: bool
    """Whether that is one of the stack's tools, which are for admins."""
    actions: frozenset[str]
    """What can be done from here: restart, stop, start, logs, credentials."""
    asks_first: bool
    """Whether a restart of it cuts off whoever uses it, so that it is asked about first."""
    instances: str
    """How many of them serve, where it stands for the instances of the app; or ""."""
    instance: bool
    """Whether it is one of the app's instances."""
    outside: bool
    """Whether it is only looked at: the stack does not run it."""
    since: str
    uptime: str
    """Share of good answers in the last 24 hours, or ""."""
    measured: str
    """How much of them is known: `24 h`, or less where it was not asked for so long."""
    p50: str
    p95: str
    chart: Chart
    error: str
    last_error: LastError | None
    """What went wrong before; None while something is wrong now, or nothing was."""
    logs: Mapping[str, str]
    """Its logs by name, its own output first, each with what it is called beside the others."""
    order: tuple[int, int, str, str]

    @property
    def changeable(self) -> bool:
        """Whether it can be restarted, stopped or started from here."""
        return bool(self.actions & CHANGES)

    @property
    def rank(self) -> str:
        """The order as one text that a script can compare."""
        return f"{self.order[0]}-{self.order[1]}-{self.order[2]}-{self.order[3]}"


@dataclass(frozen=True)
class Summary:
    """The line above the tiles."""

    state: ServiceState
    headline: str
    detail: str


def tile(
    key: str, said: Mapping[str, Any], _: Translate, language: str, now: float, stale_s: float, here: str = ""
) -> Tile:
    """The tile of one process. `stale_s` > 0: nothing was heard for so long, so nothing is claimed either.

    `here` is the panel's own address, which needs no link and cannot stop itself.
    """
    state: ServiceState = "stale" if stale_s else said["state"]
    about = str(said["summary"])
    error = _error(state, said, _)
    return Tile(
        key=key,
        family=str(said.get("family") or key),
        state=state,
        word=_word(state, said, _),
        title=_title(said, _),
        group=_group(said["group"], _),
        summary=_(about) if about else "",
        version=_version(said, _),
        address=str(said["address"]).removeprefix("https://").rstrip("/"),
        link=_link(said, here),
        tool=bool(_OWN_PATH.fullmatch(str(said["path"]))),
        actions=_actions(said, here),
        asks_first=bool(said.get("asks_first")),
        instances=_instances(said.get("instances"), _),
        instance=bool(said.get("ring")) and "instances" not in said,
        outside=bool(said.get("outside")),
        since=_since(state, said, _, now, stale_s),
        uptime="" if said.get("uptime_24h") is None else percent(said["uptime_24h"], language),
        measured=_measured(said.get("measured_s")),
        p50=_speed(said.get("p50_ms"), language),
        p95=_speed(said.get("p95_ms"), language),
        chart=chart(buckets(said.get("bars") or ()), _, language),
        error=error,
        last_error=None if error or stale_s else _last_error(said, _, now),
        logs={str(name): _log(str(name), said, _) for name in said.get("logs") or ()},
        order=(ORDER.index(state), _group_rank(said["group"]), _title(said, _).casefold(), key),
    )


def _title(said: Mapping[str, Any], _: Translate) -> str:
    if "instances" in said:
        return str(said["name"])
    title = _(str(said["title"]))
    return _("{name}, instance {number}").format(name=title, number=said["number"]) if said.get("number") else title


def _log(name: str, said: Mapping[str, Any], _: Translate) -> str:
    if number := (said.get("log_numbers") or {}).get(name):
        return _("Instance {number}").format(number=number)
    return name.partition(":")[2] or _("Output")


def _version(said: Mapping[str, Any], _: Translate) -> str:
    version = str(said["version"])
    return _("release {number}").format(number=version) if said.get("ring") and version else version


def _instances(counts: tuple[int, int] | None, _: Translate) -> str:
    if not counts:
        return ""
    online, whole = counts
    text = _("{online} of {all} instances") if whole > 1 else _("{online} of {all} instance")
    return text.format(online=online, all=whole)


def _measured(seconds: float | None) -> str:
    whole = seconds is None or seconds >= _NEARLY_A_DAY_S
    return "24\N{NO-BREAK SPACE}h" if whole else duration(seconds or 0.0)


def summary(tiles: Sequence[Tile], _: Translate, stale_s: float) -> Summary:
    """The line above: what is wrong in a few words, or that nothing is."""
    counts = {state: sum(one.state == state for one in tiles) for state in ORDER}
    online = _("{online} of {all} online").format(online=counts["online"], all=len(tiles))
    if counts["degraded"]:
        online += " · " + _("{count} degraded").format(count=counts["degraded"])
    if stale_s:
        age = _("Last heard of {age} ago").format(age=duration(stale_s))
        return Summary("stale", _("No news from the agent"), age)
    if not tiles:
        return Summary("unknown", _("Waiting for the first answers"), online)
    if counts["down"]:
        return Summary("down", _named(tiles, "down", _("{names} down"), _), online)
    if counts["degraded"]:
        return Summary("degraded", _named(tiles, "degraded", _("{names} not answering well"), _), online)
    if counts["stopped"]:
        return Summary("stopped", _named(tiles, "stopped", _("{names} stopped"), _), online)
    if counts["unknown"] or counts["starting"]:
        return Summary("unknown", _("Waiting for the first answers"), online)
    return Summary("online", _("Everything is online"), online)


def _named(tiles: Sequence[Tile], state: ServiceState, sentence: str, _: Translate) -> str:
    names = [one.title for one in tiles if one.state == state]
    shown = names[:2] if len(names) > 3 else names
    rest = len(names) - len(shown)
    listed = ", ".join(shown)
    return sentence.format(names=_("{names} and {count} more").format(names=listed, count=rest) if rest else listed)


def _word(state: ServiceState, said: Mapping[str, Any], _: Translate) -> str:
    words = {
        "online": _("Online"), "degraded": _("Degraded"), "down": _("Down"), "stale": _("No news"),
        "stopped": _("Stopped"), "starting": _("Starting"), "unknown": _("Not asked yet"),
    }  # fmt: skip
    return words[state]


def _since(state: ServiceState, said: Mapping[str, Any], _: Translate, now: float, stale_s: float) -> str:
    if stale_s:
        return _("no data for {age}").format(age=duration(stale_s))
    if not said["since"]:
        return ""
    return _("for {age}").format(age=duration(now - said["since"]))


def _error(state: ServiceState, said: Mapping[str, Any], _: Translate) -> str:
    if state in ("online", "stale", "stopped") or not said["error"]:
        return ""
    text = _sentence(said["error"], _)
    if state == "degraded" and "instances" not in said:
        count = _("{count} of {most} failures").format(count=said["failures"], most=FAILURES_UNTIL_DOWN)
        return f"{text} ({count})"
    return text


def _last_error(said: Mapping[str, Any], _: Translate, now: float) -> LastError | None:
    found = said.get("last_error")
    if not found or not found["text"]:
        return None
    ago = _("{age} ago").format(age=duration(now - found["at"]))
    return LastError(_sentence(found["text"], _), ago)


def _sentence(error: str, _: Translate) -> str:
    text = explained(error, _)
    return text[:1].upper() + text[1:]


def _speed(value: float | None, language: str) -> str:
    return "" if value is None else milliseconds(value, language)


def _actions(said: Mapping[str, Any], here: str) -> frozenset[str]:
    found = frozenset(str(action) for action in said.get("actions") or ())
    return found - CHANGES if _is_here(said, here) else found


def _link(said: Mapping[str, Any], here: str) -> str:
    path, address = str(said["path"]), str(said["address"])
    if path and _OWN_PATH.fullmatch(path):
        return path
    if address.startswith("https://") and not _is_here(said, here):
        return address
    # The stack's own services answer people over TLS alone; a tool elsewhere may not.
    return address if address.startswith("http://") and said.get("outside") else ""


def _is_here(said: Mapping[str, Any], here: str) -> bool:
    return bool(here) and str(said["address"]).rstrip("/") == here.rstrip("/")


def _group(name: str, _: Translate) -> str:
    known = {"app": _("App"), "data": _("Data"), "gateway": _("Gateway"), "tools": _("Tools"), "outside": _("Outside")}
    return known.get(name, str(name).capitalize())


def _group_rank(name: str) -> int:
    return _GROUP_ORDER.index(name) if name in _GROUP_ORDER else len(_GROUP_ORDER)
