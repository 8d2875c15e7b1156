"""The smallest set of steps from what is to what shall be, each with its reason and its risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from founderstack.locale import _
from founderstack.model.identity import Identity
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Instance, State
from founderstack.planner.stack.order import ordered


def diff(
    wanted: State,
    actual: State,
    task_needs: Mapping[str, tuple[str, ...]],
    tasks: Mapping[str, Identity] = MappingProxyType({}),
) -> Plan:
    """The plan that turns `actual` into `wanted`; empty when they agree.

    `task_needs` names what each wanted task needs, `tasks` says who it is beside its name. Tasks that are no longer
    wanted are forgotten without a step.
    """
    steps = [
        *_tasks(wanted, actual, task_needs),
        *_processes(wanted, actual),
        *_rings(wanted, actual),
        *_stops(wanted, actual),
    ]
    known = [_identified(step, wanted, actual, tasks) for step in steps]
    return Plan(ordered(_with_needs(known, wanted, actual, task_needs)))


def _tasks(wanted: State, actual: State, needs: Mapping[str, tuple[str, ...]]) -> Iterator[Step]:
    for name, inputs in wanted.tasks.items():
        done = actual.tasks.get(name)
        if done is None:
            yield Step("do", name, _("not done yet"))
        elif done != inputs:
            yield Step("do", name, _("what it depends on changed"))


def _processes(wanted: State, actual: State) -> Iterator[Step]:
    for name, instance in wanted.processes.items():
        running = actual.processes.get(name)
        if running is None:
            reason = _("it is not running") if _was_there(instance, wanted, actual) else _("it is not there yet")
            yield Step("start", name, reason)
            continue
        changed = _changed(instance.parts, running.parts)
        if not running.up:
            yield Step("start", name, _("it is not running"))
        elif any(_needs_restart(part, instance) for part in changed):
            yield Step("restart", name, _changes(changed), risk="interruption" if instance.interrupts else "none")
        elif changed:
            yield Step("reload", name, _changes(changed))
        elif renewed := [task for task in instance.follows if actual.tasks.get(task) != wanted.tasks.get(task)]:
            yield Step("reload", name, _("made again: {tasks}").format(tasks=", ".join(renewed)))


def _was_there(instance: Instance, wanted: State, actual: State) -> bool:
    """Whether everything is made that it needs, and nothing runs of what it is: as `down` leaves a stack."""
    made = [task for task in instance.needs if task in wanted.tasks]
    alike = any(other.ring == instance.ring for other in actual.processes.values()) if instance.ring else False
    return bool(made) and not alike and all(actual.tasks.get(task) == wanted.tasks[task] for task in made)


def _needs_restart(part: str, instance: Instance) -> bool:
    """A description is only told to the agent; files can be read again by those that know how."""
    return part != "description" and not (instance.reloads and part.startswith("file:"))


def _changed(wanted: Mapping[str, str], actual: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in dict.fromkeys((*wanted, *actual)) if wanted.get(part) != actual.get(part))


def _changes(changed: tuple[str, ...]) -> str:
    names = {"command": _("its command"), "environment": _("its environment"), "description": _("its description")}
    told = [names.get(part, part.removeprefix("file:")) for part in changed]
    return _("changed: {parts}").format(parts=", ".join(told))


def _rings(wanted: State, actual: State) -> Iterator[Step]:
    for ring, members in wanted.rings.items():
        if actual.rings.get(ring) != members:
            told = ", ".join(wanted.processes[name].identity.instance or name for name in members)
            yield Step("switch", ring, _("requests go to {members}").format(members=told))


def _stops(wanted: State, actual: State) -> Iterator[Step]:
    for name, instance in actual.processes.items():
        if name in wanted.processes:
            continue
        if instance.ring and instance.ring in wanted.rings:
            yield Step("stop", name, _("it was replaced"))
        else:
            yield Step("stop", name, _("it is no longer wanted"), risk="interruption" if instance.up else "none")


def _identified(step: Step, wanted: State, actual: State, tasks: Mapping[str, Identity]) -> Step:
    """The step with what its target is beside its name; of a ring there is nothing else."""
    if step.verb == "switch":
        return step
    if step.verb == "do":
        return replace(step, identity=tasks.get(step.target, step.identity))
    return replace(step, identity=(actual if step.verb == "stop" else wanted).processes[step.target].identity)


def _with_needs(
    steps: list[Step], wanted: State, actual: State, task_needs: Mapping[str, tuple[str, ...]]
) -> list[Step]:
    """Every step with the ids of the steps that must come before it."""
    by_target: dict[str, list[Step]] = {}
    for step in steps:
        by_target.setdefault(step.target, []).append(step)
    rings_of_replaced = {name: instance.ring for name, instance in actual.processes.items()}

    def before(step: Step) -> Iterator[str]:
        for target in _needed_targets(step, wanted, actual, task_needs):
            yield from (
                other.id for other in by_target.get(target, ()) if (other.verb == "stop") == (step.verb == "stop")
            )
        if step.verb == "stop":
            ring = rings_of_replaced.get(step.target, "")
            yield from (other.id for other in steps if other.verb == "switch" and other.target == ring)
        elif step.verb in ("start", "restart"):
            # A new part may take over the folder or the port of one that leaves.
            yield from (other.id for other in steps if _leaves_first(other, wanted, rings_of_replaced))

    return [replace(step, needs=tuple(dict.fromkeys(before(step)))) for step in steps]


def _leaves_first(step: Step, wanted: State, rings: Mapping[str, str]) -> bool:
    return step.verb == "stop" and not (rings.get(step.target) and rings[step.target] in wanted.rings)


def _needed_targets(
    step: Step, wanted: State, actual: State, task_needs: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    if step.verb == "do":
        return task_needs.get(step.target, ())
    if step.verb == "switch":
        return wanted.rings[step.target]
    if step.verb == "stop":
        return _dependents(step.target, wanted, actual)
    return wanted.processes[step.target].needs


def _dependents(name: str, wanted: State, actual: State) -> tuple[str, ...]:
    """What must be stopped before `name`: what needs it, so that it can end in peace.

    Not the instances of a ring: they go on serving until others have taken their place, which may need what comes
    instead of `name`.
    """
    return tuple(
        other
        for other, instance in actual.processes.items()
        if name in instance.needs and instance.ring not in wanted.rings
    )
