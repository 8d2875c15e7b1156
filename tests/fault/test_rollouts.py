"""The app changes while people use it; nobody notices, unless the new one is better."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import wait_until
from tests.fault.conftest import NewStack
from tests.fault.stacks import FAILED, Founder, Visitors, ask

_versions = count(1)

NODE_SERVER = """\
const http = require('http')
const server = http.createServer((request, response) => {
  request.resume()
  const answer = () => { response.setHeader('Content-Length', Buffer.byteLength(text)); response.end(text) }
  request.method === 'POST' ? setTimeout(answer, 400) : answer()
})
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
"""


def new_version() -> str:
    return f"version {next(_versions)}"


def others(founder: Founder) -> dict[str, int]:
    return {name: pid for name, pid in founder.pids().items() if not name.startswith("app-")}


@contextmanager
def unnoticed(founder: Founder) -> Iterator[Visitors]:
    """What happens inside fails no request, and touches no other process."""
    before = others(founder)
    with Visitors(founder).visiting() as visitors:
        yield visitors
    assert visitors.failed == []
    assert others(founder) == before


def edit(founder: Founder, old: str, new: str) -> None:
    file = founder.folder / "founder.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_three_deploys_a_rollback_and_a_restart_fail_no_request(running: Founder) -> None:
    with unnoticed(running):
        versions = [new_version() for _ in range(3)]
        for version in versions:
            running.write_app(version)
            running.ok("deploy", "--yes")
            assert running.serves(version)
        assert "Nothing to deploy" in running.ok("deploy").out
        running.ok("rollback", "--yes")
        assert not running.serves(versions[-1])
        running.ok("restart", "app", "--yes")


def test_more_instances_and_fewer_fail_no_request(running: Founder) -> None:
    with unnoticed(running):
        running.ok("scale", "app=3", "--yes")
        assert len([name for name in running.pids() if name.startswith("app-")]) == 3
        running.ok("scale", "app=1", "--yes")
        assert len([name for name in running.pids() if name.startswith("app-")]) == 1


def test_a_changed_environment_and_a_rotated_secret_fail_no_request(running: Founder) -> None:
    with unnoticed(running):
        edit(running, 'health = "/health"\n', 'health = "/health"\nenv = { COLOUR = "blue" }\n')
        running.ok("up", "--yes")
        running.ok("secrets", "rotate", "app.auth", "--yes")
    edit(running, 'env = { COLOUR = "blue" }\n', "")
    running.ok("up", "--yes")


def test_a_build_that_fails_leaves_the_old_release_and_says_why(running: Founder) -> None:
    version = new_version()
    running.write_app(version)
    running.ok("deploy", "--yes")
    edit(running, 'runtime = "none"\n', 'runtime = "none"\nbuild = "echo the tin opener is missing; exit 3"\n')
    with unnoticed(running):
        said = running.run("deploy", "--yes")
    assert said.code == FAILED
    assert "the tin opener is missing" in said.err
    assert running.serves(version)
    edit(running, 'build = "echo the tin opener is missing; exit 3"\n', "")
    assert "No changes" in running.ok("up", "--yes").out


@pytest.mark.parametrize(
    "broken",
    [
        "raise SystemExit('no such planet')",
        "print('no such planet', flush=True); import time; time.sleep(3600)",
    ],
    ids=["ends at once", "never listens"],
)
def test_an_instance_that_never_gets_ready_leaves_the_old_release_and_says_why(running: Founder, broken: str) -> None:
    version = new_version()
    running.write_app(version)
    edit(running, 'health = "/health"\n', 'health = "/health"\nstart_timeout_s = 4\n')
    running.ok("deploy", "--yes")
    running.write_app(new_version(), broken=broken)
    with unnoticed(running):
        said = running.run("deploy", "--yes")
    assert said.code == FAILED
    assert "no such planet" in said.err
    assert running.serves(version)
    assert len([name for name in running.pids() if name.startswith("app-")]) == 1, "nothing of the new one is left"
    running.write_app(version)
    edit(running, "start_timeout_s = 4\n", "")
    running.ok("up", "--yes")
    assert running.serves(version)


def sign_ins(founder: Founder) -> dict[str, str]:
    """The app's sign-ins to the database → until when each is good."""
    question = "SELECT rolname || ' ' || coalesce(rolvaliduntil, 'infinity') FROM pg_roles WHERE rolname ~ '^app_'"
    return dict(line.split(" ", 1) for line in ask(founder, question).splitlines())


def test_a_rotation_that_stops_half_way_takes_nothing_from_who_serves(new_stack: NewStack) -> None:
    """What breaks otherwise: ten minutes later the database refuses the serving instance's own password."""
    founder = new_stack(app="start_timeout_s = 4")
    broken = founder.state / "data" / "app" / "broken"
    founder.write_app("one", broken=f"import os\nif os.path.exists('{broken}'): raise SystemExit(1)")
    founder.ok("up", "--yes")
    (former,) = sign_ins(founder)
    broken.touch()
    assert founder.run("secrets", "rotate", "postgres.app", "--yes").code == FAILED
    assert founder.serves("one")
    assert set(sign_ins(founder).values()) == {"infinity"}
    broken.unlink()
    founder.ok("up", "--yes")
    assert founder.serves("one")
    now = sign_ins(founder)
    assert now.pop(former) != "infinity"
    assert list(now.values()) == ["infinity"]


def socket_to(founder: Founder) -> ClientConnection:
    context: ssl.SSLContext = founder.trust()
    return connect(f"wss://localhost:{founder.port('nginx.https')}/", ssl=context, open_timeout=10)


def test_a_websocket_outlives_a_rollout_until_the_drain_ends(new_stack: NewStack) -> None:
    founder = new_stack(app="drain_s = 4")
    founder.ok("up", "--yes")
    founder.write_app("two")
    with socket_to(founder) as line:
        line.send("before")
        assert line.recv(5) == "before"
        with founder.start("deploy", "--yes") as deploy:
            wait_until(lambda: founder.serves("two"), "the new release serves", 30)
            line.send("the old instance is still there")
            assert line.recv(5) == "the old instance is still there"
            with pytest.raises(ConnectionClosed):
                line.recv(30)
            _out, err = deploy.communicate(timeout=60)
        assert deploy.returncode == 0, err


def test_a_plain_node_server_deploys_without_a_failed_request(new_stack: NewStack) -> None:
    founder = new_stack()
    app = founder.folder / "app"
    (app / "server.py").unlink()
    (app / "package.json").write_text(json.dumps({"name": "plain", "private": True}), encoding="utf-8")
    edit(founder, 'start = "python3 -u server.py"\nruntime = "none"\n', 'start = "node server.js"\nbuild = ":"\n')
    (app / "server.js").write_text(f"const text = 'one'\n{NODE_SERVER}", encoding="utf-8")
    founder.ok("up", "--yes")
    with unnoticed(founder):
        for version in ("two", "three"):
            (app / "server.js").write_text(f"const text = '{version}'\n{NODE_SERVER}", encoding="utf-8")
            founder.ok("deploy", "--yes")
            assert founder.serves(version)
