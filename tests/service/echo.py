"""Echo: a component of a kind that the product does not know, in one file as in the catalogue. It exists for tests.

It uses every word that a part of its kind may need: it has a role in the database, a route on the app's origin, figures
and a log for others to collect, work to do around a restart of the database, and there may be several of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Port, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import (
    AroundRestart,
    Database,
    DatabaseRole,
    Endpoint,
    LogSource,
    Route,
    ScrapeTarget,
)

_SECRETS = ("echo.database", "echo.gateway")

_SERVER = """\
import http.server, json, os, socketserver, subprocess, sys

settings = json.load(open(sys.argv[1]))


class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "-"

    def do_GET(self):
        asked = ["SELECT 1"] if self.path.endswith("/alive") else settings["questions"]
        if not self.path.endswith("/alive") and self.headers["X-Founder-Gateway"] != settings["gateway"]:
            return self.send_error(403)
        psql = [settings["psql"], "-XAtq", "-F", " ", *(word for said in asked for word in ("-c", said))]
        done = subprocess.run(psql, env=settings["environment"], capture_output=True, text=True, timeout=20)
        body = (done.stdout or done.stderr).encode()
        self.send_response(200 if done.returncode == 0 else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print("asked", self.path, file=open(settings["log"], "a"))


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if os.path.exists(settings["socket"]):
    os.unlink(settings["socket"])
os.umask(0)
Server(settings["socket"], Answer).serve_forever()
"""


@dataclass(frozen=True)
class EchoSettings:
    word: str = setting("hello", pattern=r"[a-z]{1,20}")
    """What it says."""


def _role(view: View) -> DatabaseRole:
    name = view.name.replace("-", "_")
    return DatabaseRole(name, "echo.database", schema=name, search_path=(name, "public"), connections=3)


def processes(view: View) -> tuple[p.Process, ...]:
    places, etc = view.places, view.places.etc(view.name)
    return (
        p.Process(
            name=view.name,
            component=view.name,
            card=p.Card(title=N_("Panel"), group="tools", address=f"{view.app_url}{_path(view)}"),
            argv=("/usr/bin/python3", "-I", f"{etc}/server.py", f"{etc}/settings.json"),
            cwd=places.data(view.name),
            files=(p.File(f"{etc}/server.py", _SERVER), p.File(f"{etc}/settings.json", _settings(view))),
            folders=(
                p.Folder(places.data(view.name)),
                p.Folder(places.run(view.name), enter=view.providers["gateway"]),
            ),
            sockets=(places.socket(view.name),),
            ready=p.Probe("http", places.socket(view.name), ask=f"{_path(view)}alive"),
            needs=view.wait_for("database"),
            log_files=tuple(log.path for log in logs(view)),
        ),
    )


def _settings(view: View) -> str:
    role, server = _role(view), view.endpoint("database", "pooled")
    environment = {
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGDATABASE": view.one(Database).name,
        "PGUSER": role.login(view.secret_digests),
        "PGPASSWORD": secret(role.secret, "json"),
    }
    questions = (
        f"SELECT '{view.settings.word}', session_user, current_user, current_schema()",
        "CREATE TABLE IF NOT EXISTS said (n int)",
    )
    return json.dumps(
        {
            "socket": view.places.socket(view.name),
            "log": logs(view)[0].path,
            "gateway": secret("echo.gateway", "json"),
            "psql": f"{view.one(Database).binaries}/psql",
            "environment": environment,
            "questions": questions,
            "collected": [target.address for target in view.all(ScrapeTarget)],
        }
    )


def _path(view: View) -> str:
    return f"/{view.name}/"


def routes(view: View) -> tuple[Route, ...]:
    socket = view.places.socket(view.name)
    return (Route(view.name, _path(view), socket, secret("echo.gateway"), origin="app"),)


def logs(view: View) -> tuple[LogSource, ...]:
    return (LogSource(view.name, f"{view.places.data(view.name)}/asked.log"),)


def targets(view: View) -> tuple[ScrapeTarget, ...]:
    return (ScrapeTarget(view.name, view.endpoint("echo", view.name).address),)


def endpoints(view: View) -> tuple[Endpoint, ...]:
    return (Endpoint("echo", view.name, view.host, view.port("figures")),)


def around(view: View) -> tuple[AroundRestart, ...]:
    note = f"{view.places.data(view.name)}/restarts"
    before, after = (p.Command(("/bin/sh", "-c", f"echo {word} >>{note}")) for word in ("before", "after"))
    return (AroundRestart("database", p.Around(view.name, view.name, before, after)),)


COMPONENT = Component(
    name="echo",
    summary=N_("The dev tools panel"),
    role="echo",
    phase=2,
    optional=True,
    several=True,
    backup=Backup("files", "what it was asked", folders=("asked.log",)),
    settings=EchoSettings,
    processes=processes,
    ram_mib=20,
    needs=("database", "gateway"),
    ports=(Port("figures", 9700, "Figures"),),
    secrets=_SECRETS,
    provides=(
        Provides(Endpoint, endpoints),
        Provides(DatabaseRole, lambda view: (_role(view),)),
        Provides(Route, routes),
        Provides(LogSource, logs),
        Provides(ScrapeTarget, targets),
        Provides(AroundRestart, around),
    ),
    ready_after=("",),
)
