"""What is wrong with settings that are each right alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from founderstack.locale import _
from founderstack.model.component import Component
from founderstack.model.stack import OPTIONAL_ROLES, Part, Role
from founderstack.stackfile.keys import NONE, USE
from founderstack.stackfile.report import Report


def check_combinations(
    parts: Mapping[Role, Part],
    empty: set[Role],
    components: Mapping[str, Component],
    report: Report,
    folder_exists: Callable[[str], bool],
) -> None:
    """Report needed roles that were left empty, ports given twice, and an app that is not where it should be."""
    for part in parts.values():
        for need in components[part.component].needs:
            if need in empty:
                _report_need(part, need, report)
    _check_ports(parts, components, report)
    if app := parts.get("app"):
        _check_app(app, report, folder_exists)


def _report_need(part: Part, need: Role, report: Report) -> None:
    fix = _("Fill [{need}] by removing its `use`").format(need=need)
    if part.role in OPTIONAL_ROLES:
        line = f'{USE} = "{NONE}"'
        fix = _("{fix}, or write `{line}` below `[{role}]` too").format(fix=fix, line=line, role=part.role)
    report.add(
        (need, USE),
        _("[{need}] cannot be left out").format(need=need),
        _("{component}, the component of [{role}], needs it").format(component=part.component, role=part.role),
        fix,
    )


def _check_ports(parts: Mapping[Role, Part], components: Mapping[str, Component], report: Report) -> None:
    written = report.document.values
    first: dict[int, tuple[Role, str]] = {}
    # Ports that the file states come last, so that the problem is placed on a line that can be changed.
    stated = sorted(_ports(parts, components), key=lambda port: port[1] in written.get(port[0], ()))
    for role, key, number in stated:
        if number not in first:
            first[number] = (role, key)
            continue
        other_role, other_key = first[number]
        report.add(
            (role, key),
            _("port {port} is given to two").format(port=number),
            _("{key} in [{role}] has the same number").format(key=other_key, role=other_role),
            _("Choose another number for one of them"),
        )


def _ports(parts: Mapping[Role, Part], components: Mapping[str, Component]) -> Iterator[tuple[Role, str, int]]:
    """Each port with a number that a setting fixes: (role, key, number); 0 leaves the choice to founder."""
    for role, part in parts.items():
        for port in components[part.component].ports:
            if port.setting and (number := getattr(part.settings, port.setting)):
                yield role, port.setting, number


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
