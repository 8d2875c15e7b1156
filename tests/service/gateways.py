"""The gateway, the panel and what stands behind them, from the very files that the product makes, on loopback."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import founderstack
from founderstack.catalogue import COMPONENTS, _node
from founderstack.model.component import Component
from founderstack.model.process import NodePackages, Process, PythonEnvironment, Task
from founderstack.model.stack import Choices, Machine, Places
from founderstack.planner.stack.resolve import Facts, Resolved, resolve
from founderstack.stackfile.check import check
from founderstack.world.install import environments, node_packages
from founderstack.world.keys import certificates
from founderstack.world.keys.secrets import Secrets
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.machine import readable_python
from tests.conftest import wait_until

PACKAGE = Path(founderstack.__file__).parent
HOST = "localhost"
PORTS = ("nginx.https", "nginx.http", "nginx.panel", "redis.redis", "postgres.sql")
AS_ROOT = os.geteuid() == 0


@dataclass(frozen=True)
class Stack:
    """A stack in a folder; a process runs when it is started, as the caller."""

    folder: Path
    resolved: Resolved
    secrets: Secrets

    @property
    def processes(self) -> Mapping[str, Process]:
        """What the product would run."""
        return self.resolved.desired.processes

    @property
    def origin(self) -> str:
        """Where the panel and the tools are."""
        return f"https://{HOST}:{self.port('panel')}"

    def port(self, name: str) -> int:
        """A chosen port of the gateway."""
        return self.resolved.views["gateway"].port(name)

    def write(self, name: str) -> Process:
        """A process's files and folders, secrets filled in."""
        process = self.processes[name]
        for folder in process.folders:
            os.makedirs(folder.path, mode=0o711, exist_ok=True)
        for file in process.files:
            os.makedirs(os.path.dirname(file.path), exist_ok=True)
            Path(file.path).write_text(self.secrets.fill(file.content))
        return process

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """The process, from its start until the block ends; what it says is in `NAME.log`."""
        process = self.write(name)
        argv = list(process.argv)
        if AS_ROOT and "daemon off;" in argv:
            argv[argv.index("daemon off;")] = "daemon off; user root;"
        env = {"PATH": "/usr/bin:/bin", **{key: self.secrets.fill(value) for key, value in process.env}}
        if argv[0].startswith(self.resolved.views["gateway"].places.tool):
            # The tool's own copy is this checkout.
            argv, env["PYTHONPATH"] = (
                [sys.executable, *(word for word in argv[1:] if word != "-I")],
                str(PACKAGE.parent),
            )
        with open(self.folder / f"{name}.log", "ab") as log:
            started = subprocess.Popen(argv, cwd=process.cwd, env=env, stdout=log, stderr=log)
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait(5)

    def wait_for(self, name: str) -> None:
        """Return when the process listens where it is asked whether it is ready."""
        target = self.processes[name].ready.target
        address = target if target.startswith("/") else int(target.rpartition(":")[2])
        wait_until(lambda: listens(address), f"{name} listens", 60)

    def install(self, task_name: str) -> None:
        """What a task would bring, into the shared folder."""
        task: Task = self.resolved.desired.tasks[task_name]
        places = self.resolved.views["gateway"].places
        match task.action:
            case PythonEnvironment(name=name, pins=pins):
                path = places.environment(name)
                environments.python_environment(path, f"{PACKAGE}/pins/{pins}", places.python, progress=_nothing)
            case NodePackages(name=name, pins=pins, node=version):
                node, folder = places.node(version), f"{PACKAGE}/pins/{pins}"
                environments.node_runtime(node, _node.VERSION, python=places.python, progress=_nothing)
                node_packages.node_packages(places.node_packages(name), folder, node, progress=_nothing)

    def get(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, door: str = "panel"
    ) -> tuple[int, str]:
        """One request to the panel's origin (or the app's, `https`) with the path exactly as given: (status, body)."""
        context = ssl.create_default_context(cafile=f"{self.folder}/tls/ca.crt")
        with closing(HTTPSConnection(HOST, self.port(door), context=context, timeout=40)) as client:
            client.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                client.putheader(name, value)
            client.endheaders()
            answer = client.getresponse()
            return answer.status, answer.read().decode(errors="replace")


def stack_in(
    folder: Path,
    shared: Path,
    text: str = "",
    *,
    app: bool = False,
    catalogue: Mapping[str, Component] = COMPONENTS,
    more_ports: tuple[str, ...] = (),
) -> Stack:
    """A stack named `diary` whose state is `folder`, with free ports; `app` where it shall have one."""
    secrets = Secrets(f"{folder}/secrets.json")
    machine = Machine("debian:12", 4096, 2, root=False, user="root" if AS_ROOT else "ana")
    places = Places(str(folder), str(shared), python=readable_python(), package=str(PACKAGE), package_digest="0")
    names = (*PORTS, *more_ports)
    choices = Choices(
        components={"cache": "redis"},
        ports=dict(zip(names, free_ports(len(names)), strict=True)),
        versions={"postgres": "15"},
    )
    stack = check(
        f'name = "diary"\n{text}'.encode(), file=f"{folder}/founder.toml", folder=str(folder), components=catalogue,
        machine=machine, choices=choices, folder_exists=lambda path: app,
    )  # fmt: skip
    resolved = resolve(stack, catalogue, Facts(machine, places, choices))
    secrets.ensure(resolved.secrets)
    certificates.ensure_certificate(f"{folder}/tls", (HOST, "127.0.0.1"), SystemClock(), owner="")
    return Stack(folder, resolved, secrets)


@contextmanager
def gateway(stack: Stack, *behind: str) -> Iterator[ExitStack]:
    """The gateway and the processes `behind` it, serving."""
    with ExitStack() as parts:
        for name in behind:
            parts.enter_context(stack.running(name))
        for name in behind:
            stack.wait_for(name)
        parts.enter_context(stack.running("nginx"))
        wait_until(lambda: listens(stack.port("panel")), "the gateway listens")
        yield parts


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    with ExitStack() as held:
        opened = [held.enter_context(closing(socket.socket())) for _ in range(count)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in opened]


def listens(address: int | str) -> bool:
    """Whether somebody answers at a port of loopback or a socket's path."""
    family, target = (socket.AF_UNIX, address) if isinstance(address, str) else (socket.AF_INET, ("127.0.0.1", address))
    with closing(socket.socket(family)) as trial:
        return trial.connect_ex(target) == 0


def _nothing(_line: str) -> None:
    """Progress that nobody watches."""
