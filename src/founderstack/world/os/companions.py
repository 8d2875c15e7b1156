"""A program that runs beside a block of code and outlives neither it nor this process, however that ends."""

from __future__ import annotations

import os
import signal as signals
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.processes import command_of, environment

_LAST_WORDS = 4096
_LAST = 19
"""The niceness of whoever can wait."""


class Companion:
    """A program that runs."""

    def __init__(self, child: subprocess.Popen[bytes], log: str) -> None:
        self._child = child
        self._log = log

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._child.pid

    def runs(self) -> bool:
        """False once it has ended."""
        return self._child.poll() is None

    def last_words(self, lines: int = 8) -> str:
        """The end of what it has written."""
        try:
            with open(self._log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_WORDS))
                return "\n".join(file.read().decode(errors="replace").strip().splitlines()[-lines:])
        except OSError:
            return ""


@contextmanager
def companion(
    argv: Sequence[str],
    *,
    log: str,
    user: str = "",
    env: Mapping[str, str] | None = None,
    nice: int = 0,
    oom_score: int = 0,
    stop_signal: str = "QUIT",
    stop_wait_s: float = 10.0,
) -> Iterator[Companion]:
    """Run a program while the block runs; its output goes to `log`. To be called by the main thread.

    It gets `stop_signal` at the end of the block, and from the kernel when this process dies, and is killed where that
    is not enough. Raises StackError where it cannot be started.
    """
    # Inside setpriv's change of the user, which clears what it would have been told before.
    tied = ["/usr/bin/setpriv", "--pdeathsig", stop_signal, "--", *argv]
    command = command_of(tied, user=user, nice=nice, oom_score=oom_score)
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
        try:
            child = subprocess.Popen(
                command,
                cwd="/",
                env=environment(user, env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        except OSError as error:
            raise StackError(
                _("{program} could not be started").format(program=argv[0]),
                f"{error.strerror}: {error.filename}",
                _("Run: founder doctor, which names what is missing on this machine."),
            ) from None
    try:
        yield Companion(child, log)
    finally:
        _end(child, signals.Signals[f"SIG{stop_signal}"], stop_wait_s)


def give_way() -> None:
    """Let everything else on the machine go first, from now on and for all that this process starts."""
    os.setpriority(os.PRIO_PROCESS, 0, _LAST)


def _end(child: subprocess.Popen[bytes], first: signals.Signals, wait_s: float) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(first)
    try:
        child.wait(wait_s)
    except subprocess.TimeoutExpired:
        pass
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signals.SIGKILL)
    child.wait()
