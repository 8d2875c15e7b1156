"""What was ended stays ended: against readers in flight, in another instance, and whatever becomes of Redis."""

from __future__ import annotations

import json
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis as redis_client

from tests.app.conftest import PASSWORD, Person
from tests.app.servers import Build, Diary, Redis, running
from tests.conftest import wait_until

READERS = 6
PRIVATE = "/api/export?format=json"


@contextmanager
def second_instance(at: Diary, built: Build, place: Path, **settings: str) -> Iterator[str]:
    """Another process of the same diary; gives its address. Both have one origin, as behind the gateway."""
    more = {**settings, "BETTER_AUTH_URL": at.origin, "STACK_NAME": at.env["STACK_NAME"]}
    folder = place / f"second-{uuid.uuid4()}"
    with running(Diary(built.node, built.dist, folder, at.database, at.env["REDIS_URL"], **more)) as second:
        yield f"http://localhost:{second.port}"


def headers_of(person: Person) -> dict[str, str]:
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in person.context.cookies())
    return {"cookie": cookies, "origin": person.origin, "accept": "application/json"}


@contextmanager
def busy(headers: dict[str, str], addresses: list[str]) -> Iterator[Callable[[], None]]:
    """Clients that read without a pause; gives a function that returns when each has been answered once more."""
    stop, rounds = threading.Event(), [0] * READERS

    def read(number: int) -> None:
        with httpx.Client(headers=headers, base_url=addresses[number % len(addresses)], timeout=30) as client:
            while not stop.is_set():
                client.get(PRIVATE)
                rounds[number] += 1

    def go_on() -> None:
        before = list(rounds)
        wait_until(lambda: all(now >= then + 2 for now, then in zip(rounds, before, strict=True)), "all were answered")

    with ThreadPoolExecutor(READERS) as pool:
        for number in range(READERS):
            pool.submit(read, number)
        try:
            yield go_on
        finally:
            stop.set()


def ways_to_end(ana: Person, other: Person) -> dict[str, Callable[[], bool]]:
    """Each ends the session of `ana`, that of `other` being the same person's."""
    session = ana.query('select id from "session" where "userId" = %s order by "createdAt" limit 1', ana.id)[0][0]
    return {
        "sign-out": lambda: ana.form("/form/sign-out", now="yes").ok,
        "that session": lambda: other.form("/form/sessions", session=str(session)).ok,
        "all others": lambda: other.form("/form/sessions", session="others").ok,
        "password": lambda: other.form("/form/password", current=PASSWORD, password="a new password").ok,
        "account": lambda: other.form("/form/delete-account", password=PASSWORD).ok,
    }


@pytest.mark.parametrize("way", ["sign-out", "that session", "all others", "password", "account"])
def test_an_ended_session_is_over_for_clients_that_are_in_the_middle_of_it(
    person: Callable[..., Person], diary: Diary, built: Build, place: Path, way: str
) -> None:
    ana, other = person().sign_up(), person()
    other.email = ana.email
    assert other.sign_in().ok
    end, headers = ways_to_end(ana, other)[way], headers_of(ana)
    with second_instance(diary, built, place) as second:
        addresses = [diary.origin, second]
        with busy(headers, addresses) as go_on:
            go_on()
            assert end()
            after = [httpx.get(f"{address}{PRIVATE}", headers=headers, timeout=30).status_code for address in addresses]
            go_on()
        assert after == [401, 401]
        draft = {"day": "2026-03-14", "title": "x", "body": "", "tags": [], "figures": {}, "revision": 0}
        for address in addresses:
            assert httpx.get(f"{address}{PRIVATE}", headers=headers, timeout=30).status_code == 401
            written = httpx.put(f"{address}/api/entries/{uuid.uuid4()}", headers=headers, content=json.dumps(draft))
            assert written.status_code == 401


