"""Streams that tell what passes through them, and which of them failed."""

from __future__ import annotations

from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress, Source


class Told:
    """A source that tells how much of it has passed."""

    def __init__(self, source: Source, about: str, progress: Progress) -> None:
        self._source = source
        self._about = about
        self._progress = progress

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self._progress(self._about, len(found))
        return found


class Blamed:
    """A source that remembers that it was the one that failed, and not where its bytes went."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.problem: StackError | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._source.read(size)
        except StackError as problem:
            self.problem = problem
            raise
