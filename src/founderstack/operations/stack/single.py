"""Stop, start and restart single services as they were applied: nothing is planned, nothing of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from founderstack.locale import _
from founderstack.model.plan import Step, Verb
from founderstack.model.process import Instance
from founderstack.model.protocols import Emit
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.planner.stack.order import ordered


def stop(site: Site, names: Sequence[str], emit: Emit) -> None:
    """Stop these on purpose; each stays stopped until `start`, `up` or a restart of the machine. Safe to call twice."""
    with site.lock("stop"):
        site.changed()
        _each(site, _stops(site.runtime.observe().processes, names), site.runtime.pause, emit)


def start(site: Site, names: Sequence[str], emit: Emit) -> None:
    """Start these as they were applied, and return when each is ready. Safe to call twice."""
    with site.lock("start"):
        site.changed()
        _each(site, _starts(site.runtime.observe().processes, names, "start"), site.runtime.resume, emit)


def restart(site: Site, names: Sequence[str], emit: Emit) -> None:
    """Stop and start each as it was applied, one after the other."""
    with site.lock("restart"):
        _each(site, _starts(site.runtime.observe().processes, names, "restart"), site.runtime.restart, emit)


def who_needs(processes: Mapping[str, Instance], names: Iterable[str]) -> tuple[str, ...]:
    """Names of the running processes, beside these, that cannot do without them."""
    going = set(names)
    while True:
        more = {name for name, one in processes.items() if one.up and going & set(one.needs)} - going
        if not more:
            return tuple(sorted(going - set(names)))
        going |= more


def _stops(processes: Mapping[str, Instance], names: Sequence[str]) -> tuple[Step, ...]:
    """Whoever needs another of them goes first."""

    def before(name: str) -> tuple[str, ...]:
        return tuple(f"stop:{other}" for other in names if name in processes[other].needs)

    return _steps(processes, names, "stop", before)


def _starts(processes: Mapping[str, Instance], names: Sequence[str], verb: Verb) -> tuple[Step, ...]:
    """Whoever is needed by another of them comes first."""

    def before(name: str) -> tuple[str, ...]:
        return tuple(f"{verb}:{other}" for other in names if other in processes[name].needs)

    return _steps(processes, names, verb, before)


def _steps(
    processes: Mapping[str, Instance], names: Sequence[str], verb: Verb, before: Callable[[str], tuple[str, ...]]
) -> tuple[Step, ...]:
    why = _("you asked for it")
    return ordered(Step(verb, name, why, before(name), identity=processes[name].identity) for name in names)


def _each(site: Site, steps: Sequence[Step], act: Callable[[str], None], emit: Emit) -> None:
    for step in steps:
        with reporting(step.id, noted(site.history, emit), site.clock, step.family_id):
            act(step.target)
