"""A stack and its components made concrete: every process, task and ring that shall be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from founderstack.model.component import Component, Credential, View
from founderstack.model.process import Around, Desired, Process, Task
from founderstack.model.stack import Choices, Machine, Places, Release, Role, Stack
from founderstack.model.words import AroundRestart
from founderstack.planner.stack.board import WordBoard


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
    views: Mapping[str, View]
    """Part → what its component knows."""
    components: Mapping[str, Component]
    """Part → its component."""

    @property
    def ram_mib(self) -> int:
        """Memory that everything needs at rest."""
        copies = Counter(process.component for process in self.desired.processes.values())
        return sum(component.ram_mib * copies[self.views[key].name] for key, component in self.components.items())


def resolve(stack: Stack, components: Mapping[str, Component], facts: Facts) -> Resolved:
    """Everything that shall run for `stack`; the same answer for the same arguments."""
    views, chosen = views_of(stack, components, facts), _chosen(stack, components)
    first = tuple(task.name for task in facts.foundation)
    processes = [
        replace(process, needs=(*first, *process.needs), around=_around(views[key]))
        for key, component in chosen.items()
        for process in _with_credentials(component.processes(views[key]), component.credentials(views[key]))
    ]
    tasks = [*facts.foundation, *(task for key, component in chosen.items() for task in component.tasks(views[key]))]
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
            credential for key, component in chosen.items() for credential in component.credentials(views[key])
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


def _around(view: View) -> tuple[Around, ...]:
    """What others do around a restart of this part."""
    return tuple(word.around for word in view.all(AroundRestart) if word.role == view.part.role)


def views_of(stack: Stack, components: Mapping[str, Component], facts: Facts) -> Mapping[str, View]:
    """Part → what its component knows, all with one board on which they tell each other what they are."""
    chosen, board = _chosen(stack, components), WordBoard()
    providers: dict[Role, str] = {}
    for part in stack.parts.values():
        providers.setdefault(part.role, part.name)
    views = {
        key: View(
            stack=stack,
            machine=facts.machine,
            places=facts.places,
            choices=facts.choices,
            part=part,
            board=board,
            release=facts.release,
            app_files=facts.app_files,
            secret_digests=facts.secret_digests,
            providers=providers,
            waits={part.name: chosen[key].ready(part.name) for key, part in stack.parts.items()},
        )
        for key, part in stack.parts.items()
    }
    board.hang({view.name: (chosen[key], view) for key, view in views.items()})
    return views


def _chosen(stack: Stack, components: Mapping[str, Component]) -> Mapping[str, Component]:
    return {key: components[part.component] for key, part in stack.parts.items()}
