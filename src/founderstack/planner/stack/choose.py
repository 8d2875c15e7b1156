"""What the founder left open, chosen once: components, versions and ports for founder.lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from founderstack.locale import _
from founderstack.model.component import Component, Port
from founderstack.model.errors import EXIT_PRECONDITION, StackError, StackErrors
from founderstack.model.stack import Choices, Machine, Part, Stack

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
    app_files: frozenset[str] = frozenset(),
) -> Choices:
    """`before` with all that is still open decided; what was chosen stays. Raises StackErrors for taken ports."""
    parts = {key: part.component for key, part in stack.parts.items()}
    chosen = [components[name] for name in parts.values()]
    versions = dict(before.versions)
    for component in chosen:
        if component.versions:
            versions.setdefault(component.name, component.versions[machine.os])
    return replace(
        before,
        components={**before.components, **parts},
        versions=versions,
        ports=_ports(stack, _needed(stack, components, app_files), before.ports, usable, holder),
    )


def _needed(
    stack: Stack, components: Mapping[str, Component], app_files: frozenset[str]
) -> Mapping[str, tuple[Part, Port]]:
    """`part.port` → the port that it needs."""
    return {
        f"{part.name}.{port.name}": (part, port)
        for part in stack.parts.values()
        for port in components[part.component].ports
        if port.needed(part.settings, app_files)
    }


def _ports(
    stack: Stack, needed: Mapping[str, tuple[Part, Port]], before: Mapping[str, int], usable: Usable, holder: Holder
) -> Mapping[str, int]:
    asked = {key: (port, _decided(stack, part, port, before.get(key, 0))) for key, (part, port) in needed.items()}
    # A port that this stack's own process holds already is usable to it.
    problems = [
        _taken(stack, key, number, holder, by_setting=number != before.get(key))
        for key, (_port, number) in asked.items()
        if number and not usable(number)
    ]
    if problems:
        raise StackErrors(problems)
    taken = {number + offset for port, number in asked.values() if number for offset in range(port.row)}
    ports: dict[str, int] = {}
    for key, (port, decided) in asked.items():
        ports[key] = decided or _first_free(port, key, lambda number: usable(number) and number not in taken)
        taken.update(range(ports[key], ports[key] + port.row))
    return ports


def _decided(stack: Stack, part: Part, port: Port, before: int) -> int:
    """The number that the stack file fixes or that was chosen before; 0 where it is still open.

    Under a domain the gateway answers where browsers look: what a laptop fell back to counts no longer.
    """
    fixed = int(getattr(part.settings, port.setting, 0)) if port.setting else 0
    if port.public and port.fallback and stack.domain:
        return fixed or port.default
    return fixed or before


def _first_free(port: Port, key: str, free: Callable[[int], bool]) -> int:
    """The default where it is free, else the first free row of ports from the fallback on."""
    starts: list[int] = [port.default, *range(port.fallback or port.default + 1, LAST_PORT - port.row + 2)]
    for start in starts:
        if all(free(start + offset) for offset in range(port.row)):
            return start
    raise StackError(
        _("No port is free for {key}").format(key=key),
        _("Every port from {first} on is taken or may not be used.").format(first=port.default),
        _("Stop programs that listen on ports you do not need."),
        exit_code=EXIT_PRECONDITION,
    )


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
