"""Programs whose output or input is a stream: read as it comes, fed as it takes, never kept whole."""

from __future__ import annotations

import os
import select
import signal as signals
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.piped import widen
from founderstack.world.processes import Result, command_of, environment, failure

_CHUNK = 1024 * 1024
SILENCE_S = 3600.0
"""A program that neither gives nor takes a byte for so long is ended: building an index takes its time."""
_LAST_WORDS = 64 * 1024


@contextmanager
def output_of(
    argv: Sequence[str], *, user: str = "", env: Mapping[str, str] | None = None, nice: int = 0
) -> Iterator[Source]:
    """What a program writes to its standard output, while it runs.

    Leaving the block raises StackError where the program failed, so that nothing that was read before counts; leaving
    it by an error ends the program.
    """
    with _memory() as said, _started(argv, user, env, nice, None, said) as child:
        assert child.stdout is not None
        widen(child.stdout.fileno())
        yield _Output(argv, child.stdout)
        if child.stdout.read(1):
            raise _ended(argv, _("It had more to say than was asked for."))
        _finish(argv, child, said)


def feed(
    argv: Sequence[str], source: Source, *, user: str = "", env: Mapping[str, str] | None = None, nice: int = 0
) -> None:
    """Run a program to its end with all that `source` gives on its standard input.

    An error of the source ends the program before it can take the end of the stream for the end of the data. Raises
    StackError where the program fails.
    """
    with _memory() as said, _started(argv, user, env, nice, subprocess.PIPE, said) as child:
        assert child.stdin is not None
        widen(child.stdin.fileno())
        try:
            while chunk := source.read(_CHUNK):
                _give(argv, child.stdin, chunk)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it ended early: its exit code and its last words tell why
        _finish(argv, child, said)


class _Output:
    """A program's output; each read gives what there is, and waits no longer than the deadline."""

    def __init__(self, argv: Sequence[str], stream: IO[bytes]) -> None:
        self._argv = argv
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        ready, _writable, _odd = select.select([self._stream], [], [], SILENCE_S)
        if not ready:
            raise _ended(self._argv, _("It said nothing for {seconds:g} seconds.").format(seconds=SILENCE_S))
        return os.read(self._stream.fileno(), min(size, _CHUNK) if size >= 0 else _CHUNK)


@contextmanager
def _started(
    argv: Sequence[str],
    user: str,
    env: Mapping[str, str] | None,
    nice: int,
    stdin: int | None,
    said: IO[bytes],
) -> Iterator[subprocess.Popen[bytes]]:
    fed = stdin is not None
    try:
        child = subprocess.Popen(
            command_of(argv, user=user, nice=nice),
            cwd="/",
            env=environment(user, env),
            stdin=stdin or subprocess.DEVNULL,
            stdout=said if fed else subprocess.PIPE,
            stderr=said,
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


def _give(argv: Sequence[str], stream: IO[bytes], chunk: bytes) -> None:
    left = memoryview(chunk)
    os.set_blocking(stream.fileno(), False)
    while left:
        _readable, ready, _odd = select.select([], [stream], [], SILENCE_S)
        if not ready:
            raise _ended(argv, _("It took nothing for {seconds:g} seconds.").format(seconds=SILENCE_S))
        with suppress(BlockingIOError):
            left = left[os.write(stream.fileno(), left) :]


def _finish(argv: Sequence[str], child: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    try:
        child.wait(SILENCE_S)
    except subprocess.TimeoutExpired:
        raise _ended(argv, _("It did not end within {seconds:g} seconds.").format(seconds=SILENCE_S)) from None
    if child.returncode != 0:
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _LAST_WORDS))
        raise failure(argv, Result(child.returncode, "", said.read().decode(errors="replace")))


def _memory() -> IO[bytes]:
    # Not a pipe: nobody reads it while the program runs, and a full pipe would hold the program up.
    return os.fdopen(os.memfd_create("said"), "w+b", buffering=0)


def _ended(argv: Sequence[str], why: str) -> StackError:
    return StackError(
        _("{program} was ended").format(program=os.path.basename(argv[0])),
        why,
        _("Run the command again; if it stops here again, run: founder doctor"),
    )
