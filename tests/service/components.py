"""Single components of a stack, brought up by the real runtime from what the catalogue says, without the rest."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import founderstack
from founderstack.catalogue import COMPONENTS
from founderstack.model import process as p
from founderstack.model.component import Component, View
from founderstack.model.stack import Choices, Machine, Places, Role, Stack
from founderstack.planner.stack.choose import choose
from founderstack.planner.stack.diff import diff
from founderstack.planner.stack.resolve import Facts, resolve
from founderstack.planner.stack.state import state_of
from founderstack.runtimes.host.runtime import SUPERVISOR, HostRuntime
from founderstack.stackfile.check import check
from founderstack.world.install import environments
from founderstack.world.keys.secrets import Secrets
from founderstack.world.net.network import can_bind
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.machine import read_machine
from founderstack.world.os.processes import alive

PYTHON = "/usr/bin/python3"
PACKAGE = os.path.dirname(founderstack.__file__)


@dataclass
class Components:
    """Some components of a stack, running."""

    stack: Stack
    machine: Machine
    places: Places
    secrets: Secrets
    runtime: HostRuntime
    choices: Choices
    only: tuple[str, ...]
    catalogue: Mapping[str, Component] = field(default_factory=lambda: COMPONENTS)

    @property
    def facts(self) -> Facts:
        return Facts(self.machine, self.places, self.choices, secret_digests=self.secrets.digests())

    def view(self, role: Role) -> View:
        return resolve(self.stack, self.catalogue, self.facts).views[role]

    def desired(self) -> p.Desired:
        everything = resolve(self.stack, self.catalogue, self.facts).desired
        return p.Desired(
            {name: process for name, process in everything.processes.items() if process.component in self.only},
            {name: task for name, task in everything.tasks.items() if task.component in self.only},
        )

    def apply(self, wanted: p.Desired | None = None) -> list[str]:
        """Bring the machine to what is wanted; the ids of the steps that it took."""
        wanted = wanted or self.desired()
        needs = {name: task.needs for name, task in wanted.tasks.items()}
        plan = diff(state_of(wanted, self.secrets.digests()), self.runtime.observe(), needs)
        for step in plan.steps:
            self.runtime.apply(step, wanted, lambda _line: None)
        return [step.id for step in plan.steps]

    def pid(self, process: str) -> int:
        return next(found.pid for found in self.runtime.statuses() if found.name == process)


def stack_of(name: str, text: str, machine: Machine, catalogue: Mapping[str, Component] = COMPONENTS) -> Stack:
    """The stack of this name whose file says `text`, on such a machine."""
    return check(
        f'name = "{name}"\n{text}'.encode(),
        file="/nowhere/founder.toml",
        folder="/nowhere",
        components=catalogue,
        machine=machine,
        choices=Choices(),
        folder_exists=lambda _path: False,
    )


@contextmanager
def components(
    home: Path, text: str, only: Sequence[str], catalogue: Mapping[str, Component] = COMPONENTS
) -> Iterator[Components]:
    """Those components of the stack that `text` describes; nothing of them is left afterwards."""
    name = "c" + os.path.basename(home)[-6:].lower().replace("_", "x")
    shared = (home / "shared").resolve()
    environments.python_environment(
        f"{shared}/venvs/{SUPERVISOR}", f"{PACKAGE}/pins/supervisor.txt", PYTHON, progress=lambda _line: None
    )
    places = Places(f"{home}/{name}", str(shared), PYTHON, PACKAGE)
    os.mkdir(places.state)
    os.chmod(places.state, 0o755)
    machine = replace(read_machine(), ram_mib=1024)
    stack = stack_of(name, text, machine, catalogue)
    secrets = Secrets(f"{places.state}/secrets.json")
    secrets.ensure([found for part in stack.parts.values() for found in catalogue[part.component].secrets])
    # Below the ports that the kernel gives to clients, and not where a stack beside this test looks first.
    first = random.randrange(12_000, 30_000)
    choices = choose(
        stack, catalogue, machine, Choices(), lambda port: port >= first and can_bind(port), lambda _port: ""
    )
    runtime = HostRuntime(name, places, machine, secrets, secrets.fill, SystemClock())
    running = Components(stack, machine, places, secrets, runtime, choices, tuple(only), catalogue)
    try:
        running.apply()
        yield running
    finally:
        supervisor = Path(f"{places.state}/supervisor/supervisord.pid")
        pid = int(supervisor.read_text()) if supervisor.exists() else 0
        running.apply(p.Desired())
        runtime.shut_down()
        runtime.forget()
        assert not pid or not alive(pid)
