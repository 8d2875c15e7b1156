"""Stop a stack, keeping its data; or remove it altogether."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from founderstack.model.process import Desired, State
from founderstack.model.protocols import Emit
from founderstack.operations.stack.converge import converge
from founderstack.operations.stack.site import Site
from founderstack.planner.stack.diff import diff


def down(site: Site, emit: Emit) -> int:
    """Stop every process and the supervisor; returns how many were stopped. Data, releases and secrets stay."""
    with site.lock("down"):
        return _stop_all(site, emit)


def destroy(site: Site, emit: Emit, keep: Callable[[], None] = lambda: None) -> None:
    """Stop everything and remove the stack's state, data and system users. The stack file stays.

    `keep` brings away what shall be left of the state; where it raises, nothing is removed.
    """
    with site.lock("destroy"):
        _stop_all(site, emit)
        keep()
        # The data before its owners: a number that is free again may be given to somebody else's user.
        site.disk.remove(site.places.state)
        site.runtime.forget()


def _stop_all(site: Site, emit: Emit) -> int:
    site.changed()
    actual = site.runtime.observe()
    # Nobody is served while everything stops, so no ring needs to drain.
    alone = {name: replace(instance, ring="") for name, instance in actual.processes.items()}
    plan = diff(State(), replace(actual, processes=alone), {})
    converge(plan, Desired(), site.runtime, site.clock, emit)
    site.runtime.shut_down()
    return len(plan.steps)
