"""The real programs accept the files that we generate for them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.model.process import Process
from founderstack.testing import world
from founderstack.testing.stores import FakeSecrets
from founderstack.world.keys import certificates
from founderstack.world.os.clock import SystemClock
from tests.catalogue.stacks import CASES, Case
from tests.conftest import wait_until

pytestmark = pytest.mark.service


@pytest.fixture
def state(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder that the stacks of this test really have."""
    folder = home / "diary"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(world, "PLACES", replace(world.PLACES, state=str(folder)))
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_nginx_takes_its_configuration(case: Case, state: Path) -> None:
    nginx = case.desired().processes["nginx"]
    _write(nginx)
    certificates.ensure_certificate(f"{state}/tls", ("localhost",), SystemClock(), owner="")
    tested = subprocess.run([*nginx.argv[:-2], "-t", "-g", "user root;"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr.replace("error_log stderr warn", "")


@pytest.mark.parametrize("text", ["", "[database]\nmemory_share_percent = 90\nmax_connections = 500\n"])
def test_postgres_takes_its_configuration(text: str, state: Path) -> None:
    installed = sorted(os.listdir("/usr/lib/postgresql"))[-1]
    postgres = Case("any", text).desired().processes["postgres"]
    _write(postgres)
    data = state / "data/postgres/pgdata"
    as_owner = ["setpriv", "--reuid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    shutil.rmtree(data, ignore_errors=True)
    if as_owner:
        shutil.chown(data.parent, "postgres")
    binaries = f"/usr/lib/postgresql/{installed}/bin"
    _run(*as_owner, f"{binaries}/initdb", "-D", str(data), "--auth=peer", "--no-sync")
    for setting, expected in _EXPECTED.items():
        told = _run(*as_owner, f"{binaries}/postgres", "-C", setting, *postgres.argv[1:])
        assert told.strip() == expected, setting


_EXPECTED = {
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "wal_level": "logical",
    "archive_mode": "on",
    "track_commit_timestamp": "on",
    "log_timezone": "UTC",
}


def test_the_cache_starts_with_its_configuration(state: Path) -> None:
    cache = Case("any", "[cache]\nmemory_mib = 16\n").desired().processes["redis"]
    secrets = FakeSecrets()
    secrets.ensure(["cache.app", "cache.founder", "cache.probe"])
    _write(cache, secrets)
    # The digest filter of the fake leaves a value as it is; Redis wants a digest there.
    users = Path(f"{state}/etc/redis/users.acl")
    text = users.read_text()
    for name in ("cache.app", "cache.founder", "cache.probe"):
        text = text.replace(secrets.get(name), "a" * 64)
    users.write_text(text)
    with subprocess.Popen([*cache.argv, "--port", "0", "--unixsocket", f"{state}/redis.sock"], cwd=state) as server:
        try:
            wait_until(lambda: os.path.exists(f"{state}/redis.sock") or server.poll() is not None, "Redis is there")
            assert server.poll() is None
        finally:
            server.terminate()


def _write(process: Process, secrets: FakeSecrets | None = None) -> None:
    """The files and folders of a process, its secrets filled in."""
    filled = secrets or FakeSecrets()
    if secrets is None:
        filled.ensure(["panel.gateway", "pgadmin.gateway", "redis-commander.gateway"])
    for folder in process.folders:
        os.makedirs(folder.path, exist_ok=True)
    for file in process.files:
        os.makedirs(os.path.dirname(file.path), exist_ok=True)
        Path(file.path).write_text(filled.fill(file.content))


def _run(*argv: str, env: Mapping[str, str] | None = None) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=env, cwd="/").stdout
