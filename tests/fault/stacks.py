"""Somebody who types ./founder, a small application, and visitors who count what failed."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import xmlrpc.client
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from founderstack.world.net.unix_http import UnixConnection
from tests.conftest import held_up, killed, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAILED, UNHEALTHY, LOCKED, PRECONDITION, USAGE = 1, 3, 5, 6, 64
"""Exit codes, as the help promises them."""

SERVER = (Path(__file__).parent / "small_app.txt").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Founder:
    """A stack file in a folder of its own, a state root, and the command."""

    folder: Path
    home: Path
    launcher: Path = ROOT / "founder"
    prefix: tuple[str, ...] = ()
    """What stands before the command, such as the change to another user."""
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        found = re.search(r'^name = "(.+)"', (self.folder / "founder.toml").read_text(encoding="utf-8"), re.MULTILINE)
        assert found
        return found[1]

    @property
    def state(self) -> Path:
        return self.home / self.name

    @property
    def argv(self) -> list[str]:
        return [*self.prefix, str(self.launcher)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LANGUAGE": "en", "FOUNDER_HOME": str(self.home), **self.env}

    def start(self, *words: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """The command, running; in a session of its own so that it can be killed with all it started."""
        return subprocess.Popen(
            [*self.argv, *words],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def killed_at(self, kind: str, step: str, *words: str, later_s: float = 0, alone: bool = False) -> None:
        """`kill -9` of a command once a step, known by how its name begins, has told that it `started` or is `done`.

        It dies with all that it started, or `alone`; `later_s` at the most is how long it goes on before. What it tells
        is held, so it is alive then, and no further than the next event.
        """
        with held_up(lambda told: self.start(*words, "--events", stdout=told, stderr=subprocess.DEVNULL)) as (
            one,
            told,
        ):
            for line in told:
                event = json.loads(line)
                assert "error" not in event, line
                if event.get("kind") == kind and event["step"].startswith(step):
                    break
            else:
                pytest.fail(f"{step} was never {kind}")
            with suppress(subprocess.TimeoutExpired):
                one.wait(later_s)
            if alone:
                one.kill()
                assert one.wait(30) == -signal.SIGKILL
            else:
                assert killed(one)
        print(f"founder {' '.join(words[:3])}: killed {later_s:.2f} s after {step} was {kind}")

    def run(self, *words: str, timeout_s: float = 480) -> Said:
        with self.start(*words) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Said(process.returncode, out, err)

    def ok(self, *words: str, timeout_s: float = 480) -> Said:
        """The same, and it went well."""
        said = self.run(*words, timeout_s=timeout_s)
        assert said.code == 0, said.text
        return said

    def supervisor(self, method: str, *arguments: object) -> Any:
        """What supervisor itself answers, past the tool."""
        connection = UnixConnection(f"{self.state}/supervisor/supervisor.sock", 40)
        with closing(connection):
            body = xmlrpc.client.dumps(arguments, f"supervisor.{method}")  # type: ignore[arg-type]
            connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
            return xmlrpc.client.loads(connection.getresponse().read())[0][0]

    def conditions(self) -> dict[str, str]:
        """Process → its state as supervisor names it."""
        return {one["name"]: one["statename"] for one in self.supervisor("getAllProcessInfo")}

    def pids(self) -> dict[str, int]:
        """Process → pid, of those that run."""
        return {one["name"]: one["pid"] for one in self.supervisor("getAllProcessInfo") if one["pid"]}

    @property
    def supervisor_pid(self) -> int:
        return int((self.state / "supervisor" / "supervisord.pid").read_text(encoding="ascii"))

    def port(self, key: str) -> int:
        """A port as founder.lock has it, such as `nginx.https`."""
        text = (self.folder / "founder.lock").read_text(encoding="utf-8")
        found = re.search(rf'^"?{re.escape(key)}"? = (\d+)', text, re.MULTILINE)
        assert found, text
        return int(found[1])

    def trust(self) -> ssl.SSLContext:
        """A client that trusts this stack's own authority, and nobody else."""
        return ssl.create_default_context(cafile=str(self.state / "tls" / "ca.crt"))

    def client(self, timeout_s: float = 30) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "localhost", self.port("nginx.https"), context=self.trust(), timeout=timeout_s
        )

    def get(self, path: str = "/") -> tuple[int, str]:
        with closing(self.client()) as client:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read().decode(errors="replace")

    def serves(self, text: str) -> bool:
        try:
            status, body = self.get()
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 and text in body

    def write_app(self, version: str, *, broken: str = "") -> None:
        """The small application, answering with `version`; `broken` is a statement it begins with."""
        app = self.folder / "app"
        app.mkdir(exist_ok=True)
        source = SERVER.replace('VERSION = ""', f"{broken}\nVERSION = {version!r}", 1)
        (app / "server.py").write_text(source, encoding="utf-8")


