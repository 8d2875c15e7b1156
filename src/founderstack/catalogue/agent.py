"""The agent: the resident, privileged part. Schedules, probes and retries; no TCP port."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, View


@dataclass(frozen=True)
class AgentSettings:
    """Nothing to set."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    python = f"{places.tool}/bin/python"
    socket = f"{places.state}/agent/agent.sock"
    return (
        p.Process(
            name="agent",
            component="agent",
            card=p.Card(title=N_("Agent"), group="tools", summary=N_("Schedules, probes and retries"), stops=False),
            argv=(python, "-I", "-m", "founderstack.agent", "--state", places.state),
            cwd=places.state,
            files=(
                p.File(f"{places.etc('agent')}/alerts.json", _alerts(view)),
                p.File(f"{places.etc('agent')}/backup.json", _backup(view)),
            ),
            folders=(p.Folder(f"{places.state}/agent", enter=view.providers["panel"]),),
            ready=p.Probe("agent", socket, ask="ping", timeout_s=30),
            needs=("panel/environment",),
            privileged=True,
            interrupts=False,
            # Its supervisor died: it starts a new one and makes room for its successor.
            parent_death_signal="USR1",
        ),
    )


def _alerts(view: View) -> str:
    """What it needs to know beyond the processes' own records to tell when somebody must hear of something."""
    limits = asdict(view.limits) if view.limits else None
    return json.dumps({"v": 1, "limits": limits, "archive_status": view.database.archive_status}, indent=1) + "\n"


def _backup(view: View) -> str:
    """When backups and drills are due; nothing where the stack makes none."""
    part = view.stack.parts.get("backup")
    if part is None:
        return '{"v": 1}\n'
    about = {"v": 1, "stack": view.stack.name, "schedule": part.settings.schedule, "prove": part.settings.prove}
    return json.dumps(about, indent=1) + "\n"


COMPONENT = Component(
    name="agent",
    summary=N_("The agent, the resident part of the tool"),
    role="agent",
    phase=1,
    backup=NoBackup("its history may be lost without losing any function"),
    settings=AgentSettings,
    processes=processes,
    ram_mib=15,
    needs=("panel",),
    uses=("alerts",),
    ready_after=("agent",),
)
