"""The dev tools panel: an unprivileged web process that can only ask the agent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Credential, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import Endpoint, Route, ToolEnvironment

ADMIN = "founder"


@dataclass(frozen=True)
class PanelSettings:
    admin: str = setting(ADMIN, pattern=r"[A-Za-z0-9._@-]{1,64}")
    """Name that the founder signs in with."""
    memory_limit_mib: int = setting(0, least=0, most=1048576)
    """Memory that it may take before it is started again; 0 sets no limit."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    etc, data, run = places.etc("panel"), places.data("panel"), places.run("panel")
    socket, tool = view.endpoint("panel").socket, view.one(ToolEnvironment)
    return (
        p.Process(
            name="panel",
            component="panel",
            card=p.Card(title=N_("Panel"), group="tools", summary=N_("This page"), address=view.panel_url, stops=False),
            argv=(tool.python, "-I", "-m", "founderstack.panel", "--config", f"{etc}/panel.json"),
            cwd=data,
            folders=(p.Folder(data), p.Folder(run, enter=view.providers["gateway"])),
            files=(
                p.File(f"{etc}/panel.json", _configuration(view, socket)),
                p.File(f"{etc}/accounts.json", _accounts(view)),
            ),
            ready=p.Probe(
                "http", socket, ask="/health", timeout_s=30, headers=(("X-Founder-Gateway", secret("panel.gateway")),)
            ),
            needs=(tool.task,),
            interrupts=False,
            memory_limit_mib=view.settings.memory_limit_mib,
        ),
    )


def tasks(view: View) -> tuple[p.Task, ...]:
    return (
        p.Task(
            name="panel/environment",
            component="panel",
            summary=N_("the panel's and the agent's own copy of this tool"),
            action=p.PythonEnvironment(view.places.tool_name, pins="tool.txt", with_tool=True),
        ),
    )


def endpoints(view: View) -> tuple[Endpoint, ...]:
    return (Endpoint("panel", "direct", socket=view.places.socket("panel")),)


def tool_environment(view: View) -> tuple[ToolEnvironment, ...]:
    return (ToolEnvironment(f"{view.places.tool}/bin/python", "panel/environment"),)


def _configuration(view: View, socket: str) -> str:
    return json.dumps(
        {
            "v": 1,
            "stack": view.stack.name,
            "cookie": f"__Host-founder-{view.stack.name}",
            "language": view.stack.language,
            "socket": socket,
            "agent": view.endpoint("agent").socket,
            "accounts": f"{view.places.etc('panel')}/accounts.json",
            "data": view.places.data("panel"),
            "gateway_secret": secret("panel.gateway"),
            "app_url": view.app_url,
            "panel_url": view.panel_url,
            "tool_cookie_paths": [route.path for route in view.all(Route) if route.origin == "panel"],
        },
        indent=2,
    )


def _accounts(view: View) -> str:
    account = {"user": view.settings.admin, "hash": secret("panel.admin", "argon2"), "role": "admin"}
    return json.dumps({"v": 1, "accounts": [account]}, indent=2)


def credentials(view: View) -> tuple[Credential, ...]:
    return (Credential(name="Panel", user=view.settings.admin, secret="panel.admin", url=view.panel_url),)


COMPONENT = Component(
    name="panel",
    summary=N_("The dev tools panel"),
    role="panel",
    phase=1,
    backup=Backup(
        "files",
        "accounts and the audit log",
        databases=("panel.sqlite",),
        by_name=True,
        log=("panel.sqlite", "audit"),
    ),
    settings=PanelSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=40,
    needs=("agent",),
    replaces=("the dashboards of the vendors", "Homepage", "Uptime Kuma"),
    secrets=("panel.admin", "panel.gateway"),
    credentials=credentials,
    provides=(Provides(Endpoint, endpoints), Provides(ToolEnvironment, tool_environment)),
    ready_after=("",),
)
