"""A panel for tests: a real process on its Unix socket, the agent behind it, and a browser reduced to its cookies."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher

from founderstack.agent import client
from founderstack.agent.agent import Agent
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.panel.application import Panel
from founderstack.panel.config import read_config
from founderstack.world.os.clock import SystemClock
from tests.conftest import wait_until
from tests.service.agents import Bench

SECRET = "the-gateway-alone-knows-this-secret"
PASSWORD = "correct horse battery"
HOST = "localhost:9443"
COOKIE = "__Host-founder-diary"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""So weak that a test can try thousands; the accounts of a stack are hashed by the runtime."""


def write_accounts(folder: Path, **roles: str) -> None:
    """Accounts that all have the one password."""
    hashed = QUICK.hash(PASSWORD)
    accounts = [{"user": user, "hash": hashed, "role": role} for user, role in roles.items()]
    new = folder / "accounts.new"
    new.write_text(json.dumps({"v": 1, "accounts": accounts}))
    new.rename(folder / "accounts.json")


def write_configuration(folder: Path, **more: Any) -> Path:
    """The panel's configuration, and accounts for an admin and a viewer."""
    (folder / "data").mkdir(exist_ok=True)
    write_accounts(folder, founder="admin", ana="viewer")
    path = folder / "panel.json"
    values = {
        "v": 1, "stack": "diary", "cookie": COOKIE, "language": "", "socket": str(folder / "panel.sock"),
        "agent": str(folder / "agent" / "agent.sock"), "accounts": str(folder / "accounts.json"),
        "data": str(folder / "data"), "gateway_secret": SECRET, "app_url": "https://localhost:8443",
        "panel_url": "https://localhost:9443", "tool_cookie_paths": ["/tools/pgadmin/"], **more,
    }  # fmt: skip
    path.write_text(json.dumps(values))
    return path


class Door:
    """The socket on which a panel serves, and the browsers that came through it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._opened: list[httpx.Client] = []

    def client(self) -> httpx.Client:
        """A client that reaches the panel through its socket, as the gateway does."""
        transport = httpx.HTTPTransport(uds=self.path)
        self._opened.append(httpx.Client(transport=transport, base_url="http://panel", timeout=20))
        return self._opened[-1]

    def browser(self) -> Browser:
        return Browser(self.client())

    def close(self) -> None:
        for client_ in self._opened:
            client_.close()


@contextmanager
def panel_process(folder: Path) -> Iterator[Door]:
    """A real panel, serving."""
    command = [sys.executable, "-m", "founderstack.panel", "--config", str(folder / "panel.json")]
    source = str(Path(client.__file__).parents[2])
    with subprocess.Popen(command, env={"PYTHONPATH": source, "PATH": "/usr/bin:/bin"}) as process:
        door = Door(str(folder / "panel.sock"))
        try:
            wait_until(lambda: _listens(door.path), "the panel listens")
            yield door
        finally:
            door.close()
            process.terminate()
            # uvicorn shuts down in order and then lets the signal that ended it be seen.
            assert process.wait(10) in (0, -signal.SIGTERM)


@contextmanager
def panel_here(folder: Path, clock: Clock) -> Iterator[Door]:
    """A panel that serves from a thread of this process, with a clock of the test's."""
    servers: list[uvicorn.Server] = []

    def serve() -> None:
        config = read_config(str(folder / "panel.json"))
        application = Panel(config, clock, QUICK).application()
        settings = uvicorn.Config(application, uds=config.socket, log_level="error", access_log=False, ws="none")
        servers.append(uvicorn.Server(settings))
        servers[0].run()

    thread = threading.Thread(target=serve)
    thread.start()
    door = Door(str(folder / "panel.sock"))
    try:
        wait_until(lambda: _listens(door.path), "the panel listens")
        yield door
    finally:
        door.close()
        for server in servers:
            server.should_exit = True
        thread.join(10)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as trial:
        return trial.connect_ex(path) == 0


@contextmanager
def agent_serving(bench: Bench) -> Iterator[None]:
    """The agent of a bench, serving from a thread of its own in real time."""
    bench.clock = SystemClock()  # type: ignore[assignment]
    bench.agent = bench.new_agent()
    agents: list[tuple[asyncio.AbstractEventLoop, Agent]] = []

    async def run() -> None:
        agents.append((asyncio.get_running_loop(), bench.agent))
        await bench.agent.run()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        wait_until(lambda: _answers(bench.socket), "the agent answers")
        yield
    finally:
        loop, agent = agents[0]
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(agent.stop)
        thread.join(10)


def _answers(path: str) -> bool:
    try:
        return bool(client.ask(path, "ping", timeout_s=2) == "pong")
    except StackError:
        return False


@dataclass
class Browser:
    """Keeps cookies and finds the form token of the last page, as a browser and its reader do."""

    client: httpx.Client
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    host: str = HOST

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._send("GET", path, None, headers)

    def post(self, path: str, *, token: str | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        sent = {"form": self.token if token is None else token, **fields}
        return self._send("POST", path, sent, {"Origin": f"https://{self.host}", **(headers or {})})

    def sign_in(self, user: str = "founder", password: str = PASSWORD, **more: Any) -> httpx.Response:
        self.get("/sign-in")
        answer: httpx.Response = self.post("/sign-in", user=user, password=password, **more)
        return answer

    def _send(self, method: str, path: str, fields: dict[str, str] | None, headers: dict[str, str]) -> httpx.Response:
        sent = {"X-Founder-Gateway": SECRET, "X-Real-IP": "203.0.113.7", "Host": self.host}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.client.cookies.clear()
        answer = self.client.request(method, path, data=fields, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value.strip('"')
            if not self.cookies[name]:
                del self.cookies[name]
        found = re.search(r'name="form" value="([0-9a-f]+)"', answer.text) if "html" in _kind(answer) else None
        self.token = found[1] if found else self.token
        return answer


def _kind(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", ""))
