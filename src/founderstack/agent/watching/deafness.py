"""Which processes take questions and never answer: they are started anew. Pure but for what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from founderstack.agent.watching.records import Record
from founderstack.model.health import FAILURES_UNTIL_DOWN
from founderstack.model.protocols import Answer, ProcessStatus

SILENT_MS = 4_500.0
"""A question is given five seconds. What fails sooner was refused or answered with an error: that is not deafness."""


class Deafness:
    """Counts the questions that each process left unanswered, one after the other."""

    def __init__(self) -> None:
        self._silent: dict[str, int] = {}
        self._answered: set[str] = set()

    def heard(self, name: str, answer: Answer) -> None:
        """Count one answer."""
        if answer.ok:
            self._answered.add(name)
        silent = not answer.ok and answer.latency_ms >= SILENT_MS
        self._silent[name] = self._silent.get(name, 0) + 1 if silent else 0

    def answered(self, name: str) -> None:
        """Remember that it did answer once, as an earlier agent knew."""
        self._answered.add(name)

    def deaf(
        self, record: Callable[[str], Record | None], running: Mapping[str, ProcessStatus], now: float
    ) -> list[str]:
        """Those that run and have left as many questions in a row as make an outage; `now` is of the wall clock.

        Not who is still on its way up, and nothing that keeps data: what a database is busy with is a person's to end.
        """
        found = []
        for name in [name for name, count in self._silent.items() if count >= FAILURES_UNTIL_DOWN]:
            known = record(name)
            if known is None:
                del self._silent[name]
            elif (
                name in running and known.restarts and known.group != "data" and self._is_up(known, running[name], now)
            ):
                found.append(name)
        return found

    def _is_up(self, record: Record, status: ProcessStatus, now: float) -> bool:
        """Whether it has answered once, or had all the time that its start may take, and no command waits for it."""
        return record.name in self._answered or (record.applied and now - status.since >= record.ready.timeout_s)
