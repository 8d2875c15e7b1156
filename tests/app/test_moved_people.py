"""People who moved in from a Supabase project sign in to the diary with the passwords that they had there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from founderstack.migration.journal import Journal
from founderstack.migration.people import People
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Context, Options
from founderstack.world.clock import SystemClock
from founderstack.world.postgres import Address
from tests.app.servers import Build, Diary, Postgres, Redis, running
from tests.conftest import enterable_folder
from tests.service.supabase_source import BINARIES, PASSWORD, person, supabase_source


@pytest.fixture(scope="module")
def moved_in(place: Path, built: Build, postgres: Postgres, redis: Redis) -> Iterator[Diary]:
    """A diary that everybody of the source has moved into."""
    database = postgres.create("moved_in", template="empty")
    folder = enterable_folder("founder-supabase-")
    with supabase_source(folder) as source:
        target = Target(Address("127.0.0.1", postgres.port, "diary", "moved_in"), str(BINARIES), owner="diary")
        journal = Journal(target)
        journal.begin("a source", "supabase", "digest")
        where = Source(Address("127.0.0.1", source.port, "postgres", "postgres", PASSWORD))
        context = Context(
            "supabase", where, target, journal, str(folder), Options(), SystemClock(), lambda _progress: None
        )
        People().run(context)
        assert all(finding.ok for finding in People().verify(context))
    shutil.rmtree(folder)
    with running(Diary(built.node, built.dist, place / "moved-in", database, redis.url)) as diary:
        yield diary


def sign_in(diary: Diary, number: int, password: str, email: str = "") -> httpx.Response:
    return httpx.post(
        f"{diary.origin}/api/auth/sign-in/email",
        json={"email": email or f"person{number}@example.com", "password": password},
        headers={"origin": diary.origin, "x-forwarded-for": f"10.9.{number}.{len(password)}"},
        timeout=20,
    )


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (2, "bcrypt"),
        (7, "bcrypt, without an identity"),
        (35, "a ban that is over"),
        (44, "a second factor only begun"),
        (121, "beside a provider"),
        (189, "Argon2id"),
        (192, "Firebase's scrypt"),
        (231, "made by the app's triggers"),
    ],
)
def test_the_old_password_opens_the_account_and_another_does_not(moved_in: Diary, number: int, kind: str) -> None:
    answer = sign_in(moved_in, number, f"Passw0rd-{number}!")
    assert answer.status_code == 200, (kind, answer.text)
    assert answer.json()["user"]["id"] == str(person(number))
    assert sign_in(moved_in, number, f"Passw0rd-{number}?x").status_code == 401


def test_the_address_may_be_written_in_capitals(moved_in: Diary) -> None:
    assert sign_in(moved_in, 21, "Passw0rd-21!", email="PERSON21@Example.com").json()["user"]["id"] == str(person(21))


@pytest.mark.parametrize(("number", "why"), [(41, "TOTP"), (45, "phone"), (46, "WebAuthn"), (31, "banned"), (37, "banned")])
def test_who_must_not_get_in_without_a_check_does_not(moved_in: Diary, number: int, why: str) -> None:
    answer = sign_in(moved_in, number, f"Passw0rd-{number}!")
    assert "token" not in answer.text, why
    assert not any("session_token=" in cookie and "session_token=;" not in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert sign_in(moved_in, number, f"Passw0rd-{number}?x").status_code == 401


def test_who_came_through_a_provider_has_no_password_to_guess(moved_in: Diary) -> None:
    assert sign_in(moved_in, 101, "").status_code in (400, 401)
    assert sign_in(moved_in, 101, "Passw0rd-101!").status_code == 401


def test_an_address_beyond_ascii_is_refused_as_the_plan_said(moved_in: Diary) -> None:
    assert sign_in(moved_in, 201, "Passw0rd-201!", email="persönlich201@exämple.com").status_code == 400
