"""A Supabase project moves into the diary: people sign in with their passwords, and its own tables go on working."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from founderstack.migration.files.files import Files
from founderstack.migration.files.remote_access import RestAccess
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.migration.files.upload_target import FolderShelf
from founderstack.migration.people.people import People
from founderstack.migration.people.sign_ins import App
from founderstack.migration.run import Migration
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Options
from founderstack.world.net.postgres import Address
from founderstack.world.os.clock import SystemClock
from tests.app.servers import Build, Diary, Postgres, Redis, running
from tests.conftest import enterable_folder
from tests.service.storage_servers import KEY, fill, odd_objects, rest_storage
from tests.service.supabase_source import BINARIES, PASSWORD, person, supabase_source


@pytest.fixture(scope="module")
def migrated(place: Path, built: Build, postgres: Postgres, redis: Redis) -> Iterator[tuple[Migration, Diary]]:
    """A diary that everything of the source has moved into, and the migration that did it."""
    database = postgres.create("moved_in", template="empty")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("create role postgres superuser login")
    folder = enterable_folder("founder-supabase-")
    clock, objects = SystemClock(), odd_objects()
    diary = Diary(built.node, built.dist, place / "moved-in", database, redis.url)
    with supabase_source(folder / "source") as source, rest_storage(objects) as storage, running(diary):
        fill(source, objects)
        remote = RemoteFiles(RestAccess(storage.url, KEY), clock, patience_s=20)
        migration = Migration(
            source=Source(Address("127.0.0.1", source.port, "postgres", "postgres", PASSWORD)),
            target=Target(Address("127.0.0.1", postgres.port, "diary", "moved_in"), str(BINARIES), owner="diary"),
            kind="supabase",
            folder=str(folder / "migration"),
            options=Options(),
            clock=clock,
            tell=lambda _progress: None,
            extras=(People(app=App(diary.origin)), Files(remote, FolderShelf(str(diary.files)))),
        )
        migration.run()
        yield migration, diary
    shutil.rmtree(folder)


@pytest.fixture
def moved_in(migrated: tuple[Migration, Diary]) -> Diary:
    return migrated[1]


def ask(diary: Diary, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(diary.database, autocommit=True) as connection:
        found = connection.execute(sql, values or None)
        return found.fetchall() if found.description else []


def sign_in(diary: Diary, number: int, password: str, email: str = "") -> httpx.Response:
    body = {"email": email or f"person{number}@example.com", "password": password}
    headers = {"origin": diary.origin, "x-forwarded-for": f"10.9.{number}.{len(password)}"}
    return httpx.post(f"{diary.origin}/api/auth/sign-in/email", json=body, headers=headers, timeout=20)


def test_everything_is_proved_also_that_the_app_takes_each_kind_of_password(migrated: tuple[Migration, Diary]) -> None:
    migration, _diary = migrated
    reading = replace(migration, target=replace(migration.target, reads_only=True))
    findings = reading.verify()
    assert [finding for finding in findings if not finding.ok] == []
    proved = {finding.what: finding.detail for finding in findings if "opens the app" in finding.what}
    assert proved == {
        f"people: a {kind} password opens the app, a wrong one does not": "HTTP 200, 401"
        for kind in ("bcrypt", "argon2", "firebase")
    }
    assert ask(_diary, """select count(*) from "user" where email like 'check-%%'""") == [(0,)]


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
    answer = sign_in(moved_in, 21, "Passw0rd-21!", email="PERSON21@Example.com")
    assert answer.json()["user"]["id"] == str(person(21))


@pytest.mark.parametrize(
    ("number", "why"), [(41, "TOTP"), (45, "phone"), (46, "WebAuthn"), (31, "banned"), (37, "banned")]
)
def test_who_must_not_get_in_without_a_check_does_not(moved_in: Diary, number: int, why: str) -> None:
    answer = sign_in(moved_in, number, f"Passw0rd-{number}!")
    assert (answer.status_code, answer.json()["code"]) == (403, "ACCOUNT_HELD"), why
    assert "token" not in answer.text, why
    assert [cookie for cookie in answer.headers.get_list("set-cookie") if "session_token=" in cookie] == []
    assert ask(moved_in, 'select count(*) from "session" where "userId" = %s', person(number)) == [(0,)]
    assert sign_in(moved_in, number, f"Passw0rd-{number}?x").status_code == 401


def test_who_is_held_reads_why_and_a_stranger_does_not(moved_in: Diary) -> None:
    def told(number: int, password: str, language: str) -> str:
        headers = {"origin": moved_in.origin, "x-forwarded-for": f"10.7.0.{len(password)}", "accept-language": language}
        fields = {"email": f"person{number}@example.com", "password": password}
        with httpx.Client(base_url=moved_in.origin, headers=headers, follow_redirects=True, timeout=20) as browser:
            found = re.search(r'role="alert"[^>]*>([^<]+)<', browser.post("/form/sign-in", data=fields).text)
            return found[1] if found else ""

    assert "waits to be checked" in told(41, "Passw0rd-41!", "en")
    assert "espera una comprobación" in told(41, "Passw0rd-41!", "es")
    assert told(41, "another", "en") == "The email or the password is not right."


def test_who_came_through_a_provider_has_no_password_to_guess(moved_in: Diary) -> None:
    assert sign_in(moved_in, 101, "").status_code in (400, 401)
    assert sign_in(moved_in, 101, "Passw0rd-101!").status_code == 401


def test_an_address_beyond_ascii_is_refused_as_the_plan_said(moved_in: Diary) -> None:
    assert sign_in(moved_in, 201, "Passw0rd-201!", email="persönlich201@exämple.com").status_code == 400


def test_who_signs_up_now_is_known_to_the_tables_that_moved(moved_in: Diary) -> None:
    """Triggers on auth.users fire once for a new person; what refers to them refers to a row that is there."""
    fields = {"name": "Nueva", "email": "nueva@example.com", "password": "a good password"}
    headers = {"origin": moved_in.origin, "x-forwarded-for": "10.8.0.1"}
    assert httpx.post(f"{moved_in.origin}/form/sign-up", data=fields, headers=headers, timeout=20).status_code == 303
    identity = ask(moved_in, """select id from "user" where email = 'nueva@example.com'""")[0][0]
    assert ask(moved_in, "select email, aud from auth.users where id = %s", identity) == [
        ("nueva@example.com", "authenticated")
    ]
    assert ask(moved_in, "select email from public.profiles where id = %s", identity) == [("nueva@example.com",)]
    ask(moved_in, """update "user" set email = 'otra@example.com' where id = %s""", identity)
    assert ask(moved_in, "select email from public.profiles where id = %s", identity) == [("otra@example.com",)]
    ask(moved_in, 'delete from "user" where id = %s', identity)
    assert ask(moved_in, "select count(*) from public.profiles where id = %s", identity) == [(0,)]
    assert ask(moved_in, "select count(*) from auth.users where id = %s", identity) == [(0,)]


def test_policies_hold_for_whoever_the_app_says_is_asking(moved_in: Diary) -> None:
    """The pattern that the guide describes: role and claims, for one transaction."""
    seen: dict[int, Any] = {}
    with psycopg.connect(moved_in.database) as connection:
        for number in (1, 5):
            with connection.transaction():
                connection.execute("set local role authenticated")
                claims = json.dumps({"sub": str(person(number)), "role": "authenticated"})
                connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
                seen[number] = connection.execute("select count(*) from public.todos").fetchone()
                files = connection.execute("select name from storage.files order by name").fetchall()
                seen[-number] = len([name for (name,) in files if str(person(1)) in name])
    assert seen == {1: (1500,), 5: (15,), -1: 1, -5: 0}, "somebody else's papers are not even named"


def test_the_example_of_the_guide_runs_as_it_stands_there(moved_in: Diary, built: Build, tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/leave-supabase.md").read_text(encoding="utf-8")
    example = re.search(r"```js\n// as-person.mjs\n(.*?)```", guide, re.DOTALL)
    assert example
    (tmp_path / "as-person.mjs").write_text(example[1], encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(built.dist / "node_modules")
    (tmp_path / "ask.mjs").write_text(
        f"""import {{ asPerson, pool }} from "./as-person.mjs";
        const todos = "select count(*)::int as n from public.todos";
        const count = (client) => client.query(todos).then((found) => found.rows[0].n);
        const drop = (client) => client.query("drop table public.todos");
        console.log(JSON.stringify([
          await asPerson({{ id: "{person(1)}" }}, count),
          await asPerson({{ id: "{person(5)}" }}, count),
          await asPerson({{ id: "{person(1)}" }}, drop).catch((error) => error.code),
          await pool.query("select current_user").then((found) => found.rows[0].current_user),
        ]));
        await pool.end();""",
        encoding="utf-8",
    )
    said = subprocess.run(
        [built.node / "bin/node", "ask.mjs"],
        cwd=tmp_path,
        env={"DATABASE_URL": moved_in.database},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert said.stdout.strip() == '[1500,15,"42501","diary"]', said.stderr
