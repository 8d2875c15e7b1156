"""Programs whose output or input is a stream: read as it comes, fed as it takes, never kept whole."""

from __future__ import annotations

import io
import os
import select
import signal as signals
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.os.processes import Result, command_of, environment, failure
from founderstack.world.os.thread_pipe import widen

_CHUNK = 1024 * 1024
SILENCE_S = 3600.0
"""A program that neither gives nor takes a byte for so long is ended: building an index takes its time."""
_LOOK_S = 0.1
_LAST_WORDS = 64 * 1024
LISTED = "{listed}"
"""In a command line, where the name of a file belongs that lies in memory alone."""


@contextmanager
def output_of(
    argv: Sequence[str],
    *,
    user: str = "",
    env: Mapping[str, str] | None = None,
    nice: int = 0,
    silence_s: float = SILENCE_S,
) -> Iterator[Source]:
    """What a program writes to its standard output, while it runs; it is ended after `silence_s` without a byte.

    Leaving the block raises StackError where the program failed, so that nothing that was read before counts; leaving
    it by an error ends the program.
    """
    with _memory() as said, _started(argv, user, env, nice, said) as child:
        assert child.stdout is not None
        widen(child.stdout.fileno())
        out = _Output(argv, child.stdout, silence_s)
        yield out
        if out.read(1):
            raise _ended(argv, _("It had more to say than was asked for."))
        _finish(argv, child, said)


def feed(
    argv: Sequence[str],
    source: Source,
    *,
    user: str = "",
    env: Mapping[str, str] | None = None,
    nice: int = 0,
    listed: str = "",
    watch: Callable[[], None] = lambda: None,
    failed: Callable[[Sequence[str], Result], StackError] = failure,
) -> str:
    """What a program says that is run to its end with all that `source` gives on its standard input.

    It finds `listed` in the file that `LISTED` stands for in its command line. An error of the source ends the program
    before it can take the end of the stream for the end of the data. `watch` is called several times a second, and may
    end it by an error as well. Raises StackError where the program fails.
    """
    with _memory(listed) as file, _memory() as out, _memory() as said:
        argv = [word.replace(LISTED, f"/proc/self/fd/{file.fileno()}") for word in argv]
        with _started(argv, user, env, nice, said, _Fed(out, file.fileno())) as child:
            assert child.stdin is not None
            widen(child.stdin.fileno())
            try:
                while chunk := source.read(_CHUNK):
                    _give(argv, child.stdin, chunk, watch)
                child.stdin.close()
            except BrokenPipeError:
                pass  # it ended early: its exit code and its last words tell why
            _finish(argv, child, said, watch, failed)
        out.seek(0)
        return out.read().decode(errors="replace")


@dataclass(frozen=True)
class _Fed:
    """What a program gets besides its input."""

    out: IO[bytes]
    """Where it writes to."""
    file: int
    """What it may read."""


class _Output:
    """A program's output; each read gives what there is, and waits no longer than the deadline."""

    def __init__(self, argv: Sequence[str], stream: IO[bytes], silence_s: float) -> None:
        self._argv = argv
        self._stream = stream
        self._silence_s = silence_s

    def read(self, size: int = -1, /) -> bytes:
        ready, _writable, _odd = select.select([self._stream], [], [], self._silence_s)
        if not ready:
            raise _ended(self._argv, _("It said nothing for {seconds:g} seconds.").format(seconds=self._silence_s))
        return os.read(self._stream.fileno(), min(size, _CHUNK) if size >= 0 else _CHUNK)


class _Readable(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        return self._source.read(size)


def readable(source: Source) -> IO[bytes]:
    """A source as `tarfile` and its like read it."""
    return _Readable(source)  # type: ignore[return-value]


@contextmanager
def _started(
    argv: Sequence[str],
    user: str,
    env: Mapping[str, str] | None,
    nice: int,
    said: IO[bytes],
    fed: _Fed | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    try:
        child = subprocess.Popen(
            command_of(argv, user=user, nice=nice),
            cwd="/",
            env=environment(user, env),
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=fed.out if fed else subprocess.PIPE,
            stderr=said,
            pass_fds=(fed.file,) if fed else (),
            bufsize=0,
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        raise _ended(argv, f"{error.strerror}: {error.filename}") from None
    try:
        yield child
    finally:
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signals.SIGKILL)
            child.wait()


def _give(argv: Sequence[str], stream: IO[bytes], chunk: bytes, watch: Callable[[], None]) -> None:
    left = memoryview(chunk)
    os.set_blocking(stream.fileno(), False)
    silent_until = time.monotonic() + SILENCE_S
    while left:
        watch()
        _readable, ready, _odd = select.select([], [stream], [], _LOOK_S)
        if ready:
            with suppress(BlockingIOError):
                left = left[os.write(stream.fileno(), left) :]
                silent_until = time.monotonic() + SILENCE_S
        elif time.monotonic() > silent_until:
            raise _ended(argv, _("It took nothing for {seconds:g} seconds.").format(seconds=SILENCE_S))


def _finish(
    argv: Sequence[str],
    child: subprocess.Popen[bytes],
    said: IO[bytes],
    watch: Callable[[], None] = lambda: None,
    failed: Callable[[Sequence[str], Result], StackError] = failure,
) -> None:
    ends = time.monotonic() + SILENCE_S
    while child.poll() is None:
        watch()
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_S)
        if time.monotonic() > ends:
            raise _ended(argv, _("It did not end within {seconds:g} seconds.").format(seconds=SILENCE_S))
    if child.returncode != 0:
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _LAST_WORDS))
        raise failed(argv, Result(child.returncode, "", said.read().decode(errors="replace")))


def _memory(content: str = "") -> IO[bytes]:
    # Not a pipe: nobody reads it while the program runs, and a full pipe would hold the program up.
    file = os.fdopen(os.memfd_create("said"), "w+b", buffering=0)
    file.write(content.encode())
    file.seek(0)
    return file


def _ended(argv: Sequence[str], why: str) -> StackError:
    return StackError(
        _("{program} was ended").format(program=os.path.basename(argv[0])),
        why,
        _("Run the command again; if it stops here again, run: founder doctor"),
    )
