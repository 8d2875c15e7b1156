"""The instances of one app as the one service that people know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from founderstack.panel.shown.words import Translate

Said = Mapping[str, Any]
"""What the agent says of a process."""


def together(processes: Mapping[str, Said], name: str) -> dict[str, Said]:
    """Every service by its key: a process under its own name, all instances of a ring under the ring's.

    `name` is what the founder calls the app: instances that stand for it bear it.
    """
    rings: dict[str, dict[str, Said]] = {}
    found: dict[str, Said] = {}
    for key, said in processes.items():
        ring = str(said.get("ring") or "")
        if ring:
            rings.setdefault(ring, {})[key] = said
        found[ring or key] = said
    return found | {ring: _one(instances, name) for ring, instances in rings.items()}


def instances_of(processes: Mapping[str, Said], key: str) -> tuple[str, ...]:
    """The processes that a service consists of: the instances of a ring, or itself."""
    return tuple(name for name, said in processes.items() if said.get("ring") == key) or (key,)


def called(processes: Mapping[str, Said], name: str, _: Translate) -> dict[str, str]:
    """What events and jobs may name, services, families and processes, → what a person calls it."""
    services = together(processes, name)
    titles = {key: str(said.get("name") or _(str(said["title"]))) for key, said in services.items()}
    for key, said in processes.items():
        if said.get("number"):
            one = _("{name}, instance {number}").format(name=titles[said["ring"]], number=said["number"])
            titles |= {said["family"]: one, key: one}
    return titles


def _one(instances: Mapping[str, Said], name: str) -> dict[str, Any]:
    """All of them as one: it serves as long as one of them answers, and is unwell as soon as one does not."""
    newest = max(instances.values(), key=lambda said: (_release(said), said["state"] == "online"))
    speaker = _speaker(instances)
    # While a release takes over, its first instance and the one that goes have one past.
    past = {said.get("number"): said for said in instances.values()}
    return {
        **newest,
        "name": name,
        "family": newest["ring"],
        "instances": (sum(said["state"] == "online" for said in instances.values()), len(instances)),
        "state": _state([str(said["state"]) for said in instances.values()]),
        "since": speaker["since"],
        "error": speaker["error"],
        "failures": speaker["failures"],
        "last_error": max((one for one in _given(past, "last_error") if one["text"]), key=_at, default=None),
        "uptime_24h": _share(past.values()),
        "measured_s": max(_given(past, "measured_s"), default=None),
        "p50_ms": _middle(_given(past, "p50_ms")),
        "p95_ms": max(_given(past, "p95_ms"), default=None),
        "bars": _bars([said.get("bars") or () for said in past.values()]),
        "actions": sorted({action for said in instances.values() for action in said.get("actions") or ()}),
        "logs": [log for said in instances.values() for log in said.get("logs") or ()],
        "log_numbers": {log: said.get("number") for said in instances.values() for log in said.get("logs") or ()},
    }


def _state(states: Sequence[str]) -> str:
    """One that begins, or was stopped on purpose, is counted and held against nobody while another serves."""
    known = [state for state in states if state in ("online", "degraded", "down")]
    if not known:
        return next(state for state in ("starting", "unknown", "stopped", "stale") if state in states)
    if all(state == "online" for state in known):
        return "online"
    return "down" if all(state == "down" for state in known) else "degraded"


def _speaker(instances: Mapping[str, Said]) -> Said:
    """The one that stands for all: where something is wrong, one of which it is; else who is there longest."""
    order = ("down", "degraded", "online")
    return min(
        instances.values(),
        key=lambda said: (order.index(said["state"]) if said["state"] in order else len(order), said["since"]),
    )


def _release(said: Said) -> int:
    version = str(said["version"])
    return int(version) if version.isascii() and version.isdigit() else 0


def _given(past: Mapping[object, Said], key: str) -> list[Any]:
    return [said[key] for said in past.values() if said.get(key) is not None]


def _at(error: Mapping[str, Any]) -> float:
    return float(error["at"])


def _share(past: Iterable[Said]) -> float | None:
    """The share of good answers of all of them, each for as long as it was measured."""
    asked = [said for said in past if said.get("uptime_24h") is not None]
    known = [(float(said["uptime_24h"]), float(said.get("measured_s") or 1.0)) for said in asked]
    whole = sum(seconds for _share, seconds in known)
    return sum(share * seconds for share, seconds in known) / whole if whole else None


def _middle(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def _bars(of_each: Sequence[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Bars of the same stretches of time, added up; the newest are the last of each."""
    columns = zip_longest(*(reversed(bars) for bars in of_each if bars))
    return [_bar([bar for bar in column if bar]) for column in columns][::-1]


def _bar(bars: Sequence[Sequence[Any]]) -> list[Any]:
    medians = [float(bar[2]) for bar in bars if bar[3] and bar[2] is not None]
    return [*bars[0][:2], _middle(medians), sum(int(bar[3]) for bar in bars), sum(int(bar[4]) for bar in bars)]
