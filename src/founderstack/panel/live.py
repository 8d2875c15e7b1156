"""What the agent last said, kept up to date; those who show it wait here for the next change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from founderstack.agent import client
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock

STALE_AFTER_S = 20.0
"""The agent speaks every ten seconds even when nothing changes."""
_RETRY_S = 2.0
_STALE_STEP_S = 10.0


class Live:
    """The processes as last heard of, with a number that grows on every change."""

    def __init__(self, agent_socket: str, clock: Clock) -> None:
        self._agent = agent_socket
        self._clock = clock
        self._heard = clock.monotonic()
        self._changed_in: dict[str, int] = {}
        self._waiting: set[asyncio.Event] = set()
        self.processes: Mapping[str, Mapping[str, Any]] = {}
        self.version = 0
        self.ever_heard = False

    @property
    def stale_s(self) -> float:
        """Seconds since the agent was heard, once that is too long; 0 while all is well."""
        silence = self._clock.monotonic() - self._heard
        return silence if silence > STALE_AFTER_S else 0.0

    def changed_since(self, version: int) -> list[str]:
        """Names of the processes whose tile is another one than at `version`."""
        return [name for name in self.processes if self._changed_in[name] > version]

    async def changed(self, timeout_s: float) -> None:
        """Return on the next change, or after `timeout_s`."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), timeout_s)
        finally:
            self._waiting.discard(event)

    async def listen(self) -> None:
        """Follow the agent for ever; while it is away, try again and let the silence show."""
        aging = asyncio.create_task(self._show_silence())
        try:
            while True:
                with suppress(StackError):
                    async for said in client.watch(self._agent):
                        self.hear(said)
                await asyncio.sleep(_RETRY_S)
        finally:
            aging.cancel()

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take over what the agent said: the names of all, and those that changed."""
        recovered = self.stale_s > 0
        self._heard = self._clock.monotonic()
        changed = set(said["processes"])
        known = {**self.processes, **said["processes"]}
        gone = self.processes.keys() - set(said["names"])
        self.processes = {name: known[name] for name in said["names"] if name in known}
        if changed or gone or recovered or not self.ever_heard:
            self.ever_heard = True
            self._change(set(self.processes) if recovered else changed & set(self.processes))

    def wake(self) -> None:
        """Have everybody who waits look again, at nothing new."""
        for event in self._waiting:
            event.set()

    async def _show_silence(self) -> None:
        while True:
            await asyncio.sleep(_STALE_STEP_S)
            if self.stale_s:
                self._change(set(self.processes))

    def _change(self, names: set[str]) -> None:
        self.version += 1
        self._changed_in |= dict.fromkeys(names, self.version)
        self.wake()
