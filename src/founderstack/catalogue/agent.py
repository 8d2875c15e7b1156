"""The agent: the resident, privileged part. Schedules, probes and retries; no TCP port."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.alerts import Limits
from founderstack.model.backup import NOT_AWAY, NOT_YET, NoBackup, leaves
from founderstack.model.component import Component, Provides, View
from founderstack.model.stack import OutsideTool
from founderstack.model.words import Archive, Database, Endpoint, ToolEnvironment


@dataclass(frozen=True)
class AgentSettings:
    """Nothing to set."""


def processes(view: View) -> tuple[p.Process, ...]:
    places, tool = view.places, view.one(ToolEnvironment)
    return (
        p.Process(
            name="agent",
            component="agent",
            card=p.Card(title=N_("Agent"), group="tools", summary=N_("Schedules, probes and retries"), stops=False),
            argv=(tool.python, "-I", "-m", "founderstack.agent", "--state", places.state),
            cwd=places.state,
            files=(
                p.File(places.files.alert_settings, _alerts(view)),
                p.File(places.files.backup_settings, _backup(view)),
                p.File(places.files.tools, _tools(view)),
            ),
            folders=(p.Folder(places.files.agent, enter=view.providers["panel"]),),
            ready=p.Probe("agent", view.endpoint("agent").socket, ask="ping", timeout_s=30),
            needs=(tool.task,),
            privileged=True,
            interrupts=False,
            # Its supervisor died: it starts a new one and makes room for its successor.
            parent_death_signal="USR1",
        ),
    )


def endpoints(view: View) -> tuple[Endpoint, ...]:
    return (Endpoint("agent", "direct", socket=view.places.files.agent_socket),)


def _alerts(view: View) -> str:
    """What it needs to know beyond the processes' own records to tell when somebody must hear of something."""
    limits, archive, database = view.find(Limits), view.find(Archive), view.find(Database)
    about = {
        "v": 1,
        "limits": asdict(limits) if limits else None,
        "archive_status": database.archive_status if database else "",
        "archive_broken": f"{archive.folder}/broken" if archive else "",
    }
    return json.dumps(about, indent=1) + "\n"


def _backup(view: View) -> str:
    """When backups and drills are due; nothing where the stack makes none."""
    part = view.stack.parts.get("backup")
    if part is None:
        return '{"v": 1}\n'
    settings = part.settings
    about = {"v": 1, "stack": view.stack.name, "schedule": settings.schedule, "prove": settings.prove}
    away = leaves(settings.s3_endpoint, settings.s3_bucket)
    # What is to be said as long as nobody has looked.
    about["warnings"] = [NOT_YET] if away else [NOT_YET, NOT_AWAY]
    if archive := view.find(Archive):
        about["archive"] = archive.folder
    return json.dumps(about, indent=1) + "\n"


def _tools(view: View) -> str:
    """Tools elsewhere, in the form of the records of the stack's own processes."""
    records = [
        {
            "name": f"outside-{tool.name}",
            "component": "outside",
            "title": tool.title,
            "group": "outside",
            "address": tool.url,
            "outside": True,
            "stops": False,
            "ready": asdict(_question(tool)),
        }
        for tool in view.stack.tools
    ]
    return json.dumps({"v": 1, "records": records}, indent=1) + "\n"


def _question(tool: OutsideTool) -> p.Probe:
    parts = urlsplit(tool.url)
    kind: p.ProbeKind = "https" if parts.scheme == "https" else "http"
    page = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    target = parts.netloc if parts.netloc.rpartition(":")[2].isdigit() else f"{parts.netloc}:{_PORTS[kind]}"
    return p.Probe(kind, target, ask=page, accept=tool.accept or _WELL, certificate=tool.check_certificate)


_PORTS = {"http": 80, "https": 443}
_WELL = (200, 201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308)


COMPONENT = Component(
    name="agent",
    summary=N_("The agent, the resident part of the tool"),
    role="agent",
    table=False,
    phase=1,
    backup=NoBackup("its history may be lost without losing any function"),
    settings=AgentSettings,
    processes=processes,
    ram_mib=15,
    needs=("panel",),
    uses=("alerts",),
    provides=(Provides(Endpoint, endpoints),),
    ready_after=("",),
)
