"""Starts again what answers nothing or takes more memory than it may, while others of its ring get its requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from founderstack.agent.logged import logged
from founderstack.agent.watching.deafness import Deafness
from founderstack.agent.watching.records import Record
from founderstack.agent.watching.revival import Revival
from founderstack.locale import _
from founderstack.model.events import Event
from founderstack.model.protocols import Clock, ProcessStatus, Runtime
from founderstack.planner.alerts.rules import Outgrown

MEASURE_S = 5.0
LONGEST_WAIT_S = 60.0
"""Between two starts of what outgrows its memory: longer, and the machine would suffer after all."""
TOLD_S = 3600.0
"""For how long after a start it counts as a process that outgrows its memory."""

Measure = Callable[[Iterable[int]], Mapping[int, int]]


class CuringRuntime(Runtime, Protocol):
    """A runtime whose rings can do without an instance for a while."""

    def set_aside(self, processes: Sequence[str]) -> None:
        """Have the slots of these lead to the other instances of their ring, where there are any."""
        ...

    def take_back(self, process: str) -> None:
        """Have an instance that was set aside serve its share again."""
        ...


class Cures:
    """One `turn` a second. `deafness` is told every answer; `measure` gives pid → MiB, with all that it started."""

    def __init__(
        self,
        runtime: CuringRuntime,
        clock: Clock,
        measure: Measure,
        ask_soon: Callable[[str], None],
        note: Callable[[Event], None],
    ) -> None:
        self.deafness = Deafness()
        self._runtime = runtime
        self._clock = clock
        self._measure = measure
        self._ask_soon = ask_soon
        self._note = note
        self._deaf_since = Revival()
        self._large_since = Revival(LONGEST_WAIT_S)
        self._aside: set[str] = set()
        """Instances whose slots lead to others; what an earlier agent left so is taken back with the first turn."""
        self._large: dict[str, Outgrown] = {}
        """Those that were beyond their limit when last measured."""
        self._measured = float("-inf")
        self._under_way = ""
        """The one that is being started again."""
        self._restarting: asyncio.Task[None] | None = None
        self._outgrown: dict[str, tuple[float, Outgrown]] = {}

    @property
    def idle(self) -> bool:
        """True while nothing is being started again."""
        return not self._under_way

    def take_over(self, names: Iterable[str]) -> None:
        """Remember these of an earlier agent: they did answer once, and may have been set aside."""
        for name in names:
            self.deafness.answered(name)
            self._aside.add(name)

    def outgrown(self, name: str) -> Outgrown | None:
        """What this process took when it was last started again for it, within the last hour."""
        at, found = self._outgrown.get(name, (0.0, None))
        return found if self._clock.monotonic() - at < TOLD_S else None

    async def turn(self, records: Mapping[str, Record], statuses: Mapping[str, ProcessStatus]) -> None:
        """Lead requests past whoever is ill, and begin to start one of them again, ever more rarely."""
        running = {name: one for name, one in statuses.items() if one.condition == "running"}
        await self._weigh(records, running)
        deaf = self.deafness.deaf(records.get, running, self._clock.now())
        next_one = self._next(deaf) if self.idle else ""
        await self._lead_past({*deaf, *filter(None, [next_one, self._under_way])})
        if next_one:
            # Beside the turns: a stop may take as long as a drain, and meanwhile others may fall ill.
            self._under_way = next_one
            family = records[next_one].identity.family
            self._restarting = asyncio.create_task(logged("cures", lambda: self._restart(next_one, deaf, family)))

    async def _weigh(self, records: Mapping[str, Record], running: Mapping[str, ProcessStatus]) -> None:
        now = self._clock.monotonic()
        if now - self._measured < MEASURE_S:
            return
        self._measured = now
        limits = {name: limit for name in running if name in records and (limit := records[name].memory_limit_mib)}
        used = await asyncio.to_thread(self._measure, [running[name].pid for name in limits]) if limits else {}
        found = {name: Outgrown(used.get(running[name].pid, 0), limit) for name, limit in limits.items()}
        self._large = {name: one for name, one in found.items() if one.used_mib > one.limit_mib}

    def _next(self, deaf: Iterable[str]) -> str:
        now = self._clock.monotonic()
        due = [name for name in deaf if self._deaf_since.due([name], now)]
        due += [name for name in self._large if self._large_since.due([name], now)]
        return due[0] if due else ""

    async def _lead_past(self, ill: set[str]) -> None:
        back, self._aside = self._aside - ill, ill
        for name in back:
            await asyncio.to_thread(self._runtime.take_back, name)
        if ill:
            await asyncio.to_thread(self._runtime.set_aside, sorted(ill))

    async def _restart(self, name: str, deaf: Iterable[str], family: str) -> None:
        began = self._clock.monotonic()
        if name in deaf:
            self._deaf_since.tried([name], began)
            why = _("it gave no answer")
        else:
            large = self._large.pop(name)
            self._large_since.tried([name], began)
            self._outgrown[name] = began, large
            why = _("it took {used} MiB of {limit} MiB").format(used=large.used_mib, limit=large.limit_mib)
        sys.stderr.write(f"{name}: {why}; it is started anew\n")
        try:
            await asyncio.to_thread(self._runtime.restart, name)
        finally:
            self._under_way = ""
        self._ask_soon(name)
        took = self._clock.monotonic() - began
        await asyncio.to_thread(self._note, Event("done", f"restart:{family}", self._clock.now(), took, why))
