"""A stack and its components made concrete: every process, task and ring that shall be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from founderstack.model.component import Component, Credential, View
from founderstack.model.process import Desired, Process, Task
from founderstack.model.stack import Choices, Machine, Places, Release, Role, Stack


@dataclass(frozen=True)
class Facts:
    """What a stack is resolved against."""

    machine: Machine
    places: Places
    choices: Choices
    release: Release | None = None
    app_files: frozenset[str] = frozenset()
    secret_digests: Mapping[str, str] = field(default_factory=dict)
    foundation: tuple[Task, ...] = ()
    """What the runtime itself needs before any process can run."""


@dataclass(frozen=True)
class Resolved:
    """What a stack comes to."""

    desired: Desired
    secrets: tuple[str, ...]
    """Names of all secrets that it needs."""
    credentials: tuple[Credential, ...]
    views: Mapping[Role, View]
    components: Mapping[Role, Component]

    @property
    def ram_mib(self) -> int:
        """Memory that everything needs at rest."""
        copies = dict.fromkeys((component.name for component in self.components.values()), 0)
        for process in self.desired.processes.values():
            copies[process.component] += 1
        return sum(component.ram_mib * copies[component.name] for component in self.components.values())


def resolve(stack: Stack, components: Mapping[str, Component], facts: Facts) -> Resolved:
    """Everything that shall run for `stack`; the same answer for the same arguments."""
    chosen = {role: components[part.component] for role, part in stack.parts.items()}
    views = _views(stack, chosen, facts)
    first = tuple(task.name for task in facts.foundation)
    processes = [
        replace(process, needs=(*first, *process.needs))
        for role, component in chosen.items()
        for process in _with_credentials(component.processes(views[role]), component.credentials(views[role]))
    ]
    tasks = [*facts.foundation, *(task for role, component in chosen.items() for task in component.tasks(views[role]))]
    rings: dict[str, tuple[str, ...]] = {}
    for process in processes:
        if process.ring:
            rings[process.ring] = (*rings.get(process.ring, ()), process.name)
    return Resolved(
        desired=Desired(
            processes={process.name: process for process in processes},
            tasks={task.name: task for task in tasks},
            rings=rings,
        ),
        secrets=tuple(dict.fromkeys(name for component in chosen.values() for name in component.secrets)),
        credentials=tuple(
            credential for role, component in chosen.items() for credential in component.credentials(views[role])
        ),
        views=views,
        components=chosen,
    )


def _with_credentials(processes: tuple[Process, ...], offered: tuple[Credential, ...]) -> tuple[Process, ...]:
    """The processes of a component, the first one's card with its sign-ins."""
    if not processes or not offered:
        return processes
    first = processes[0]
    return (replace(first, card=replace(first.card, credentials=offered)), *processes[1:])


def view_of(stack: Stack, components: Mapping[str, Component], facts: Facts, role: Role) -> View:
    """What the component of one role knows, for questions that come before resolving."""
    chosen = {part_role: components[part.component] for part_role, part in stack.parts.items()}
    return _views(stack, chosen, facts)[role]


def _views(stack: Stack, chosen: Mapping[Role, Component], facts: Facts) -> Mapping[Role, View]:
    """One view a role: first what stands by itself, then what the others offer and serve."""
    bare = {
        role: View(
            stack=stack,
            machine=facts.machine,
            places=facts.places,
            choices=facts.choices,
            settings=stack.parts[role].settings,
            release=facts.release,
            app_files=facts.app_files,
            secret_digests=facts.secret_digests,
            providers={role: component.name for role, component in chosen.items()},
            waits={role: component.ready_after for role, component in chosen.items()},
        )
        for role in chosen
    }
    offers: dict[str, str] = {}
    for role, component in chosen.items():
        offers.update(component.offers(bare[role]))
    routes = tuple(route for role, component in chosen.items() for route in component.routes(bare[role]))
    rings = tuple(ring for role, component in chosen.items() for ring in component.rings(bare[role]))
    known: dict[str, Any] = {"offers": offers, "routes": routes, "rings": rings}
    for name in ("database", "key_value", "archive", "relays", "limits"):
        told = (getattr(component, name)(bare[role]) for role, component in chosen.items())
        if found := next(filter(None, told), None):
            known[name] = found
    return {role: replace(view, **known) for role, view in bare.items()}
