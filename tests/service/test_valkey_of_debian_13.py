"""Valkey from Debian 13's package, started from what the catalogue says, and exchanged for this machine's Redis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis

from founderstack.model import process as p
from founderstack.model.errors import StackError
from founderstack.world.os.processes import alive
from tests.conftest import enterable_folder, wait_until
from tests.service.components import Components, components, stack_of
from tests.service.primaries import OTHER_PACKAGES
from tests.service.roots import debian_13, taken_out

TEXT = "[cache]\nmemory_mib = 16\n"
REWRITES_SOON = ("--auto-aof-rewrite-min-size", "1kb", "--auto-aof-rewrite-percentage", "1")

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Caches:
    """A stack's cache, which can be either of the two."""

    running: Components
    valkey_command: tuple[str, ...]

    def use(self, name: str, *more: str) -> None:
        """Bring up that one in the place of the other, with more options."""
        os_of = {"redis": "debian:12", "valkey": "debian:13"}
        here = self.running
        here.machine = replace(here.machine, os=os_of[name])
        here.stack = stack_of(here.stack.name, f'{TEXT}use = "{name}"\n', here.machine)
        port = next(number for key, number in here.choices.ports.items() if key.endswith(".redis"))
        here.choices = replace(
            here.choices,
            components={**here.choices.components, "cache": name},
            ports={**here.choices.ports, f"{name}.redis": port},
        )
        here.apply(self.wanted(name, more))

    def empty(self) -> None:
        """Stop what runs and take its data away."""
        self.running.apply(p.Desired())
        shutil.rmtree(self.running.places.data("cache"), ignore_errors=True)

    def wanted(self, name: str, more: Sequence[str]) -> p.Desired:
        """The process as the catalogue has it, the program taken out of the other system's root."""
        process = self.running.desired().processes[name]
        ready = replace(process.ready, timeout_s=10)
        if name == "valkey":
            assert process.argv[0] == "/usr/bin/valkey-server"
            process = replace(process, argv=(*self.valkey_command, *process.argv[1:]))
        process = replace(process, argv=(*process.argv, *more), needs=(), ready=ready)
        return p.Desired({name: process})

    def client(self, user: str = "app", password: str = "") -> Any:
        view = self.running.view("cache")
        password = password or self.running.secrets.get(f"cache.{user}")
        return redis.Redis(
            port=view.endpoint("cache").port, username=user, password=password, decode_responses=True, socket_timeout=20
        )


@pytest.fixture(scope="module")
def caches(shared_home: Path) -> Iterator[Caches]:
    home = enterable_folder("founder-valkey-")
    (home / "shared").symlink_to(shared_home)
    program = home / "program"
    program.mkdir(mode=0o755)
    command = taken_out(debian_13(*OTHER_PACKAGES), "/usr/bin/valkey-server", program)
    with components(home, f'{TEXT}use = "redis"\n', ["redis", "valkey"]) as running:
        caches = Caches(running, command)
        caches.empty()
        yield caches
    shutil.rmtree(home)


def test_valkey_starts_as_the_catalogue_says(caches: Caches) -> None:
    caches.use("valkey")
    with closing(caches.client()) as app:
        about = app.info("server")
        assert (about["server_name"], about["valkey_version"].split(".")[0]) == ("valkey", "8")
        assert app.info("memory")["maxmemory"] == 16 * 1024 * 1024
        assert app.info("memory")["maxmemory_policy"] == "allkeys-lru"
        assert app.info("persistence")["aof_enabled"] == 1
        with pytest.raises(redis.exceptions.NoPermissionError):
            app.config_set("maxmemory", 0)
    owner = Path(f"/proc/{caches.running.pid('valkey')}").stat().st_uid
    assert os.geteuid() != 0 or owner != 0, "it has a system user of its own"


def test_valkey_lets_nobody_in_without_a_password(caches: Caches) -> None:
    caches.use("valkey")
    port = caches.running.view("cache").endpoint("cache").port
    with closing(redis.Redis(port=port)) as nobody, pytest.raises(redis.exceptions.AuthenticationError):
        nobody.ping()
    with closing(caches.client(password="wrong")) as guesser, pytest.raises(redis.exceptions.AuthenticationError):
        guesser.ping()


def test_valkey_makes_room_instead_of_growing(caches: Caches) -> None:
    caches.use("valkey")
    with closing(caches.client()) as app:
        for number in range(24):
            app.set(f"big:{number}", "x" * 2**20)
        assert app.info("stats")["evicted_keys"] > 0
        assert app.info("memory")["used_memory"] < 24 * 2**20
        app.flushdb()


def test_valkey_keeps_its_data_when_it_is_stopped(caches: Caches) -> None:
    caches.use("valkey")
    with closing(caches.client()) as app:
        app.set("kept", "as it was")
    before = caches.running.pid("valkey")
    caches.running.runtime.restart("valkey")
    assert not alive(before)
    with closing(caches.client()) as app:
        assert app.get("kept") == "as it was"


@pytest.fixture
def emptied(caches: Caches) -> Iterator[Caches]:
    """The caches without data, before and afterwards: what one of them has written the other may not read."""
    caches.empty()
    yield caches
    caches.empty()


def refused(caches: Caches, name: str) -> None:
    """That one says that it cannot read what the other has written, and where that is."""
    with pytest.raises(StackError) as error:
        caches.use(name)
    assert error.value.why.startswith("Another program, or a newer version of this one, has written")
    assert caches.running.places.data("cache") in error.value.fix


def test_the_data_of_redis_is_valkeys_and_what_redis_cannot_read_again_is_said_to_be_so(emptied: Caches) -> None:
    caches = emptied
    caches.use("redis")
    with closing(caches.client()) as app:
        parted = int(app.info("server")["redis_version"].split(".")[0]) >= 8
        app.set("session", "of ana", ex=3600)
        app.hset("hash", mapping={"a": "1", "b": "2"})
        app.zadd("ranks", {"one": 1, "two": 2})
    if parted:  # Debian 13's own: what it writes Valkey cannot read
        refused(caches, "valkey")
        caches.use("redis")
        with closing(caches.client()) as app:
            assert app.get("session") == "of ana"
        return
    caches.use("valkey", *REWRITES_SOON)
    with closing(caches.client()) as app:
        assert (app.get("session"), app.hgetall("hash")) == ("of ana", {"a": "1", "b": "2"})
        assert app.zrange("ranks", 0, -1, withscores=True) == [("one", 1.0), ("two", 2.0)]
        assert 3000 < app.ttl("session") <= 3600
        app.set("later", "in Valkey's own format" + "." * 2048)
        wait_until(lambda: _format(caches) > b"0010", "the data is written anew")
    refused(caches, "redis")
    caches.use("valkey")
    with closing(caches.client()) as app:
        assert app.get("session") == "of ana"
        assert app.get("later").startswith("in Valkey's own format")


def _format(caches: Caches) -> bytes:
    """The version of the format that the data is kept in."""
    base = max(Path(f"{caches.running.places.data('cache')}/appendonlydir").glob("*.base.rdb"))
    return base.read_bytes()[5:9]