SMALL = """\
name = "{name}"
{top}
[app]
start = "python3 -u server.py"
runtime = "none"
health = "/health"
{app}
[database]
port = {database}

[cache]
use = "none"

[database-admin]
use = "none"

[gateway]
https_port = {https}
http_port = {http}
panel_port = {panel}
"""


def ask(founder: Founder, question: str, database: str = "app") -> str:
    """What the stack's server answers its superuser."""
    command = ["psql", "-XqAtw", "-h", f"{founder.state}/run/postgres", "-p", str(founder.port("postgres.sql"))]
    asked = subprocess.run(
        [*command, "-U", "postgres", "-d", database, "-c", question],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


def free_ports(count: int) -> list[int]:
    """Ports that were free together a moment ago."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def small_stack(folder: Path, home: Path, *, app: str = "", top: str = "", version: str = "one") -> Founder:
    """A stack file for the small application, on ports that are free now."""
    folder.mkdir(parents=True, exist_ok=True)
    https, plain, panel, database = free_ports(4)
    ports = {"https": https, "http": plain, "panel": panel, "database": database}
    text = SMALL.format(name=f"t{secrets.token_hex(3)}", top=top, app=app, **ports)
    (folder / "founder.toml").write_text(text, encoding="utf-8")
    founder = Founder(folder, home)
    founder.write_app(version)
    return founder


@contextmanager
def gone_afterwards(founder: Founder) -> Iterator[Founder]:
    """Leaves nothing of the stack behind, whatever happened."""
    try:
        yield founder
    finally:
        said = founder.run("destroy", "--yes", "--backups", "--confirm", founder.name)
        end_processes_below(founder.state)
        shutil.rmtree(founder.state, ignore_errors=True)
    assert said.code == 0, said.text


def end_processes_below(state: Path) -> None:
    """End what still runs from a state folder: what a failing `destroy` left."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{state}/".encode() in line:
                os.kill(int(entry.name), signal.SIGKILL)


@dataclass
class Visitors:
    """People who use the app until told to stop; counts what was answered and what was not."""

    founder: Founder
    path: str = "/"
    slow: str = "/slow"
    ok: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        # Looked up once: the files that say it may change while people visit.
        self._port, self._trust = self.founder.port("nginx.https"), self.founder.trust()

    def _client(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self._port, context=self._trust, timeout=30)

    @contextmanager
    def visiting(self) -> Iterator[Visitors]:
        kinds: dict[str, Callable[[http.client.HTTPSConnection | None], http.client.HTTPSConnection | None]] = {
            "new connection": self._fresh,
            "keep-alive": self._kept,
        }
        if self.slow:
            kinds |= {"POST of 400 ms": self._post}
        threads = [threading.Thread(target=self._again_and_again, args=(kind, visit)) for kind, visit in kinds.items()]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(self.ok) == len(kinds) or self.failed, "visitors are served")
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(40)

    def _again_and_again(
        self, kind: str, visit: Callable[[http.client.HTTPSConnection | None], http.client.HTTPSConnection | None]
    ) -> None:
        client: http.client.HTTPSConnection | None = None
        while not self._ended.is_set():
            try:
                client = visit(client)
                self.ok[kind] += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(f"{kind}: {type(error).__name__}: {error}")
                if client:
                    client.close()
                client = None
            self._ended.wait(0.02)
        if client:
            client.close()

    def _fresh(self, _client: http.client.HTTPSConnection | None) -> None:
        with closing(self._client()) as client:
            self._ask(client, "GET", self.path)

    def _post(self, _client: http.client.HTTPSConnection | None) -> None:
        with closing(self._client()) as client:
            self._ask(client, "POST", self.slow)

    def _kept(self, client: http.client.HTTPSConnection | None) -> http.client.HTTPSConnection:
        """As browsers do: one more try on a new connection where a reused one turns out to be closed."""
        if client is not None:
            try:
                self._ask(client, "GET", self.path)
            except (OSError, http.client.HTTPException):
                client.close()
            else:
                return client
        client = self._client()
        try:
            self._ask(client, "GET", self.path)
        except BaseException:
            client.close()
            raise
        return client

    @staticmethod
    def _ask(client: http.client.HTTPSConnection, method: str, path: str) -> None:
        client.request(method, path, body=b"x" if method == "POST" else None)
        answer = client.getresponse()
        answer.read()
        assert answer.status < 500, f"{answer.status} to {method} {path}"


def states(said: Said) -> Mapping[str, str]:
    """Service → state from `status --json`."""
    return {line["name"]: line["state"] for line in json.loads(said.out)["services"]}
