"""The diary as a process: what it needs, what it does without, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.app.conftest import PASSWORD, Person
from tests.app.servers import Build, Diary, Postgres, Redis, free_port, running
from tests.conftest import wait_until

ALL_WELL = {"ok": True, "database": True, "cache": True, "storage": True}


def test_without_redis_people_go_on(
    person: Callable[..., Person], another_diary: Callable[..., Diary], tmp_path: Path, place: Path
) -> None:
    """Who is signed in reads and writes, who is not signs in, and an ended session stays ended."""
    with running(Redis(place / f"redis-{uuid.uuid4()}")) as cache:
        at = another_diary(redis=cache.url, REDIS_SOCKET=cache.socket)
        ana, phone, luis = person(at).sign_up(), person(at), person(at)
        phone.email = ana.email
        phone.sign_in()
        wait_until(lambda: at.health() == ALL_WELL, "the cache is reached")
        cache.stop(signal.SIGKILL)
        wait_until(
            lambda: at.health() == {**ALL_WELL, "cache": False}, "health says which need is missing, and stays well"
        )
        ana.page.goto("/entries/new")
        ana.page.get_by_label("Title").fill("Without a cache")
        ana.page.get_by_role("button", name="Save").click()
        expect(ana.page.get_by_role("heading", name="Without a cache")).to_be_visible()
        luis.sign_up("Luis")
        luis.context.clear_cookies()
        assert luis.sign_in().ok
        assert luis.call("GET", "/api/export?format=json").ok
        guesser = person(at)
        guesser.email = ana.email
        assert 429 in [guesser.sign_in("a guess").status for _ in range(5)], "attempts are limited all the same"
        assert ana.form("/form/sessions", session="others").ok
        assert phone.call("GET", "/api/export?format=json").status == 401
        cache.up()
        wait_until(lambda: at.health() == ALL_WELL, "the cache is reached again")
        assert phone.call("GET", "/api/export?format=json").status == 401
        assert ana.call("GET", "/api/export?format=json").ok


def test_without_the_database_it_says_so_and_comes_back(
    person: Callable[..., Person], built: Build, redis: Redis, place: Path
) -> None:
    folder = place / f"alone-{uuid.uuid4()}"
    with running(Postgres(folder / "postgres")) as server:
        built.migrate(server.create("diary"))
        with running(
            Diary(
                *(built.node, built.dist, folder / "diary", server.url("diary"), redis.url),
                STACK_NAME="alone",
                DATABASE_SOCKET=server.socket,
            )
        ) as at:
            ana = person(at).sign_up()
            entry = str(uuid.uuid4())
            assert ana.write(entry).ok
            server.stop(signal.SIGKILL)
            wait_until(lambda: at.health() == {**ALL_WELL, "ok": False, "database": False}, "health says so")
            answer = ana.call("PUT", f"/api/entries/{entry}", "{}")
            assert answer.status in (400, 500)
            assert "postgres" not in answer.text().lower()
            server.up()
            wait_until(lambda: at.health() == ALL_WELL, "it is reached again", deadline_s=20)
            assert ana.call("GET", f"/api/entries/{entry}").ok


def test_what_is_missing_is_named_all_at_once(built: Build) -> None:
    env = {
        "PATH": "/usr/bin:/bin",
        "PORT": str(free_port()),
        "HOSTNAME": "127.0.0.1",
        "BETTER_AUTH_SECRET": "short",
        "REGISTRATION": "maybe",
        "ENTRIES_LIMIT": "many",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    done = subprocess.run(
        [f"{built.node}/bin/node", "server.js"],
        cwd=built.dist,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 78
    for complaint in (
        "DATABASE_URL is not set",
        "BETTER_AUTH_URL is not set",
        "FILES_DIR is not set",
        "BETTER_AUTH_SECRET is shorter",
        'REGISTRATION is "maybe"',
        'ENTRIES_LIMIT is "many"',
    ):
        assert complaint in done.stderr
    assert "REDIS_URL" not in done.stderr


def test_migrations_run_once_and_from_two_places_at_once(built: Build, postgres: Postgres) -> None:
    database = postgres.create(f"twice_{uuid.uuid4().hex}")
    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(lambda _number: built.run("migrate.mjs", env={"DATABASE_URL": database}), range(3)))
    assert sum("applied 0001-accounts.sql" in output for output in outputs) == 1
    assert "applied" not in built.run("migrate.mjs", env={"DATABASE_URL": database})


def test_a_migration_that_changed_is_refused(built: Build, postgres: Postgres, person: Callable[..., Person]) -> None:
    import psycopg

    database = postgres.create(f"changed_{uuid.uuid4().hex}", template="empty")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("update schema_migration set sha256 = 'x' where name like '0001%'")
    done = subprocess.run(
        [f"{built.node}/bin/node", "migrate.mjs"],
        cwd=built.dist,
        env={"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "0001-accounts.sql was applied already and has changed since" in done.stderr
    assert database.split("@")[0] not in done.stderr


def test_every_filter_has_an_index(postgres: Postgres) -> None:
    """A foreign key without an index makes every delete a walk through the table."""
    import psycopg

    with psycopg.connect(postgres.url("empty")) as connection:
        missing = connection.execute(
            """select c.conrelid::regclass::text, a.attname from pg_constraint c
               join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
               where c.contype = 'f' and not exists (
                 select 1 from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])"""
        ).fetchall()
        unowned = connection.execute(
            """select relname from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace
               and relname not in ('schema_migration', 'verification', 'user') and not exists (
                 select 1 from pg_attribute a where a.attrelid = c.oid and a.attname in ('user_id', 'userId'))"""
        ).fetchall()
    assert missing == []
    assert unowned == []


def test_what_is_under_way_is_finished_when_it_must_end(
    another_diary: Callable[..., Diary], person: Callable[..., Person]
) -> None:
    at = another_diary()
    ana = person(at).sign_up()
    cookies = {cookie["name"]: cookie["value"] for cookie in ana.context.cookies()}
    entry = str(uuid.uuid4())
    draft = json.dumps({"day": "2026-03-14", "title": "Slow", "body": "x" * 1000, "revision": 0}).encode()
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield draft[:500]
        begun.set()
        go_on.wait(10)
        yield draft[500:]

    with ThreadPoolExecutor(1) as pool:
        headers = {
            "origin": at.origin,
            "content-type": "application/json",
            "content-length": str(len(draft)),
            "connection": "close",
        }
        answer = pool.submit(
            httpx.put,
            f"{at.origin}/api/entries/{entry}",
            content=slowly(),
            cookies=cookies,
            headers=headers,
            timeout=20,
        )
        assert begun.wait(10)
        ana.context.close()  # its idle connections would be waited for
        assert at.process is not None
        os.kill(at.process.pid, signal.SIGTERM)
        wait_until(lambda: at.health() is None, "new requests are refused")
        go_on.set()
        assert answer.result().status_code == 200
    assert at.process.wait(timeout=20) in (0, 143, -signal.SIGTERM)
    assert ana.query("select title from entry where id = %s", entry) == [("Slow",)]


def test_it_serves_on_a_unix_socket_alone(
    built: Build, another_diary: Callable[..., Diary], tmp_path: Path, place: Path
) -> None:
    """As in a stack: a shim turns the port into a socket, and nothing listens on the port."""
    at = another_diary()
    shim = place / "listen.cjs"
    shim.write_text(
        "const net = require('net'), listen = net.Server.prototype.listen\n"
        "net.Server.prototype.listen = function (...a) { return typeof a[0] === 'number'"
        " ? listen.call(this, { path: process.env.LISTEN_UDS }, a.find((x) => typeof x === 'function'))"
        " : listen.apply(this, a) }\n"
    )
    socket = at.files / "app.sock"
    second = Diary(
        built.node, built.dist, place / f"uds-{uuid.uuid4()}", at.database, at.env["REDIS_URL"], LISTEN_UDS=str(socket)
    )
    second.env = {**second.env, "BETTER_AUTH_URL": at.origin, "STACK_NAME": at.env["STACK_NAME"]}
    second.argv = [second.argv[0], "--require", str(shim), "server.js"]
    second.start(socket.exists, "the second instance")
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url=at.origin, timeout=10) as client:
            wait_until(lambda: client.get("/api/health").status_code == 200, "it answers")
            fields = {"name": "Ana", "email": f"{uuid.uuid4()}@example.org", "password": PASSWORD}
            signed = client.post("/form/sign-up", data=fields, headers={"origin": at.origin})
            assert (signed.status_code, signed.headers["location"]) == (303, "/")
            assert client.get("/sign-in").headers["location"] == "/", "a page that redirects needs no port"
            assert client.get("/entries/00000000-0000-0000-0000-000000000000").status_code == 404
            assert "New entry" in client.get("/").text
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{second.port}/")
    finally:
        second.stop()
