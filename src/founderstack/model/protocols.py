"""The world as operations see it: protocols only, filled in by wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from founderstack.model.events import Event
from founderstack.model.plan import Step
from founderstack.model.process import Desired, State

Emit = Callable[[Event], None]

ProcessCondition = Literal["running", "starting", "stopped", "failing"]


@dataclass(frozen=True)
class ProcessStatus:
    """A process as the supervisor sees it now."""

    name: str
    condition: ProcessCondition
    pid: int
    since: float
    """Seconds since the epoch at which it entered this condition."""
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """What a probe got."""

    ok: bool
    latency_ms: float
    error: str = ""


class Runtime(Protocol):
    """Where processes live. Every method may be called twice with the same effect."""

    def observe(self) -> State:
        """What is applied and running now, as digests."""
        ...

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        """Carry out one step and return when it holds; raises StackError with nothing half-done shown as done."""
        ...

    def statuses(self) -> Sequence[ProcessStatus]:
        """Every process the runtime keeps, as it is now."""
        ...

    def restart(self, process: str) -> None:
        """Stop and start one process as it is, and wait until it is ready."""
        ...

    def revive(self) -> Sequence[str]:
        """Start again what the supervisor has given up on; the names of those processes."""
        ...

    def renew(self) -> Sequence[str]:
        """Make anew what ends by itself, such as certificates, and have it served; the tasks done again."""
        ...

    def last_lines(self, process: str, count: int) -> list[str]:
        """The last lines of a process's output."""
        ...

    def shut_down(self) -> None:
        """End the runtime's own resident process, after every process was stopped."""
        ...

    def forget(self) -> None:
        """Remove what the runtime made outside the stack's own folder."""
        ...


class SecretStore(Protocol):
    """Generated secrets by name."""

    def get(self, name: str) -> str:
        """The value; raises StackError when there is none."""
        ...

    def digests(self) -> Mapping[str, str]:
        """Name → keyed digest that changes with the value and does not reveal it."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
