"""Several connections at work at the same time, and a limit to what they read in a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TypeVar

from founderstack.migration.context import Context
from founderstack.migration.values import Progress
from founderstack.model.protocols import Clock

Work = TypeVar("Work")
Tool = TypeVar("Tool")


def each(work: Iterable[Work], jobs: int, do: Callable[[Work], object]) -> None:
    """`do` every piece of work in its order, at most `jobs` at a time; the first error stops what has not begun."""
    each_with(work, jobs, nullcontext, lambda _nothing, piece: do(piece))


def each_with(
    work: Iterable[Work],
    jobs: int,
    opened: Callable[[], AbstractContextManager[Tool]],
    do: Callable[[Tool, Work], object],
) -> None:
    """As `each`, with something `opened` that one worker uses for all of its pieces: connections."""
    queue: SimpleQueue[Work] = SimpleQueue()
    for piece in work:
        queue.put(piece)
    errors: list[BaseException] = []

    def worker() -> None:
        try:
            with opened() as tool:
                for piece in _handed_out(queue, errors):
                    do(tool, piece)
        except BaseException as error:  # noqa: BLE001  (given to the caller's thread)
            errors.append(error)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(jobs, queue.qsize()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _handed_out(queue: SimpleQueue[Work], errors: Sequence[BaseException]) -> Iterator[Work]:
    while not errors:
        try:
            piece = queue.get_nowait()
        except Empty:
            return
        yield piece


class Pace:
    """Spares the source: no more than so much in a second, over all connections."""

    def __init__(self, clock: Clock, mib_s: float) -> None:
        self._clock = clock
        self._bytes_s = mib_s * 2**20
        self._began = clock.monotonic()
        self._spent = 0
        self._lock = threading.Lock()

    def spend(self, size: int) -> None:
        """Count `size` bytes, and wait where they came too early."""
        if not self._bytes_s:
            return
        with self._lock:
            self._spent += size
            early = self._spent / self._bytes_s - (self._clock.monotonic() - self._began)
        if early > 0:
            self._clock.wait(early)


class Sum:
    """Adds up what the parallel jobs have done, and tells it."""

    def __init__(self, context: Context, step: str, unit: str, total: int, done: int = 0, *, detail: str = "") -> None:
        self._context = context
        self._so_far = Progress(step, done, total, unit, detail)
        self._lock = threading.Lock()

    def __call__(self, more: int) -> None:
        """Count what has been done meanwhile."""
        with self._lock:
            self._so_far = replace(self._so_far, done=self._so_far.done + more)
            self._context.tell(self._so_far)
