"""What must be chosen anew where a stack is rebuilt on another system. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from founderstack.model.component import Component
from founderstack.model.plan import Plan
from founderstack.model.process import Desired
from founderstack.model.stack import Choices, Machine


def moved(choices: Choices, components: Mapping[str, Component], machine: Machine) -> Choices:
    """The choices without those that this machine's system cannot keep: components and versions that it has not."""
    kept = {
        role: name
        for role, name in choices.components.items()
        if name in components and (not components[name].systems or machine.os in components[name].systems)
    }
    versions = {
        name: components[name].versions.get(machine.os, version)
        if name in components and components[name].versions
        else version
        for name, version in choices.versions.items()
    }
    return replace(choices, components=kept, versions=versions)


def only(plan: Plan, desired: Desired, names: Iterable[str]) -> Plan:
    """The steps of a plan that bring up these processes and tasks, with all that they need."""
    wanted: set[str] = set()
    open_ = list(names)
    while open_:
        name = open_.pop()
        if name in wanted:
            continue
        wanted.add(name)
        made = desired.processes.get(name) or desired.tasks.get(name)
        open_ += made.needs if made else ()
    return Plan(tuple(step for step in plan.steps if step.target in wanted and step.verb != "stop"))
