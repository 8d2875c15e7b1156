"""Asks every process at its time, in threads, so that one that never answers holds up nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.process import Probe
from founderstack.model.protocols import Answer

INTERVAL_S = 10.0
RETRY_S = 3.0
"""Sooner after a failure: an outage is certain in 6 s, and its end shows at once."""
ATTEMPT_S = 5.0
GIVE_UP_S = ATTEMPT_S + 2.0
"""When a probe is counted as failed although its thread has not returned, deadline or not."""
MOST_AT_ONCE = 4

Check = Callable[[Probe], Answer]
Told = Callable[[str, Answer], None]


@dataclass
class _Attempt:
    began: float
    given_up: bool = False


class Prober:
    """Decides who is asked when; `told` gets each answer in the event loop's thread.

    A process has at most one thread at a time, even one that hangs: the next question waits until it returned.
    """

    def __init__(self, check: Check, told: Told, spread: Callable[[], float]) -> None:
        self._check = check
        self._told = told
        self._spread = spread
        self._next: dict[str, float] = {}
        self._running: dict[str, _Attempt] = {}

    @property
    def idle(self) -> bool:
        """True while no answer is awaited."""
        return not self._running

    def keep(self, names: Iterable[str], now: float) -> None:
        """Ask exactly these from now on; new ones within a second."""
        self._next = {name: self._next.get(name, now + self._spread()) for name in names}

    def soon(self, name: str, now: float) -> None:
        """Ask this one next, whatever its time."""
        if name in self._next:
            self._next[name] = now

    def ask_due(self, probes: Callable[[str], Probe | None], now: float) -> None:
        """Start a question to each whose time has come; `probes` gives None for one that shall not be asked."""
        self._give_up(now)
        due = sorted((at, name) for name, at in self._next.items() if at <= now)
        for _at, name in due:
            if sum(not attempt.given_up for attempt in self._running.values()) >= MOST_AT_ONCE:
                return
            probe = probes(name)
            self._next[name] = now + INTERVAL_S * (0.9 + 0.2 * self._spread())
            if probe and name not in self._running:
                self._start(name, probe, now)

    def _start(self, name: str, probe: Probe, now: float) -> None:
        attempt = self._running[name] = _Attempt(now)
        loop = asyncio.get_running_loop()

        def work() -> None:
            answer = self._check(probe)
            with suppress(RuntimeError):  # the loop has ended, and with it the interest in the answer
                loop.call_soon_threadsafe(self._arrived, name, attempt, answer)

        threading.Thread(target=work, name=f"probe {name}", daemon=True).start()

    def _arrived(self, name: str, attempt: _Attempt, answer: Answer) -> None:
        if self._running.get(name) is attempt:
            del self._running[name]
        if not attempt.given_up:
            self._tell(name, answer, attempt.began)

    def _give_up(self, now: float) -> None:
        """Count every overdue answer as a failure, again at each of its times while its thread still hangs."""
        for name, attempt in list(self._running.items()):
            if now - attempt.began > GIVE_UP_S and (not attempt.given_up or self._next.get(name, now + 1) <= now):
                attempt.given_up = True
                self._tell(name, Answer(False, GIVE_UP_S * 1000, _("no answer in time")), now)

    def _tell(self, name: str, answer: Answer, now: float) -> None:
        if name not in self._next:
            return
        if not answer.ok:
            self._next[name] = min(self._next[name], now + RETRY_S)
        self._told(name, answer)
