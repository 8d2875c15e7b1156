"""Somebody at a terminal: reads what a command asks, and types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.fault.stacks import Founder


class Terminal:
    """A command that runs in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self._process = process
        self._screen = screen
        self._read = 0
        self.shown = ""
        """Everything that stood on the screen so far."""

    def asked(self, question: str, answer: str, deadline_s: float = 120) -> None:
        """Wait until the question stands there, and type the answer."""
        self._wait(lambda: question in self.shown[self._read :], question, deadline_s)
        self._read = self.shown.index(question, self._read) + len(question)
        os.write(self._screen, answer.encode() + b"\n")

    def ended(self, deadline_s: float = 120) -> int:
        """Wait for the end; the exit code."""
        self._wait(lambda: self._process.poll() is not None, "its end", deadline_s)
        self._look(0.1)
        return int(self._process.returncode)

    def _wait(self, condition: Callable[[], bool], what: str, deadline_s: float) -> None:
        ends = time.monotonic() + deadline_s
        while not condition():
            if time.monotonic() > ends:
                pytest.fail(f"not within {deadline_s:g} s: {what}\n{self.shown}")
            self._look(0.1)

    def _look(self, seconds: float) -> None:
        while select.select([self._screen], [], [], seconds)[0]:
            try:
                found = os.read(self._screen, 65536)
            except OSError:  # nobody has the terminal open any more
                return
            self.shown += found.decode(errors="replace")
            seconds = 0


@contextmanager
def terminal(founder: Founder, *words: str) -> Iterator[Terminal]:
    """The command at a terminal; it is killed where it has not ended."""
    screen, inside = pty.openpty()
    # setsid makes it the terminal of the command, as a login does: passwords are asked for on /dev/tty.
    command = ["setsid", "--ctty", *founder.argv, *words]
    environment = {**founder.environment(), "TERM": "xterm"}
    process = subprocess.Popen(command, cwd=founder.folder, env=environment, stdin=inside, stdout=inside, stderr=inside)
    os.close(inside)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
