"""Streams that tell what passes through them."""

from __future__ import annotations

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
