"""Steps in an order that respects what each needs, otherwise as they were given."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from founderstack.model.plan import Step


def ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The same steps, each after all that it needs; raises ValueError where they wait for each other."""
    by_id = {step.id: step for step in steps}
    graph = {step.id: [need for need in step.needs if need in by_id] for step in by_id.values()}
    try:
        return tuple(by_id[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        raise ValueError(f"steps wait for each other: {' → '.join(cycle.args[1])}") from cycle
