"""What the founder left open, chosen once: components, versions and ports for founder.lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from founderstack.locale import _
from founderstack.model.component import Component, Port
from founderstack.model.errors import EXIT_PRECONDITION, StackError, StackErrors
from founderstack.model.stack import Choices, Machine, Stack

LAST_PORT = 65535

Usable = Callable[[int], bool]
"""True where this stack may bind the port and nobody else holds it or has it in a stack of theirs."""
Holder = Callable[[int], str]
"""Who holds a port, for the error: `pid 812 (nginx)`."""


def choose(
    stack: Stack,
    components: Mapping[str, Component],
    machine: Machine,
    before: Choices,
    usable: Usable,
    holder: Holder,
) -> Choices:
    """`before` with all that is still open decided; what was chosen stays. Raises StackErrors for taken ports."""
    parts = {role: part.component for role, part in stack.parts.items()}
    chosen = [components[name] for name in parts.values()]
    versions = dict(before.versions)
    for component in chosen:
        if component.versions:
            versions.setdefault(component.name, component.versions[machine.os])
    return replace(
        before,
        components={**before.components, **{str(role): name for role, name in parts.items()}},
        versions=versions,
        ports=_ports(stack, chosen, before.ports, usable, holder),
    )


def _ports(
    stack: Stack, chosen: list[Component], before: Mapping[str, int], usable: Usable, holder: Holder
) -> Mapping[str, int]:
    ports: dict[str, int] = {}
    problems: list[StackError] = []
    for component in chosen:
        settings = stack.parts[component.role].settings
        for port in component.ports:
            key = f"{component.name}.{port.name}"
            fixed = int(getattr(settings, port.setting, 0)) if port.setting else 0
            kept = before.get(key, 0)
            free = _free(usable, ports)
            if fixed or kept:
                # A port that this stack's own process holds already is usable to it.
                if not usable(fixed or kept):
                    problems.append(_taken(stack, key, fixed or kept, holder, by_setting=bool(fixed)))
                ports[key] = fixed or kept
            elif port.public and stack.domain and port.fallback and not usable(port.default):
                problems.append(_taken(stack, key, port.default, holder, by_setting=False))
                ports[key] = port.default
            else:
                ports[key] = _first_usable(port, free)
    if problems:
        raise StackErrors(problems)
    return ports


def _free(usable: Usable, chosen: Mapping[str, int]) -> Usable:
    """Usable, and not chosen for another part of this very stack."""
    taken = frozenset(chosen.values())
    return lambda number: usable(number) and number not in taken


def _first_usable(port: Port, usable: Usable) -> int:
    """The default where it is usable, else the first free row of ports from the fallback on."""
    starts: list[int] = [port.default, *range(port.fallback or port.default + 1, LAST_PORT - port.row)]
    return next(start for start in starts if all(usable(start + offset) for offset in range(port.row)))


def _taken(stack: Stack, key: str, number: int, holder: Holder, *, by_setting: bool) -> StackError:
    fix = (
        _("Stop that program, or give another port in {file}.").format(file=stack.file)
        if by_setting or stack.domain
        else _("Stop that program, or take the line “{key}” out of founder.lock to choose another port.").format(
            key=key
        )
    )
    return StackError(
        _("Port {port} for {key} is taken").format(port=number, key=key),
        _("{holder} listens on it.").format(holder=holder(number)),
        fix,
        exit_code=EXIT_PRECONDITION,
    )
