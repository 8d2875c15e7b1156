"""The runtimes that the contract is asked of, each with the little that a test must do to them from outside."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import founderstack
from founderstack.model import process as p
from founderstack.model.protocols import ProcessStatus, Runtime
from founderstack.model.stack import Machine, Places
from founderstack.planner.stack.diff import diff
from founderstack.planner.stack.state import state_of
from founderstack.runtimes.host.runtime import SUPERVISOR, HostRuntime
from founderstack.testing.clock import FakeClock
from founderstack.testing.runtime import FakeRuntime
from founderstack.testing.stores import FakeSecrets
from founderstack.world.install import environments
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.machine import read_machine
from founderstack.world.os.processes import alive

PYTHON = "/usr/bin/python3"
PACKAGE = os.path.dirname(founderstack.__file__)
STACK = f"c{secrets.token_hex(3)}"  # what a run that was killed left behind has another name

# Answers each request with what its file says now; reads the file again on HUP.
SERVER = """\
import os, signal, socketserver, sys
path, text = sys.argv[1:]
said = open(text).read()
def again(*_):
    global said
    said = open(text).read()
signal.signal(signal.SIGHUP, again)
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        if self.rfile.readline():
            self.wfile.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n" + said.encode())
class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
if os.path.exists(path): os.unlink(path)
print("listening", flush=True)
Server(path, Answer).serve_forever()
"""


class Target(Protocol):
    """A runtime under contract."""

    @property
    def runtime(self) -> Runtime: ...
    @property
    def secrets(self) -> FakeSecrets: ...
    def state(self, name: str) -> str: ...
    def kill(self, name: str) -> None: ...
    def will_fail(self, name: str) -> None: ...


class Fake:
    """The runtime in memory."""

    def __init__(self) -> None:
        self.secrets = FakeSecrets()
        self.runtime = FakeRuntime(self.secrets, FakeClock())

    def state(self, name: str) -> str:
        """A path for something of this stack."""
        return f"/nowhere/{name}"

    def kill(self, name: str) -> None:
        """kill -9 one process."""
        self.runtime.die(name)

    def will_fail(self, name: str) -> None:
        """A process of this name does not get ready."""
        self.runtime.fail(f"start:{name}")


class Host:
    """The host runtime with a state folder of its own."""

    def __init__(self, home: Path) -> None:
        self.secrets = FakeSecrets()
        self.machine: Machine = read_machine()
        self.places = Places(f"{home}/{STACK}", str((home / "shared").resolve()), PYTHON, PACKAGE)
        os.mkdir(self.places.state, 0o755)
        os.chmod(self.places.state, 0o755)
        self.runtime = HostRuntime(STACK, self.places, self.machine, self.secrets, self.secrets.fill, SystemClock())

    def state(self, name: str) -> str:
        """A path for something of this stack."""
        return f"{self.places.state}/{name}"

    def kill(self, name: str) -> None:
        """kill -9 one process."""
        os.kill(status(self, name).pid, signal.SIGKILL)

    def will_fail(self, name: str) -> None:
        """Nothing to prepare: its program does not listen."""

    @property
    def supervisor_pid(self) -> int:
        return int(Path(self.state("supervisor/supervisord.pid")).read_text())

    def end(self) -> None:
        """Leave nothing running and no user behind."""
        pid = self.supervisor_pid if os.path.exists(self.state("supervisor/supervisord.pid")) else 0
        apply(self, p.Desired())
        self.runtime.shut_down()
        self.runtime.forget()
        assert not pid or not alive(pid)


@contextmanager
def host(home: Path) -> Iterator[Host]:
    """A host runtime that is ended whatever happens; its supervisor's environment is made once per run."""
    pins = f"{PACKAGE}/pins/supervisor.txt"
    # By its real place: a script of an environment names its interpreter by the path it was made with.
    shared = (home / "shared").resolve()
    environments.python_environment(f"{shared}/venvs/{SUPERVISOR}", pins, PYTHON, progress=lambda _line: None)
    target = Host(home)
    try:
        yield target
    finally:
        target.end()


def server(
    target: Target,
    name: str,
    *,
    text: str = "one",
    ring: str = "",
    secret: str = "",
    broken: bool = False,
    drain_s: int = 0,
) -> p.Process:
    """A tiny server on a Unix socket, a component of its own; a broken one says why and never listens."""
    run, etc = target.state(f"run/{name}"), target.state(f"etc/{name}")
    program = "import time; print('no moon tonight', flush=True); time.sleep(99)" if broken else SERVER
    if broken:
        target.will_fail(name)
    return p.Process(
        name=name,
        component=name,
        card=p.Card(title=name, group="test"),
        argv=(PYTHON, "-I", f"{etc}/server.py", f"{run}/web.sock", f"{etc}/text"),
        cwd="/",
        ready=p.Probe("http", f"{run}/web.sock", ask="/", timeout_s=1.5 if broken else 20),
        env=(("TOKEN", p.secret(secret)),) if secret else (),
        files=(p.File(f"{etc}/server.py", program, public=True), p.File(f"{etc}/text", text, public=True)),
        folders=(p.Folder(run),),
        sockets=(f"{run}/web.sock",),
        stop_wait_s=5,
        reload_signal="HUP",
        ring=ring,
        socket=f"{run}/web.sock" if ring else "",
        drain_s=drain_s,
    )


def desired(*processes: p.Process) -> p.Desired:
    """Exactly these processes, and the rings that they serve."""
    rings: dict[str, tuple[str, ...]] = {}
    for process in processes:
        if process.ring:
            rings[process.ring] = (*rings.get(process.ring, ()), process.name)
    return p.Desired({process.name: process for process in processes}, {}, rings)


def apply(target: Target, wanted: p.Desired, progress: Callable[[str], None] = lambda _line: None) -> list[str]:
    """Bring the runtime to what is wanted; the ids of the steps that it took."""
    plan = diff(state_of(wanted, target.secrets.digests()), target.runtime.observe(), {})
    for step in plan.steps:
        target.runtime.apply(step, wanted, progress)
    return [step.id for step in plan.steps]


def status(target: Target, name: str) -> ProcessStatus:
    """How a process does now."""
    return next(found for found in target.runtime.statuses() if found.name == name)


def pids(target: Target) -> dict[str, int]:
    """Name → pid of everything that runs."""
    return {found.name: found.pid for found in target.runtime.statuses()}
