"""The stack file's values → a Stack that the planner may trust, or every problem in it at once."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.model.component import Component
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.settings import SettingField, fields_of
from founderstack.model.stack import FOLLOWS, FORMAT, ON_REQUEST, OPTIONAL_ROLES, Choices, Machine, Part, Role, Stack
from founderstack.stackfile.combinations import check_combinations
from founderstack.stackfile.keys import NONE, RESERVED_NAMES, TABLES, TOOLS, USE, StackSettings, form_of, slug
from founderstack.stackfile.outside import outside_tools
from founderstack.stackfile.read import Document, read
from founderstack.stackfile.report import Report
from founderstack.stackfile.values import Fault, fault_of, nearest, shown, taken, toml

if TYPE_CHECKING:
    from founderstack.stackfile.lines import Path

_TOP = {field.name: field for field in fields_of(StackSettings)}


@dataclass(frozen=True)
class _Case:
    """What a stack file is checked against."""

    components: Mapping[str, Component]
    machine: Machine
    choices: Choices
    report: Report

    def of_role(self, role: Role) -> dict[str, Component]:
        return {name: component for name, component in self.components.items() if component.role == role}

    def available(self, role: Role) -> list[str]:
        """Components of the role whose packages exist on this machine, the preferred one first."""
        return [name for name, component in self.of_role(role).items() if _runs_on(component, self.machine)]


def check(
    content: bytes,
    *,
    file: str,
    folder: str,
    components: Mapping[str, Component],
    machine: Machine,
    choices: Choices,
    folder_exists: Callable[[str], bool],
) -> Stack:
    """The stack that `content` describes; raises StackError with every problem, each with its line.

    `file` and `folder` are absolute. `folder_exists` is asked about absolute paths. An empty file is a valid stack.
    """
    document = read(content, posixpath.basename(file))
    _refuse_newer_format(document)
    case = _Case(components, machine, choices, Report(document))
    _check_top_keys(document.values, case)
    top = _settings(StackSettings, (), {key: document.values[key] for key in _TOP if key in document.values}, case)
    _check_name(top.name, case.report)
    tables = {role: document.values[role] for role in TABLES if role in document.values}
    parts: dict[Role, Part] = {}
    empty: set[Role] = set()
    for role in TABLES:
        if _is_left_out(role, tables, case, folder, folder_exists) or (
            role not in tables and FOLLOWS.get(role) in empty
        ):
            empty.add(role)
        elif part := _part(role, tables.get(role, {}), case):
            parts[role] = part
    check_combinations(parts, empty, components, case.report, lambda path: folder_exists(_absolute(folder, path)))
    tools = outside_tools(document.values.get(TOOLS, {}), case.report)
    case.report.raise_if_any()
    name = top.name or slug(posixpath.basename(folder.rstrip("/")))
    return Stack(name, file, folder, parts, top.domain, top.language, top.admin_email, tools)


def _refuse_newer_format(document: Document) -> None:
    written = document.values.get("format")
    if type(written) is not int or written <= FORMAT:
        return
    raise StackError(
        f"{document.label}:{document.lines()[('format',)]}: " + _("the format of the file is not known"),
        _("The file was made by a newer version of founder; this one knows format {known}").format(known=FORMAT),
        _("Upgrade founder, or go back to the version of the file that this founder made"),
        exit_code=EXIT_PRECONDITION,
    )


def _check_top_keys(values: Mapping[str, Any], case: _Case) -> None:
    for role in TABLES:
        if role in values and not isinstance(values[role], dict):
            _report_not_a_table(role, values[role], case)
    for key, value in values.items():
        if key not in TABLES and key not in _TOP and key != TOOLS:
            what = _("the table [{key}] is not known") if isinstance(value, dict) else _("the key {key} is not known")
            why = _("A stack file has its own keys at the top and one table for each role")
            case.report.add((key,), what.format(key=shown(key)), why, _fix_of_top_key(key, value, case))


def _report_not_a_table(role: Role, value: object, case: _Case) -> None:
    possible = [*case.available(role), NONE]
    meant = (isinstance(value, str) and nearest(value, possible)) or possible[0]
    fix = _("Write `[{role}]` on a line of its own and `{line}` below it")
    if isinstance(value, list):
        fix = _("Write `[{role}]` with single brackets, once")
    case.report.add(
        (role,),
        _("{role} is not a table").format(role=role),
        _("Each role has one table, which names the component and holds its settings"),
        fix.format(role=role, line=f'{USE} = "{meant}"'),
    )


def _fix_of_top_key(key: str, value: object, case: _Case) -> str:
    if component := case.components.get(key):
        fix = _("Write `[{role}]` on a line of its own and `{line}` below it")
        return fix.format(role=component.role, line=f'{USE} = "{component.name}"')
    if not isinstance(value, dict) and (role := _role_with(key, case)):
        return _("Move it below `[{role}]`").format(role=role)
    if meant := nearest(key, [*_TOP, *TABLES]):
        return _("Did you mean `{key}`?").format(key=f"[{meant}]" if meant in TABLES else meant)
    if isinstance(value, dict):
        return _("The tables are {names}").format(names=", ".join(f"[{role}]" for role in TABLES))
    return _("The keys at the top are {names}").format(names=", ".join(_TOP))


def _role_with(key: str, case: _Case) -> Role | None:
    """The first role, in the order of the tables, with a component that has a setting of that name."""
    for role in TABLES:
        for component in case.of_role(role).values():
            if key == USE or any(key == field.name for field in fields_of(component.settings)):
                return role
    return None


def _check_name(name: str, report: Report) -> None:
    if name in RESERVED_NAMES:
        why = _("founder keeps what all stacks of a machine share under that name")
        report.add(("name",), _("the name {name} is taken").format(name=name), why, _("Choose another name"))


def _is_left_out(
    role: Role, tables: Mapping[Role, Any], case: _Case, folder: str, folder_exists: Callable[[str], bool]
) -> bool:
    """True for a role that shall stay empty: by `use = "none"`, an app that nobody has begun, or for want of any."""
    if role in tables:
        return isinstance(tables[role], dict) and tables[role].get(USE) == NONE and role in OPTIONAL_ROLES
    if role == "app":
        return not folder_exists(_absolute(folder, "app"))
    return role in ON_REQUEST or (role in OPTIONAL_ROLES and not case.of_role(role))


def _part(role: Role, table: Any, case: _Case) -> Part | None:
    """The role's component with its settings, or None after a problem was reported."""
    if not isinstance(table, dict):
        return None
    name = _used(role, table[USE], case) if USE in table else _default(role, case)
    if not name:
        return None
    component = case.components[name]
    settings = _settings(component.settings, (role,), {key: table[key] for key in table if key != USE}, case)
    return Part(role, name, settings)


