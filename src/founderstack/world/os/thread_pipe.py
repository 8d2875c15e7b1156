"""A stream that a thread writes while somebody reads it."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from founderstack.model.protocols import Source
from founderstack.world.os.processes import break_off

BUFFER = 256 * 1024
_PIPE = 1024 * 1024
"""What Linux lets every user have. Source: /proc/sys/fs/pipe-max-size."""

_AGAIN_S = 0.2


def widen(pipe: int) -> None:
    """Let a pipe hold 1 MiB, so that neither end waits for each turn of the other; where that is refused, it stays."""
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


class ThreadPipe:
    """Runs `work(writer)` in a thread; what it writes is read from the block's value.

    An error of `work` is raised by the read that would have given the end of the stream, so that who reads to the end
    has all of it. Leaving the block early ends the work, and every program that it waits for.
    """

    def __init__(self, work: Callable[[IO[bytes]], None]) -> None:
        self._work = work
        self._problem: BaseException | None = None

    def __enter__(self) -> Source:
        out, into = os.pipe()
        widen(out)
        self._reader = os.fdopen(out, "rb", buffering=BUFFER)
        self._thread = threading.Thread(target=self._run, args=(into,), daemon=True)
        self._thread.start()
        return _Checked(self._reader, self._raise)

    def __exit__(self, *_: object) -> None:
        self._reader.close()  # a writer that is still at it gets EPIPE and ends
        while self._thread.is_alive():
            break_off(self._thread.ident)
            self._thread.join(_AGAIN_S)

    def _run(self, into: int) -> None:
        try:
            with os.fdopen(into, "wb", buffering=BUFFER) as writer:
                try:
                    self._work(writer)
                except BaseException as problem:  # noqa: BLE001 - raised again in the thread that reads
                    # Known before the stream ends: its end would be taken for the end of the data.
                    self._problem = problem
        except BrokenPipeError:
            pass  # the reader has left

    def _raise(self) -> None:
        if self._problem is not None:
            raise self._problem


class _Checked:
    """The end of the stream is only given where the work went well."""

    def __init__(self, stream: IO[bytes], at_end: Callable[[], None]) -> None:
        self._stream = stream
        self._at_end = at_end

    def read(self, size: int = -1, /) -> bytes:
        found = self._stream.read(size)
        if not found and size != 0:
            self._at_end()
        return found
