"""Tables `[tools.NAME]`: tools that live elsewhere and are watched from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from founderstack.locale import _
from founderstack.model.settings import fields_of
from founderstack.model.stack import OutsideTool
from founderstack.stackfile.keys import TOOLS, ToolSettings
from founderstack.stackfile.report import Report
from founderstack.stackfile.values import fault_of, nearest, shown, taken

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_EXAMPLE = 'url = "https://grafana.example.com"'


def outside_tools(written: object, report: Report) -> tuple[OutsideTool, ...]:
    """The tools that the file names, in its order; every problem goes to `report`."""
    if not isinstance(written, dict) or not all(isinstance(table, dict) for table in written.values()):
        report.add(
            (TOOLS,),
            _("[tools] holds something that is not a table"),
            _("Each tool elsewhere has a table of its own, whose name is the tool’s"),
            _("Write `[tools.grafana]` on a line of its own and `{line}` below it").format(line=_EXAMPLE),
        )
        return ()
    return tuple(tool for name, table in written.items() if (tool := _tool(name, table, report)))


def _tool(name: str, table: Mapping[str, Any], report: Report) -> OutsideTool | None:
    path = (TOOLS, name)
    if not _NAME.fullmatch(name):
        what = _("the name {name} in [tools] is not valid").format(name=shown(name))
        why = _("It is made of small letters, digits and dashes, 31 at the most")
        report.add(path, what, why, _("Write it like `[tools.grafana]`; `title` may be any text"))
    fields = {field.name: field for field in fields_of(ToolSettings)}
    accepted: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            what = _("the key {key} is not known in [{table}]").format(key=shown(key), table=".".join(path))
            meant = nearest(key, fields)
            fix = _("Did you mean `{key}`?") if meant else _("The keys of [{role}] are {names}")
            why = _("A tool elsewhere has no such setting")
            report.add((*path, key), what, why, fix.format(key=meant, role=".".join(path), names=", ".join(fields)))
        elif fault := fault_of(fields[key], value):
            what = _("{key} in [{table}] is not valid").format(key=key, table=".".join(path))
            report.add((*path, key), what, fault.why, fault.fix)
        else:
            accepted[key] = taken(fields[key], value)
    if "url" not in table:
        what = _("[{table}] says no address").format(table=".".join(path))
        fix = _("Write `{line}` below `[{role}]`").format(line=_EXAMPLE, role=".".join(path))
        report.add(path, what, _("Nobody can look after a tool without knowing where it is"), fix)
    settings = ToolSettings(**accepted)
    return OutsideTool(name, settings.title or name, settings.url, settings.accept, settings.check_certificate)
