"""Streams that tell what passes through them, and parts of a set that may fail by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from founderstack.locale import _
from founderstack.model.backup import PartKind, SetFile
from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress, SetWriter, Source
from founderstack.world.os import traces

Outcome = TypeVar("Outcome")


class CountingSource:
    """A source that tells how much of it has passed."""

    def __init__(self, source: Source, about: str, progress: Progress) -> None:
        self._source = source
        self._about = about
        self._progress = progress

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self._progress(self._about, len(found))
        return found


class RecordingSource:
    """A source of which all that was read is kept."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[bytes] = []

    @property
    def kept(self) -> bytes:
        """What was read so far."""
        return b"".join(self._parts)

    def read(self, size: int = -1, /) -> bytes:
        self._parts.append(self._source.read(size))
        return self._parts[-1]


def attempt(out: SetWriter, work: Callable[[SetWriter], Outcome]) -> Outcome | StackError:
    """What `work`, which writes a part of a set, gives; or why the part cannot be taken, with nothing of it in the set.

    A crash is a reason like any other: it takes no other part with it, and leaves its trace in a file that the reason
    names. Raises what went wrong where the set itself cannot be written.
    """
    part = _Part(out)
    try:
        return work(part)
    except Exception as problem:  # told by its kind; the other parts are worth having
        if part.broken:
            raise
        for file in part.files:
            out.remove(file)
        if isinstance(problem, StackError):
            return problem
        why = _("{error} (a defect of the tool; its trace is in {path})")
        told = f"{type(problem).__name__}: {problem}"
        return StackError(_("It cannot be read"), why.format(error=told, path=traces.keep(problem) or "–"), "")


class _Part:
    """A part of a set that is being written (a model.protocols.SetWriter)."""

    def __init__(self, out: SetWriter) -> None:
        self._out = out
        self.files: list[SetFile] = []
        self.broken = False
        """True where it was the set that failed, and not what went into it."""

    def add(self, name: str, kind: PartKind, about: str, source: Source) -> SetFile:
        watched = _Watched(source)
        try:
            file = self._out.add(name, kind, about, watched)
        except Exception:
            self.broken = not watched.failed
            raise
        self.files.append(file)
        return file

    def remove(self, file: SetFile) -> None:
        self._out.remove(file)
        self.files.remove(file)


class _Watched:
    """A source that remembers whether it was the one that failed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.failed = False

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._source.read(size)
        except BaseException:
            self.failed = True
            raise