def copies(connection: redis_client.Redis, stack: str) -> dict[str, int]:
    """The copies of sessions by name, with the seconds they have yet; what went meanwhile is left out."""
    names = connection.keys(f"{stack}:diary:sessions:*:*")
    left = {str(name): int(connection.ttl(name)) for name in names}
    return {name: seconds for name, seconds in left.items() if seconds != -2}


def test_redis_holds_copies_of_sessions_for_a_minute_and_no_key_to_them(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    at = another_diary()
    ana = person(at).sign_up()
    token = ana.query('select token from "session" where "userId" = %s', ana.id)[0][0]
    stack = at.env["STACK_NAME"]
    with redis_client.Redis.from_url(at.env["REDIS_URL"], decode_responses=True) as connection:

        def seen() -> dict[str, int]:
            assert ana.call("GET", PRIVATE).ok
            return copies(connection, stack)

        wait_until(seen, "a copy is there")
        found = seen()
        assert found
        assert all(0 <= seconds <= 60 for seconds in found.values())
        for name in connection.keys(f"{stack}:*"):
            assert name.startswith(f"{stack}:diary:"), "what Redis Commander hides"
            assert token not in f"{name} {connection.get(name)}"
        ana.query("""update "user" set name = 'Renamed' where id = %s""", ana.id)
        assert "Renamed" not in ana.call("GET", "/settings").text(), "Redis answered, not the database"
        connection.delete(*connection.keys(f"{stack}:*"))
        wait_until(lambda: "Renamed" in ana.call("GET", "/settings").text(), "without it the database answers")


def test_what_was_ended_while_redis_was_away_stays_ended_when_it_comes_back_with_old_data(
    person: Callable[..., Person], another_diary: Callable[..., Diary], place: Path
) -> None:
    folder = place / f"redis-{uuid.uuid4()}"
    with running(Redis(folder)) as cache:
        at = another_diary(redis=cache.url)
        ana, phone = person(at).sign_up(), person(at)
        phone.email = ana.email
        assert phone.sign_in().ok
        with redis_client.Redis.from_url(cache.url) as connection:

            def copied() -> bool:
                assert phone.call("GET", PRIVATE).ok
                return bool(copies(connection, at.env["STACK_NAME"]))

            wait_until(copied, "the phone's session is in Redis")
            connection.save()
        cache.stop(signal.SIGKILL)
        wait_until(lambda: at.health() == {**(at.health() or {}), "cache": False}, "it is away")
        wait_until(lambda: ana.form("/form/sessions", session="others").ok, "the phone is signed out")
        cache.up()
        wait_until(lambda: (at.health() or {}).get("cache"), "it is back, with what it had saved")
        assert phone.call("GET", PRIVATE).status == 401


def test_a_silent_redis_holds_up_nobody_and_no_sign_out_is_claimed_that_it_could_undo(
    person: Callable[..., Person], another_diary: Callable[..., Diary], place: Path
) -> None:
    with running(Redis(place / f"redis-{uuid.uuid4()}")) as cache:
        at = another_diary(redis=cache.url)
        ana = person(at).sign_up()
        headers = headers_of(ana)
        wait_until(lambda: ana.call("GET", PRIVATE).ok and (at.health() or {}).get("cache"), "Redis is used")
        assert cache.process is not None
        cache.process.send_signal(signal.SIGSTOP)
        try:
            with httpx.Client(base_url=at.origin, headers=headers, timeout=15) as client:
                assert client.get(PRIVATE).status_code == 200, "the database answers"
                answer = client.post("/form/sign-out", data={"now": "yes"})
                assert (answer.status_code, answer.json()) == (503, {"problem": "unexpected"})
                assert client.get(PRIVATE).status_code == 401
        finally:
            cache.process.send_signal(signal.SIGCONT)
        wait_until(lambda: (at.health() or {}).get("cache"), "Redis answers again")
        assert httpx.get(f"{at.origin}{PRIVATE}", headers=headers).status_code == 401
        wait_until(
            lambda: httpx.post(f"{at.origin}/form/sign-out", headers=headers, data={"now": "yes"}).is_success, "done"
        )
