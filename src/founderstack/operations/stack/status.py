"""How every process does, from what was applied, what the runtime says and what the agent found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from founderstack.locale import N_
from founderstack.model.health import ORDER, ServiceState, judge
from founderstack.model.identity import Identity
from founderstack.model.record import identity_of

AGENT_MAX_AGE_S = 60.0
"""The agent writes its findings every ten seconds; older ones say nothing about now."""

UNRELEASED = N_("no release of it was started yet: founder up")


@dataclass(frozen=True)
class Found:
    """What was read, each by process name; nothing where it could not be read."""

    records: Mapping[str, Mapping[str, Any]]
    conditions: Mapping[str, str]
    """What the runtime says of each; none where it does not run."""
    health: Mapping[str, Mapping[str, Any]]
    health_at: float = 0.0
    """When the agent wrote it, seconds since the epoch."""
    outside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tools elsewhere, as the stack file names them."""
    outside_health: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unreleased: bool = False
    """True where the stack has an app, and no release of it was ever started."""


@dataclass(frozen=True)
class Line:
    """One process."""

    name: str
    state: ServiceState
    title: str
    group: str
    version: str = ""
    address: str = ""
    since: float = 0.0
    """Seconds since the epoch, 0 where nobody knows."""
    latency_ms: float | None = None
    error: str = ""
    outside: bool = False
    """True for a tool elsewhere: it is shown, and it is not this stack that is unwell when it is."""
    instance: str = ""
    """Which of how many instances of one release it is, `1/2`; "" for what there is once."""
    service: str = ""
    """The word that a person uses for it."""
    family: str = ""
    """What of its name stays from one release to the next."""


@dataclass(frozen=True)
class Status:
    """The whole stack at one moment, what fails first."""

    lines: tuple[Line, ...]
    supervised: bool
    """False where the runtime does not answer: nothing runs."""
    agent_age_s: float | None = None
    """Age of the agent's findings, None where there are none."""

    @property
    def stale(self) -> bool:
        """True where the agent's findings are missing or too old to be believed."""
        return self.agent_age_s is None or self.agent_age_s > AGENT_MAX_AGE_S

    @property
    def well(self) -> bool:
        """True where everything of the stack is online."""
        return bool(self.lines) and all(line.state == "online" for line in self.lines if not line.outside)


def status(found: Found, now: float) -> Status:
    """What is known at `now`, the worst first and by name within one state."""
    age = max(now - found.health_at, 0.0) if found.health_at else None
    fresh = age is None or age <= AGENT_MAX_AGE_S
    lines = [_line(name, record, found, fresh=fresh) for name, record in found.records.items()]
    lines += [_elsewhere(name, tool, found, fresh=fresh) for name, tool in found.outside.items()]
    if found.unreleased:
        lines.append(Line("app", "down", N_("App"), "app", error=UNRELEASED, service="app", family="app"))
    return Status(
        tuple(sorted(lines, key=lambda line: (ORDER.index(line.state), line.name))), bool(found.conditions), age
    )


def as_json(status: Status, addresses: Mapping[str, str]) -> dict[str, object]:
    """The same for machines; the shape changes only with the number of its version."""
    return {
        "v": 1,
        "running": status.supervised,
        "healthy": status.well,
        "agent_age_s": None if status.agent_age_s is None else round(status.agent_age_s, 1),
        "agent_stale": status.stale,
        "addresses": dict(addresses),
        "services": [
            {
                "name": line.name,
                "family": line.family,
                "state": line.state,
                "title": line.title,
                "group": line.group,
                "version": line.version,
                "address": line.address,
                "since": round(line.since, 1) or None,
                "latency_ms": line.latency_ms,
                "error": line.error,
                "outside": line.outside,
            }
            for line in status.lines
        ],
    }


def _elsewhere(name: str, tool: Mapping[str, Any], found: Found, *, fresh: bool) -> Line:
    health = found.outside_health.get(name, {}) if fresh else {}
    state = judge("", str(health.get("state", "")), fresh=fresh)
    return Line(
        name=name,
        state=state,
        title=str(tool.get("title") or name),
        group="outside",
        address=str(tool.get("address", "")),
        service=name,
        family=name,
        since=float(health.get("since", 0.0)),
        latency_ms=float(health.get("latency_ms", 0.0)) if state == "online" else None,
        error=str(health.get("error", "")),
        outside=True,
    )


def _line(name: str, record: Mapping[str, Any], found: Found, *, fresh: bool) -> Line:
    identity = identity_of({**record, "name": name})
    health = found.health.get(name, {}) if fresh else {}
    state = judge(found.conditions.get(name, "stopped"), str(health.get("state", "")), fresh=fresh)
    judged = state == health.get("state")
    return Line(
        name=name,
        state=state,
        title=str(record.get("title") or name),
        group=str(record.get("group", "")),
        version=str(record.get("version", "")),
        address=str(record.get("address", "")),
        since=float(health.get("since", 0.0)) if judged else 0.0,
        latency_ms=float(health.get("latency_ms", 0.0)) if judged and state == "online" else None,
        error=str(health.get("error", "")) if judged else "",
        instance=_instance(identity, found),
        service=identity.service,
        family=identity.family,
    )


def _instance(identity: Identity, found: Found) -> str:
    if not identity.number:
        return ""
    which = [(record.get("ring"), record.get("version")) for record in found.records.values()]
    return f"{identity.number}/{which.count((identity.ring, identity.release))}"
