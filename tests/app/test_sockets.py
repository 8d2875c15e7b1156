"""While database and cache are away, anybody on the machine may listen on their ports: the diary tells them nothing."""

from __future__ import annotations

import socket
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.app.servers import Build, Diary, Postgres, Redis, running
from tests.conftest import wait_until

WELL = {"ok": True, "database": True, "cache": True, "storage": True}
AWAY = {**WELL, "ok": False, "database": False, "cache": False}


def test_who_takes_the_ports_of_database_and_cache_hears_nothing(built: Build, place: Path) -> None:
    folder = place / f"sockets-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        database = stack.enter_context(running(Postgres(folder / "postgres")))
        cache = stack.enter_context(running(Redis(folder / "redis")))
        sockets = {"DATABASE_SOCKET": database.socket, "REDIS_SOCKET": cache.socket}
        url = database.create("diary")
        built.run("migrate.mjs", env={"DATABASE_URL": url, **sockets})
        for server in (database, cache):
            server.stop()
        thieves = [socket.create_server(("127.0.0.1", server.port)) for server in (database, cache)]
        at = Diary(built.node, built.dist, folder / "diary", url, cache.url, STACK_NAME="sockets", **sockets)
        stack.enter_context(running(at))
        wait_until(lambda: at.health() == AWAY, "it says that both are away")
        for thief in thieves:
            thief.setblocking(False)
            with thief, pytest.raises(BlockingIOError):
                thief.accept()
        for server in (database, cache):
            server.up()
        wait_until(lambda: at.health() == WELL, "it reaches both by their sockets")