def _default(role: Role, case: _Case) -> str:
    """The component that was chosen before, else the first that this machine can have."""
    available = case.available(role)
    chosen = case.choices.components.get(role, "")
    if chosen in available:
        return chosen
    if chosen:
        what = _("{component} cannot fill the role {role}").format(component=shown(chosen), role=role)
        why = _("founder.lock chose it before, and it is not available on {os}").format(os=case.machine.os)
        case.report.add((role,), what, why, _fix_of_use(role, available))
        return ""
    if not available:
        what = _("nothing fills the role {role}").format(role=role)
        why = _("No component of that role is available on {os}").format(os=case.machine.os)
        case.report.add((role,), what, why, _fix_of_use(role, available))
        return ""
    return available[0]


def _used(role: Role, name: object, case: _Case) -> str:
    """The component that the file names, or "" after a problem was reported."""
    if not isinstance(name, str):
        _report_use(role, case, _("`use` in [{role}] is not a text").format(role=role), _("It names a component"))
        return ""
    component = case.components.get(name)
    if component is None and name == NONE:
        what = _("[{role}] cannot be left out").format(role=role)
        _report_use(role, case, what, _("Every stack needs this role"))
    elif component is None:
        what = _("the component {component} is not known").format(component=shown(name))
        _report_use(role, case, what, _("No component of this version of founder has that name"), name)
    elif component.role != role:
        what = _("{component} cannot fill the role {role}").format(component=name, role=role)
        _report_use(role, case, what, _("Its role is {role}").format(role=component.role), name)
    elif not _runs_on(component, case.machine):
        what = _("{component} is not available on {os}").format(component=name, os=case.machine.os)
        why = _("Its packages exist on {systems} only").format(systems=", ".join(component.systems))
        _report_use(role, case, what, why)
    else:
        return name
    return ""


def _report_use(role: Role, case: _Case, what: str, why: str, written: str = "") -> None:
    available = case.available(role)
    meant = nearest(written, available)
    case.report.add((role, USE), what, why, _fix_of_use(role, [meant] if meant else available))


def _fix_of_use(role: Role, names: list[str]) -> str:
    """The lines of which one cures a wrong component."""
    possible = [*names, NONE] if role in OPTIONAL_ROLES and len(names) != 1 else names
    if not possible:
        return _("Run the stack on Debian or Ubuntu in a version that founder supports")
    if len(possible) == 1:
        return _("Write `{line}` below `[{role}]`").format(line=f'{USE} = "{possible[0]}"', role=role)
    lines = ", ".join(f'`{USE} = "{name}"`' for name in possible)
    return _("Write one of these below `[{role}]`: {lines}").format(role=role, lines=lines)


def _settings(settings: type, path: Path, table: Mapping[str, Any], case: _Case) -> Any:
    """An instance of `settings`; the default stands in for each value that is reported as wrong."""
    fields = {field.name: field for field in fields_of(settings)}
    accepted: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            _report_unknown(key, path, fields, case)
        elif fault := _fault_at_top(fields[key], value) if not path else fault_of(fields[key], value):
            inside = (fault.key,) if fault.key else ()
            what = _("{key} in [{table}] is not valid") if path else _("{key} is not valid")
            what = what.format(key=".".join([key, *map(shown, inside)]), table=".".join(path))
            case.report.add((*path, key, *inside), what, fault.why, fault.fix)
        else:
            accepted[key] = taken(fields[key], value)
    return settings(**accepted)


def _fault_at_top(field: SettingField, value: object) -> Fault | None:
    """The fault of a key at the top, whose form can be told in words."""
    fault = fault_of(field, value)
    if fault is None or field.kind != "str" or not isinstance(value, str):
        return fault
    why, right = form_of(field.name, value)
    return Fault(why, _("Write it like `{line}`").format(line=f"{field.name} = {toml(right)}"))


def _report_unknown(key: str, path: Path, fields: Mapping[str, SettingField], case: _Case) -> None:
    role = path[0]
    if key in _TOP:
        fix = _("Move it to the top of the file, above the first table")
    elif meant := nearest(key, [USE, *fields]):
        fix = _("Did you mean `{key}`?").format(key=meant)
    elif home := _role_with(key, case):
        fix = _("Move it below `[{role}]`").format(role=home)
    else:
        fix = _("The keys of [{role}] are {names}").format(role=role, names=", ".join([USE, *fields]))
    what = _("the key {key} is not known in [{table}]").format(key=shown(key), table=role)
    case.report.add((*path, key), what, _("The component of this role has no such setting"), fix)


def _runs_on(component: Component, machine: Machine) -> bool:
    return not component.systems or machine.os in component.systems


def _absolute(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
