"""Builds what the agent works with. Apart from `wiring`, whose imports would stay in the resident part's memory."""

from __future__ import annotations

import os

from founderstack.model.protocols import Clock
from founderstack.model.stack import Places
from founderstack.model.state_folder import StateFolder
from founderstack.runtimes.host.runtime import HostRuntime
from founderstack.world.keys.secrets import Secrets
from founderstack.world.os import files
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.machine import read_machine


class AgentWorld:
    """What the agent works with."""

    def __init__(self, runtime: HostRuntime, secrets: Secrets, clock: Clock) -> None:
        self.runtime = runtime
        self.secrets = secrets
        self.clock = clock
        self._filled: dict[str, str] = {}
        self._read_at: tuple[int, ...] = ()

    def fill(self, text: str) -> str:
        """`text` with its secret references filled in; read anew only when the file of secrets has changed."""
        if "{{" not in text:
            return text
        if (changed := _mark(self.secrets.path)) != self._read_at:
            self._filled.clear()
            self._read_at = changed
        if text not in self._filled:
            self._filled[text] = self.secrets.fill(text)
        return self._filled[text]


def agent_world(state_dir: str) -> AgentWorld:
    """The world of the agent of the stack whose state lies in `state_dir`."""
    about = files.read_json(StateFolder(state_dir).about)
    root = os.path.dirname(state_dir)
    name = os.path.basename(state_dir)
    where = Places(
        state=state_dir,
        shared=os.path.join(root, "shared"),
        python="",
        package="",
        package_digest=about.get("tool", ""),
    )
    clock = SystemClock()
    secrets = Secrets(StateFolder(state_dir).secrets)
    runtime = _AgentRuntime(name, where, read_machine(), secrets, secrets.fill, clock)
    return AgentWorld(runtime, secrets, clock)


class _AgentRuntime(HostRuntime):
    """The runtime as the agent has it: what a person asks of it waits its turn like any command."""

    def restart(self, process: str) -> None:
        with stack_lock(StateFolder(self.state).lock, command=f"founder restart {process}"):
            super().restart(process)


def _mark(path: str) -> tuple[int, ...]:
    """Changes with the content of a file and with who may read it; empty where it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
