"""Which processes take questions and never answer: they are started anew. Pure but for what it is told."""

from __future__ import annotations

from collections.abc import Callable, Container

from founderstack.agent.health import FAILURES_UNTIL_DOWN
from founderstack.agent.records import Record
from founderstack.model.protocols import Answer

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

    def deaf(self, record: Callable[[str], Record | None], running: Container[str]) -> list[str]:
        """Those that run, did answer once, and have left as many questions in a row as make an outage.

        Not who is still on its way up, and nothing that keeps data: what a database is busy with is a person's to end.
        """
        found = []
        for name in [name for name, count in self._silent.items() if count >= FAILURES_UNTIL_DOWN]:
            known = record(name)
            if known is None:
                del self._silent[name]
            elif name in self._answered and known.restarts and known.group != "data" and name in running:
                found.append(name)
        return found
