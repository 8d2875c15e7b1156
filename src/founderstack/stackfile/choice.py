"""Which component fills a role: the one that the file names, that was chosen before, or that this machine can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from founderstack.locale import _
from founderstack.model.component import Component
from founderstack.model.stack import Choices, Machine, Role
from founderstack.stackfile.keys import NONE, USE
from founderstack.stackfile.report import Report
from founderstack.stackfile.values import nearest, shown

if TYPE_CHECKING:
    from founderstack.stackfile.lines import Path


@dataclass(frozen=True)
class Case:
    """What a stack file is checked against."""

    components: Mapping[str, Component]
    machine: Machine
    choices: Choices
    report: Report
    roles: Mapping[Role, Component]
    """Role → a component whose word about the role counts."""
    tables: Mapping[Role, Component]
    """Those that have a table."""

    def of_role(self, role: Role) -> dict[str, Component]:
        return {name: component for name, component in self.components.items() if component.role == role}

    def available(self, role: Role) -> list[str]:
        """Components of the role whose packages exist on this machine, the preferred one first."""
        return [name for name, component in self.of_role(role).items() if _runs_on(component, self.machine)]


def default_component(path: Path, case: Case) -> str:
    """The component that was chosen before, else the first that this machine can have."""
    role, place = path[0], ".".join(path)
    available = case.available(role)
    chosen = case.choices.components.get(place, "")
    if chosen in available:
        return chosen
    if chosen:
        what = _("{component} cannot fill the role {role}").format(component=shown(chosen), role=role)
        why = _("founder.lock chose it before, and it is not available on {os}").format(os=case.machine.os)
        case.report.add(path, what, why, _fix_of_use(path, available, case))
        return ""
    if not available:
        what = _("nothing fills the role {role}").format(role=role)
        why = _("No component of that role is available on {os}").format(os=case.machine.os)
        case.report.add(path, what, why, _fix_of_use(path, available, case))
        return ""
    return available[0]


def used_component(path: Path, name: object, case: Case) -> str:
    """The component that the file names, or "" after a problem was reported."""
    role, place = path[0], ".".join(path)
    if not isinstance(name, str):
        _report_use(path, case, _("`use` in [{role}] is not a text").format(role=place), _("It names a component"))
        return ""
    component = case.components.get(name)
    if component is None and name == NONE:
        what = _("[{role}] cannot be left out").format(role=place)
        _report_use(path, case, what, _("Every stack needs this role"))
    elif component is None:
        what = _("the component {component} is not known").format(component=shown(name))
        _report_use(path, case, what, _("No component of this version of founder has that name"), name)
    elif component.role != role:
        what = _("{component} cannot fill the role {role}").format(component=name, role=role)
        _report_use(path, case, what, _("Its role is {role}").format(role=component.role), name)
    elif not _runs_on(component, case.machine):
        what = _("{component} is not available on {os}").format(component=name, os=case.machine.os)
        why = _("Its packages exist on {systems} only").format(systems=", ".join(component.systems))
        _report_use(path, case, what, why)
    else:
        return name
    return ""


def _report_use(path: Path, case: Case, what: str, why: str, written: str = "") -> None:
    available = case.available(path[0])
    meant = nearest(written, available)
    case.report.add((*path, USE), what, why, _fix_of_use(path, [meant] if meant else available, case))


def _fix_of_use(path: Path, names: list[str], case: Case) -> str:
    """The lines of which one cures a wrong component."""
    role = ".".join(path)
    possible = [*names, NONE] if case.roles[path[0]].optional and len(names) != 1 else names
    if not possible:
        return _("Run the stack on Debian or Ubuntu in a version that founder supports")
    if len(possible) == 1:
        return _("Write `{line}` below `[{role}]`").format(line=f'{USE} = "{possible[0]}"', role=role)
    lines = ", ".join(f'`{USE} = "{name}"`' for name in possible)
    return _("Write one of these below `[{role}]`: {lines}").format(role=role, lines=lines)


def _runs_on(component: Component, machine: Machine) -> bool:
    return not component.systems or machine.os in component.systems
