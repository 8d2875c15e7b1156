"""What is wrong with settings that are each right alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from founderstack.locale import _
from founderstack.model.component import Component
from founderstack.model.stack import Part, Role
from founderstack.stackfile.keys import NONE, USE
from founderstack.stackfile.report import Report


def check_combinations(
    parts: Mapping[str, Part],
    empty: set[Role],
    components: Mapping[str, Component],
    report: Report,
    folder_exists: Callable[[str], bool],
) -> None:
    """Report needed roles that were left empty, ports given twice, and an app that is not where it should be."""
    for part in parts.values():
        for need in components[part.component].needs:
            if need in empty:
                _report_need(part, components[part.component].optional, need, report)
    _check_ports(parts, components, report)
    if app := parts.get("app"):
        _check_app(app, report, folder_exists)


def _report_need(part: Part, optional: bool, need: Role, report: Report) -> None:
    fix = _("Fill [{need}] by removing its `use`").format(need=need)
    if optional:
        line = f'{USE} = "{NONE}"'
        fix = _("{fix}, or write `{line}` below `[{role}]` too").format(fix=fix, line=line, role=part.key)
    report.add(
        (need, USE),
        _("[{need}] cannot be left out").format(need=need),
        _("{component}, the component of [{role}], needs it").format(component=part.component, role=part.key),
        fix,
    )


def _check_ports(parts: Mapping[str, Part], components: Mapping[str, Component], report: Report) -> None:
    first: dict[int, tuple[str, str]] = {}
    # Ports that the file states come last, so that the problem is placed on a line that can be changed.
    stated = sorted(_ports(parts, components), key=lambda port: _written(report.document.values, port))
    for part, key, number in stated:
        if number not in first:
            first[number] = (part, key)
            continue
        other_part, other_key = first[number]
        report.add(
            (*part.split("."), key),
            _("port {port} is given to two").format(port=number),
            _("{key} in [{role}] has the same number").format(key=other_key, role=other_part),
            _("Choose another number for one of them"),
        )


def _written(values: Mapping[str, Any], port: tuple[str, str, int]) -> bool:
    role, _dot, label = port[0].partition(".")
    table = values.get(role, {})
    return port[1] in (table.get(label, ()) if label else table)


def _ports(parts: Mapping[str, Part], components: Mapping[str, Component]) -> Iterator[tuple[str, str, int]]:
    """Each port with a number that a setting fixes: (part, key, number); 0 leaves the choice to founder."""
    for name, part in parts.items():
        for port in components[part.component].ports:
            if port.setting and (number := getattr(part.settings, port.setting)):
                yield name, port.setting, number


def _check_app(app: Part, report: Report, folder_exists: Callable[[str], bool]) -> None:
    """The setting `path` of a component with the role `app` is its folder, relative to the stack file's."""
    path = getattr(app.settings, "path", "app")
    if not folder_exists(path):
        report.add(
            ("app", "path"),
            _("the folder of the app is not there"),
            _("[app] looks for it in {path}, next to the stack file").format(path=path),
            _('Set `path = "…"` in [app] to the folder that holds your app, or make that folder'),
        )
