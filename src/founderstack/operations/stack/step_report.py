"""A step as events: that it has begun, how far it is, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from founderstack.locale import number
from founderstack.model.errors import StackError
from founderstack.model.events import Event, EventKind
from founderstack.model.protocols import Clock, Emit
from founderstack.operations.stack.site import History

_TELL_EVERY_S = 0.5


class StepReport:
    """Reports one step as events. What is said of its end is `outcome`, else how many bytes have passed."""

    def __init__(self, name: str, emit: Emit, clock: Clock, family: str = "") -> None:
        self._name = name
        self._family = family
        self._emit = emit
        self._clock = clock
        self._began = self._told = clock.monotonic()
        self._bytes = 0
        self.outcome = ""
        self.failed = False
        """True where it ended without an error, and not well."""

    def tell(self, kind: EventKind, detail: str = "") -> None:
        """One moment of it, with the seconds that it has taken."""
        seconds = 0.0 if kind == "started" else self._clock.monotonic() - self._began
        self._emit(Event(kind, self._name, self._clock.now(), seconds, detail, self._family))

    def progress(self, about: str, count: int) -> None:
        """Some bytes of something have passed."""
        self._bytes += count
        now = self._clock.monotonic()
        if now - self._told >= _TELL_EVERY_S:
            self._told = now
            self.tell("progress", f"{about}: {self._passed()}")

    def ended(self) -> None:
        """Tell its end, by what is known of it."""
        self.tell("failed" if self.failed else "done", self.outcome or (self._passed() if self._bytes else ""))

    def _passed(self) -> str:
        rate = self._bytes / max(self._clock.monotonic() - self._began, 0.001)
        return f"{megabytes(self._bytes)}, {megabytes(rate)}/s"


@contextmanager
def reporting(name: str, emit: Emit, clock: Clock, family: str = "") -> Iterator[StepReport]:
    """Report the step that the block is: its beginning, and its end, however it ends."""
    report = StepReport(name, emit, clock, family)
    report.tell("started")
    try:
        yield report
    except BaseException as error:
        report.tell("failed", error.summary if isinstance(error, StackError) else "")
        raise
    report.ended()


def noted(history: History, emit: Emit) -> Emit:
    """`emit`, with every end kept in the history, by what of the step's id stays from one release to the next."""

    def tell(event: Event) -> None:
        if event.kind in ("done", "failed"):
            history.record(replace(event, step=event.family_id))
        emit(event)

    return tell


def megabytes(count: float) -> str:
    """A size for a person."""
    if count < 1e6:
        return f"{number(count / 1e3, 0)} kB"
    return f"{number(count / 1e6, 1)} MB" if count < 1e9 else f"{number(count / 1e9, 2)} GB"
