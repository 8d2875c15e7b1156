"""Problems found in a stack file, collected so that all of them are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from founderstack.locale import joined
from founderstack.model.errors import EXIT_PRECONDITION, StackError, StackErrors
from founderstack.stackfile.read import Document

if TYPE_CHECKING:
    from founderstack.stackfile.lines import Path


@dataclass(frozen=True)
class _Finding:
    path: Path
    what: str
    why: str
    fix: str


@dataclass(frozen=True)
class Report:
    """What is wrong so far, each with the path of the key it is about."""

    document: Document
    _findings: list[_Finding] = field(default_factory=list)

    def add(self, path: Path, what: str, why: str, fix: str) -> None:
        """Note one problem; its line is that of the key, or of the nearest table around it."""
        self._findings.append(_Finding(path, what, why, fix))

    def raise_if_any(self) -> None:
        """Raise StackErrors with every problem, in the order of the file's lines."""
        if not self._findings:
            return
        lines = self.document.lines()
        placed = [(_line(finding.path, lines), finding) for finding in self._findings]
        placed.sort(key=lambda pair: pair[0])
        raise StackErrors(
            StackError(
                joined(": ", (f"{self.document.label}:{line}", found.what)),
                found.why,
                found.fix,
                exit_code=EXIT_PRECONDITION,
            )
            for line, found in placed
        )


def _line(path: Path, lines: dict[Path, int]) -> int:
    return next((lines[path[:depth]] for depth in range(len(path), 0, -1) if path[:depth] in lines), 1)
