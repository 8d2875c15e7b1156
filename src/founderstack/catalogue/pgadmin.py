"""pgAdmin: see and manage the database, opened from the panel with one click."""

from __future__ import annotations

import json
from dataclasses import dataclass

from founderstack.catalogue import _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import Database, Route

_MOUNT = "/tools/pgadmin"
VERSION = "9.18"
_ENVIRONMENT = f"pgadmin-{VERSION}"
_PROGRAMS = ("pgadmin_server.py", "gateway_guard.py", "pgadmin_config.py", "gunicorn_conf.py")


@dataclass(frozen=True)
class PgAdminSettings:
    memory_limit_mib: int = setting(0, least=0, most=1048576)
    """Memory that it may take before it is started again; 0 sets no limit."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    etc, data = places.etc("pgadmin"), places.data("pgadmin")
    socket = _socket(view)
    return (
        p.Process(
            name="pgadmin",
            component="pgadmin",
            card=p.Card(
                title=N_("pgAdmin"),
                group="tools",
                summary=N_("See and manage the database"),
                version=VERSION,
                address=f"{view.panel_url}{_MOUNT}/",
                path=f"{_MOUNT}/",
            ),
            argv=_argv(view),
            cwd=data,
            env=(("FOUNDER_PGADMIN_SETTINGS", f"{etc}/settings.json"),),
            folders=(p.Folder(data), p.Folder(places.run("pgadmin"), enter=view.providers["gateway"])),
            files=(
                *(p.File(f"{etc}/{name}", _packaged.text("pgadmin_files", name)) for name in _PROGRAMS),
                p.File(f"{etc}/settings.json", _settings(view)),
                p.File(f"{etc}/pgpass", _password(view)),
            ),
            # Through the guard, as the gateway comes: pgAdmin itself answers, and keeps no session for this page. Its
            # first start makes its database, which takes minutes on a busy machine, and nobody's app waits for it.
            ready=p.Probe("http", socket, ask=f"{_MOUNT}/misc/ping", timeout_s=400, headers=_AS_THE_GATEWAY),
            needs=("pgadmin/environment", *view.wait_for("database")),
            stop_wait_s=10,
            interrupts=False,
            memory_limit_mib=view.settings.memory_limit_mib,
        ),
    )


_AS_THE_GATEWAY = (
    ("X-Founder-Gateway", secret("pgadmin.gateway")),
    ("X-Founder-User", "probe"),
    ("X-Founder-Session", "founder-health-probe"),
)


def _argv(view: View) -> tuple[str, ...]:
    etc, python = view.places.etc("pgadmin"), f"{view.places.environment(_ENVIRONMENT)}/bin/python"
    configuration = ("-c", f"{etc}/gunicorn_conf.py", "--chdir", etc, "--bind", f"unix:{_socket(view)}")
    return (python, "-I", "-m", "gunicorn", *configuration, "pgadmin_server:application()")


def tasks(view: View) -> tuple[p.Task, ...]:
    return (
        p.Task(
            name="pgadmin/environment",
            component="pgadmin",
            summary=N_("pgAdmin from PyPI"),
            action=p.PythonEnvironment(_ENVIRONMENT, pins="pgadmin.txt"),
        ),
    )


def routes(view: View) -> tuple[Route, ...]:
    return (Route("pgadmin", f"{_MOUNT}/", _socket(view), secret("pgadmin.gateway")),)


def _socket(view: View) -> str:
    return view.places.socket("pgadmin")


def _settings(view: View) -> str:
    database, endpoint = view.one(Database), view.endpoint("database")
    return json.dumps(
        {
            "state_dir": f"{view.places.data('pgadmin')}/data",
            "mount": _MOUNT,
            "session_cookie": f"__Secure-founder-{view.stack.name}-pgadmin",
            "gateway_secret": secret("pgadmin.gateway", "json"),
            "pgpass": f"{view.places.etc('pgadmin')}/pgpass",
            "binaries": database.binaries,
            "server": {
                "name": view.stack.name,
                "host": endpoint.host,
                "port": endpoint.port,
                "database": database.name,
                "role": database.viewer,
            },
        },
        indent=2,
    )


def _password(view: View) -> str:
    database, endpoint = view.one(Database), view.endpoint("database")
    return f"{endpoint.address}:*:{database.viewer}:{secret(database.viewer_secret)}\n"


COMPONENT = Component(
    name="pgadmin",
    summary=N_("pgAdmin, to see and manage the database"),
    role="database-admin",
    optional=True,
    phase=1,
    backup=Backup("files", "saved queries and preferences", databases=("pgadmin4.db",)),
    settings=PgAdminSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=190,
    needs=("database", "gateway", "panel"),
    replaces=("Supabase Studio’s table editor",),
    secrets=("pgadmin.gateway",),
    provides=(Provides(Route, routes),),
    ready_after=("",),
)
