"""The tool's own command line, run by the agent as programs of their own, so that all goes one way and none stays."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from founderstack.locale import _, wire
from founderstack.model.errors import StackError
from founderstack.model.state_folder import StateFolder
from founderstack.world.os import files, processes
from founderstack.world.os.ambient import ASKED_BY

_ANSWER_WITHIN_S = 90.0


@dataclass(frozen=True)
class Child:
    """A program that was set free: its pid, and when it began (seconds after boot), which together name it."""

    pid: int
    started: float


class Commands(Protocol):
    """Runs `founder WORDS`."""

    def begin(self, words: Sequence[str], out: str, *, language: str, nice: int, by: str = "") -> Child:
        """Set a command free; all that it says goes to the file `out`. It outlives the agent. `by` asked for it."""
        ...

    def runs(self, child: Child) -> bool:
        """True while that command has not ended."""
        ...

    def answer(self, words: Sequence[str], *, language: str) -> dict[str, Any]:
        """The document that a quick command prints; raises StackError with the command's own words."""
        ...


class OwnCommands:
    """The command line of this very copy of the tool, on the agent's stack (a `Commands`)."""

    def __init__(self, state_dir: str) -> None:
        self._state = state_dir

    def begin(self, words: Sequence[str], out: str, *, language: str, nice: int, by: str = "") -> Child:
        """Set a command free; all that it says goes to the file `out`. It outlives the agent."""
        environment = {**self._environment(language), **({ASKED_BY: by} if by else {})}
        priority = ["/usr/bin/nice", "-n", str(nice)] if nice else []
        pid = processes.spawn_detached([*priority, *self._command(words)], log=out, env=environment)
        return Child(pid, processes.started(pid))

    def runs(self, child: Child) -> bool:
        """True while that command has not ended."""
        return processes.alive(child.pid, child.started)

    def answer(self, words: Sequence[str], *, language: str) -> dict[str, Any]:
        """The document that a quick command prints; raises StackError with the command's own words."""
        ended = processes.run(
            self._command(words), env=self._environment(language), timeout_s=_ANSWER_WITHIN_S, check=False
        )
        for text in (ended.out, ended.err):
            for line in reversed(text.splitlines()):
                document = object_in(line)
                if "errors" in document:
                    raise error_in(document["errors"][0])
                if document:
                    return document
        raise StackError(
            what=_("A command of the tool gave no answer"),
            why=ended.err.strip()[-500:] or processes.how_it_ended(ended.code),
            fix=_("Run it in the terminal: founder {words}").format(words=" ".join(words)),
        )

    def _command(self, words: Sequence[str]) -> list[str]:
        file = str(files.read_json(StateFolder(self._state).about).get("file", ""))
        return [sys.executable, "-I", "-m", "founderstack", "--file", file, *words]

    def _environment(self, language: str) -> dict[str, str]:
        root = self._state.rpartition("/")[0]
        given = files.read_json(StateFolder(self._state).downloads)
        downloads = {str(name): str(value) for name, value in given.items()}
        return {**downloads, "FOUNDER_HOME": root, "LANGUAGE": language or "en", "NO_COLOR": "1"}


def object_in(line: str | bytes) -> dict[str, Any]:
    """The JSON object of a line; empty where it is anything else."""
    try:
        found = wire.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def error_in(values: Mapping[str, Any]) -> StackError:
    """The error that a command told as a document."""
    return StackError(*(values.get(part) or "" for part in ("what", "why", "fix")))
