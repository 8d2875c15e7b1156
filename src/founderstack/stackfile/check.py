"""The stack file's values → a Stack that the planner may trust, or every problem in it at once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from founderstack.locale import _, joined
from founderstack.model.component import Component
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.settings import SettingField, fields_of
from founderstack.model.stack import FORMAT, Choices, Machine, Part, Role, Stack
from founderstack.stackfile.choice import Case, default_component, used_component
from founderstack.stackfile.combinations import check_combinations
from founderstack.stackfile.keys import (
    LABEL,
    NONE,
    RESERVED_NAMES,
    TOOLS,
    USE,
    StackSettings,
    form_of,
    roles,
    slug,
    tables,
)
from founderstack.stackfile.outside import outside_tools
from founderstack.stackfile.read import Document, read
from founderstack.stackfile.report import Report
from founderstack.stackfile.values import Fault, fault_of, nearest, shown, taken, toml

if TYPE_CHECKING:
    from founderstack.stackfile.lines import Path

_TOP = {field.name: field for field in fields_of(StackSettings)}


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
    case = Case(components, machine, choices, Report(document), roles(components), tables(components))
    _check_top_keys(document.values, case)
    top = _settings(StackSettings, (), {key: document.values[key] for key in _TOP if key in document.values}, case)
    _check_name(top.name, case.report)
    written = {role: document.values[role] for role in case.tables if role in document.values}
    parts: dict[str, Part] = {}
    empty: set[Role] = set()
    for role, rules in case.roles.items():
        if _is_left_out(rules, written, folder, folder_exists) or (role not in written and rules.follows in empty):
            empty.add(role)
        else:
            parts |= {part.key: part for part in _parts(rules, written.get(role, {}), case)}
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
        joined(": ", (f"{document.label}:{document.lines()[('format',)]}", _("the format of the file is not known"))),
        _("The file was made by a newer version of founder; this one knows format {known}").format(known=FORMAT),
        _("Upgrade founder, or go back to the version of the file that this founder made"),
        exit_code=EXIT_PRECONDITION,
    )


def _check_top_keys(values: Mapping[str, Any], case: Case) -> None:
    for role in case.tables:
        if role in values and not isinstance(values[role], dict):
            _report_not_a_table(role, values[role], case)
    for key, value in values.items():
        if key not in case.tables and key not in _TOP and key != TOOLS:
            what = _("the table [{key}] is not known") if isinstance(value, dict) else _("the key {key} is not known")
            why = _("A stack file has its own keys at the top and one table for each role")
            case.report.add((key,), what.format(key=shown(key)), why, _fix_of_top_key(key, value, case))


def _report_not_a_table(role: Role, value: object, case: Case) -> None:
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


def _fix_of_top_key(key: str, value: object, case: Case) -> str:
    if component := case.components.get(key):
        fix = _("Write `[{role}]` on a line of its own and `{line}` below it")
        return fix.format(role=component.role, line=f'{USE} = "{component.name}"')
    if not isinstance(value, dict) and (role := _role_with(key, case)):
        return _("Move it below `[{role}]`").format(role=role)
    if meant := nearest(key, [*_TOP, *case.tables]):
        return _("Did you mean `{key}`?").format(key=f"[{meant}]" if meant in case.tables else meant)
    if isinstance(value, dict):
        return _("The tables are {names}").format(names=", ".join(f"[{role}]" for role in case.tables))
    return _("The keys at the top are {names}").format(names=", ".join(_TOP))


def _role_with(key: str, case: Case) -> Role | None:
    """The first role, in the order of the tables, with a component that has a setting of that name."""
    for role in case.tables:
        for component in case.of_role(role).values():
            if key == USE or any(key == field.name for field in fields_of(component.settings)):
                return role
    return None


def _check_name(name: str, report: Report) -> None:
    if name in RESERVED_NAMES:
        why = _("founder keeps what all stacks of a machine share under that name")
        report.add(("name",), _("the name {name} is taken").format(name=name), why, _("Choose another name"))


def _is_left_out(
    rules: Component, written: Mapping[Role, Any], folder: str, folder_exists: Callable[[str], bool]
) -> bool:
    """True for a role that shall stay empty: by `use = "none"`, or an app or a part that nobody has asked for."""
    if rules.role in written:
        table = written[rules.role]
        return isinstance(table, dict) and table.get(USE) == NONE and rules.optional
    if rules.role == "app":
        return not folder_exists(_absolute(folder, "app"))
    return rules.on_request or rules.several


def _parts(rules: Component, table: Any, case: Case) -> Iterator[Part]:
    """The parts of a role with their settings; none for a table in which a problem was reported."""
    if not isinstance(table, dict):
        return
    labelled = table.items() if rules.several else [("", table)]
    for label, settings in labelled:
        if label and not (isinstance(settings, dict) and re.fullmatch(LABEL, label)):
            _report_no_label(rules.role, label, case)
        elif part := _part(rules.role, label, settings, case):
            yield part


def _report_no_label(role: Role, label: str, case: Case) -> None:
    case.report.add(
        (role, label),
        _("{key} does not belong into [{table}]").format(key=shown(label), table=role),
        _("Several may be in a stack, each with a table and a name of its own: small letters, digits and dashes"),
        _("Write `[{role}.{name}]` on a line of its own, and its settings below it").format(role=role, name="first"),
    )


def _part(role: Role, label: str, table: Mapping[str, Any], case: Case) -> Part | None:
    """One part with its settings, or None after a problem was reported."""
    path = (role, label) if label else (role,)
    name = used_component(path, table[USE], case) if USE in table else default_component(path, case)
    if not name:
        return None
    component = case.components[name]
    settings = _settings(component.settings, path, {key: table[key] for key in table if key != USE}, case)
    return Part(role, name, settings, label)


def _settings(settings: type, path: Path, table: Mapping[str, Any], case: Case) -> Any:
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


def _report_unknown(key: str, path: Path, fields: Mapping[str, SettingField], case: Case) -> None:
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


def _absolute(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
