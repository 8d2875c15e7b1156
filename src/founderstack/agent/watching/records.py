"""What the runtime wrote down about each applied process: what to ask it, and how to show it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from founderstack.model.card import Credential
from founderstack.model.identity import Identity
from founderstack.model.process import Probe
from founderstack.model.record import identity_of


@dataclass(frozen=True)
class Record:
    """One applied process."""

    name: str
    component: str
    ready: Probe
    log_files: tuple[str, ...] = ()
    reopen_signal: str = ""
    title: str = ""
    group: str = ""
    path: str = ""
    """Path on the panel's origin that opens it, or ""."""
    summary: str = ""
    version: str = ""
    address: str = ""
    ring: str = ""
    number: int = 0
    family: str = ""
    generation: str = ""
    outside: bool = False
    """True for a tool elsewhere that the stack file names: it is asked, and nothing else can be done to it."""
    memory_limit_mib: int = 0
    """Where it takes more it is started again; 0 sets no limit."""
    applied: bool = True
    """False from when a command starts it until it is ready: the command waits for it, by a deadline of its own."""
    asks_first: bool = False
    """True where a restart is asked about first."""
    stops: bool = True
    """False where stopping it would take away what starts it again."""
    credentials: tuple[Credential, ...] = ()
    """The sign-ins that it offers."""

    @property
    def restarts(self) -> bool:
        """Whether the agent can restart it: not itself."""
        return self.ready.kind != "agent" and not self.outside

    @property
    def identity(self) -> Identity:
        """Who it is."""
        family = self.family or self.name
        return Identity(self.name, family, self.generation, self.component, self.ring, self.number, self.version)

    def actions(self, condition: str) -> list[str]:
        """What makes sense to do about it while the supervisor calls it so, "" where nobody says."""
        if self.outside:
            return []
        runs = condition in ("running", "starting", "failing")
        offered = {
            "restart": runs and self.restarts,
            "stop": runs and self.stops,
            "start": condition == "stopped",
            "logs": True,
            "credentials": bool(self.credentials),
        }
        return [name for name, sensible in offered.items() if sensible]

    def shown(self) -> dict[str, Any]:
        """The part that a person sees."""
        return {
            "title": self.title or self.name,
            "group": self.group,
            "path": self.path,
            "summary": self.summary,
            "version": self.version,
            "address": self.address,
            "restarts": self.restarts,
            "outside": self.outside,
            "asks_first": self.asks_first,
            "ring": self.ring,
            "number": self.number,
            "family": self.identity.family,
            "generation": self.generation,
        }


class Records:
    """The records of a folder, and of tools elsewhere in a file; read again only when one of the two has changed."""

    def __init__(self, folder: str, outside: str = "") -> None:
        self._folder = folder
        self._outside = outside
        self._seen = (-1, -1)
        self.by_name: Mapping[str, Record] = {}

    def refresh(self) -> bool:
        """Read them if they changed since the last call; True if they did. What is missing holds nothing."""
        seen = _changed(self._folder), _changed(self._outside)
        if seen == self._seen:
            return False
        self._seen = seen
        self.by_name = {**(_read(self._folder) if seen[0] else {}), **(_elsewhere(self._outside) if seen[1] else {})}
        return True


def _changed(path: str) -> int:
    """When it changed last, 0 where there is nothing."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _read(folder: str) -> dict[str, Record]:
    found = {}
    for entry in sorted(os.listdir(folder)):
        if entry.endswith(".json"):
            record = _record(os.path.join(folder, entry))
            if record:
                found[record.name] = record
    return found


def _record(path: str) -> Record | None:
    """The record in a file, or None where it is unreadable: the others are probed all the same."""
    try:
        with open(path, encoding="utf-8") as file:
            return _made(json.load(file))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _elsewhere(path: str) -> dict[str, Record]:
    """The tools elsewhere; none of them where the file makes no sense."""
    try:
        with open(path, encoding="utf-8") as file:
            found = [_made(values) for values in json.load(file)["records"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return {record.name: record for record in found}


def _made(values: Mapping[str, Any]) -> Record:
    offered = tuple(Credential(**_known(Credential, one)) for one in values.get("credentials") or ())
    who = identity_of(values)
    known = _known(Record, values) | {"family": who.family, "number": who.number, "generation": who.generation}
    return Record(**{**known, "ready": _probe(values["ready"]), "credentials": offered})


def _probe(values: Mapping[str, Any]) -> Probe:
    known = _known(Probe, values)
    known["headers"] = tuple((name, value) for name, value in values.get("headers") or ())
    return Probe(**known)


def _known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `kind` has a field for, lists as tuples; null means the field's default."""
    names = {field.name for field in fields(kind)}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in names and value is not None
    }
