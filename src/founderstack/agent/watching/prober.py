"""Asks every process at its time, all in one event loop, so that one that never answers holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.process import Probe
from founderstack.model.protocols import Answer

INTERVAL_S = 10.0
RETRY_S = 3.0
"""Sooner after a failure: an outage is certain in 6 s, and its end shows at once."""
ATTEMPT_S = 5.0
GIVE_UP_S = ATTEMPT_S + 2.0
"""When a question is counted as failed although it did not keep its own deadline."""
MOST_AT_ONCE = 16

Check = Callable[[Probe], Awaitable[Answer]]
Told = Callable[[str, Answer], None]


@dataclass(frozen=True)
class _Question:
    began: float
    task: asyncio.Task[None]


class Prober:
    """Decides who is asked when; `told` gets each answer. A process is asked one question at a time."""

    def __init__(self, check: Check, told: Told, spread: Callable[[], float]) -> None:
        self._check = check
        self._told = told
        self._spread = spread
        self._next: dict[str, float] = {}
        self._open: dict[str, _Question] = {}

    @property
    def idle(self) -> bool:
        """True while no answer is awaited."""
        return not self._open

    def keep(self, names: Iterable[str], now: float) -> None:
        """Ask exactly these from now on; new ones within a second."""
        self._next = {name: self._next.get(name, now + self._spread()) for name in names}

    def soon(self, name: str, now: float) -> None:
        """Ask this one next, whatever its time."""
        if name in self._next:
            self._next[name] = now

    def ask_due(self, probes: Callable[[str], Probe | None], now: float) -> None:
        """Put a question to each whose time has come; `probes` gives None for one that shall not be asked."""
        self._give_up(now)
        for name in sorted((name for name, at in self._next.items() if at <= now), key=self._next.__getitem__):
            if len(self._open) >= MOST_AT_ONCE:
                return
            probe = probes(name)
            self._next[name] = now + INTERVAL_S * (0.9 + 0.2 * self._spread())
            if probe and name not in self._open:
                self._open[name] = _Question(now, asyncio.create_task(self._ask(name, probe, now)))

    async def _ask(self, name: str, probe: Probe, now: float) -> None:
        answer = await self._check(probe)
        del self._open[name]
        self._tell(name, answer, now)

    def _give_up(self, now: float) -> None:
        """End every question that is overdue, and count it as a failure."""
        for name, question in list(self._open.items()):
            if now - question.began > GIVE_UP_S:
                question.task.cancel()
                del self._open[name]
                self._tell(name, Answer(False, GIVE_UP_S * 1000, _("no answer in time")), now)

    def _tell(self, name: str, answer: Answer, now: float) -> None:
        if name not in self._next:
            return
        if not answer.ok:
            self._next[name] = min(self._next[name], now + RETRY_S)
        self._told(name, answer)
