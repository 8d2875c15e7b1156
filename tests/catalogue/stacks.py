"""Every component at least once: the stacks that the catalogue's promises are checked on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from founderstack.catalogue import COMPONENTS
from founderstack.model.component import Component
from founderstack.model.process import Desired
from founderstack.operations.stack.prepare import prepare
from founderstack.planner.stack.resolve import Resolved
from founderstack.testing.world import DEBIAN_12, FakeSource, FakeWorld

_PORT_APP = '[app]\nstart = "python3 server.py"\nmigrate = "python3 migrate.py"\nreplicas = 3\n'


@dataclass(frozen=True)
class Case:
    """A stack file on a machine."""

    name: str
    text: str = ""
    os: str = "debian:12"
    files: tuple[str, ...] = ("package.json",)
    root: bool = True

    def resolved(self) -> Resolved:
        """What the stack comes to on a fresh machine."""
        machine = replace(DEBIAN_12, os=self.os, root=self.root, user="root" if self.root else "ana")
        world = FakeWorld(machine=machine, source=FakeSource(*self.files) if self.files else None)
        return prepare(world.site(f'name = "diary"\n{self.text}')).resolved

    def desired(self) -> Desired:
        """Its processes, tasks and rings."""
        return self.resolved().desired


def _alone(component: Component) -> Case:
    """The component where a stack file asks for it by name, on a system that has it."""
    table = f"[{component.role}.first]" if component.several else f"[{component.role}]"
    use = f'{table}\nuse = "{component.name}"\n' if component.table else ""
    return Case(component.name, use, os=component.systems[0] if component.systems else "debian:12")


CASES = (
    *(_alone(component) for component in COMPONENTS.values()),
    Case("domain", 'domain = "diary.example.com"\n'),
    Case("app-by-port", _PORT_APP, files=("server.py",)),
    Case("small", '[cache]\nuse = "none"\n[database-admin]\nuse = "none"\n', files=()),
    Case("not-root", root=False),
)
