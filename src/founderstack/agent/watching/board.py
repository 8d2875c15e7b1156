"""The one place that knows how every process does; tells those who watch, and is kept in a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from founderstack.agent.watching.health import Health, restored
from founderstack.agent.watching.records import Record


class Board:
    """Health by process name, with a number that grows on every change so that a watcher can ask for the rest."""

    def __init__(self, more: Callable[[Record], Mapping[str, Any]]) -> None:
        """`more` gives what else a tile shows of a process."""
        self.version = 0
        self._more = more
        self._records: Mapping[str, Record] = {}
        self._health: dict[str, Health] = {}
        self._changed_in: dict[str, int] = {}
        self._watchers: set[asyncio.Event] = set()

    def take_records(self, records: Mapping[str, Record]) -> None:
        """Show exactly these processes from now on, each with what is known of it."""
        self._health = {name: self._health.get(name, Health()) for name in records}
        self._records = records
        self._changed(*records)

    def health(self, name: str) -> Health:
        """What is known of a process; blank for one that nobody asked yet."""
        return self._health.get(name, Health())

    def put(self, name: str, health: Health) -> None:
        """Replace what is known of a process; nothing happens for one that is not shown any more."""
        if name in self._records and health != self._health[name]:
            self._health[name] = health
            self._changed(name)

    def touch(self, names: Iterable[str]) -> None:
        """Tell those who watch that something else of these has changed."""
        shown = [name for name in names if name in self._records]
        if shown:
            self._changed(*shown)

    def since(self, version: int) -> dict[str, Any]:
        """The names of all processes, and the full tile of each that changed after `version`."""
        changed = [name for name in self._records if self._changed_in[name] > version]
        return {"names": list(self._records), "processes": {name: self._tile(name) for name in changed}}

    def as_json(self, now: float) -> str:
        """The content of the state file. Tools elsewhere stand apart: how they do is no news of this stack."""
        known: dict[bool, dict[str, Any]] = {False: {}, True: {}}
        for name, health in self._health.items():
            known[name in self._records and self._records[name].outside][name] = health.as_values()
        content = {"v": 1, "at": round(now, 1), "processes": known[False], "outside": known[True]}
        return json.dumps(content, separators=(",", ":")) + "\n"

    def restore(self, content: str) -> None:
        """Take over what an earlier agent knew; a corrupt file is no loss but that of its history."""
        try:
            found = json.loads(content)
            known = {**found["processes"], **found.get("outside", {})}
            self._health = {str(name): restored(values) for name, values in known.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._health = {}

    def have_answered(self) -> list[str]:
        """Those of which a good answer is known."""
        return [name for name, health in self._health.items() if any(ok for _at, _ms, ok in health.history)]

    def watch(self) -> tuple[asyncio.Event, Callable[[], None]]:
        """An event that is set on every change, and what to call when done with it."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        return changed, lambda: self._watchers.discard(changed)

    def _tile(self, name: str) -> dict[str, Any]:
        record = self._records[name]
        return {**record.shown(), **self._health[name].as_values(), **self._more(record)}

    def _changed(self, *names: str) -> None:
        self.version += 1
        self._changed_in |= dict.fromkeys(names, self.version)
        for watcher in self._watchers:
            watcher.set()
