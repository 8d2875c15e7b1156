"""Accounts: mail, sessions, two-factor sign-in, who may register, people from elsewhere, and leaving for good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.app.conftest import PASSWORD, Person
from tests.app.mailbox import Mailbox
from tests.app.servers import Build, Diary
from tests.conftest import wait_until

BCRYPT_OF_PASSWORD = "$2b$10$rmrP8R7axxem.CK8rymLhunPaj8wKRZ.NQHeJAtX4WkjfwYuoSHVW"
"""What Supabase keeps of the password "correct horse battery staple"."""


def mail_to(person: Person) -> tuple[str, str]:
    """Subject and link of the last message for this person in the outbox."""
    subject, body = person.query(
        "select subject, body from outbox where recipient = %s order by created_at desc limit 1", person.email
    )[0]
    return subject, re.search(r"https?://\S+", body)[0]  # type: ignore[index]


def totp(key: str, counter: int) -> str:
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.new(secret, struct.pack(">Q", counter), hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def code_now(person: Person, key: str) -> str:
    """The code of the server's own moment."""
    return totp(key, int(person.query("select extract(epoch from now())")[0][0]) // 30)


@pytest.mark.parametrize(
    ("locale", "device", "subject"), [("en", "desktop", "Reset your"), ("es", "phone", "Restablece tu")]
)
def test_a_forgotten_password_is_reset_by_mail(
    person: Callable[..., Person], locale: str, device: str, subject: str
) -> None:
    ana = person(locale=locale, device=device).sign_up()
    elsewhere = person(locale=locale)
    elsewhere.email = ana.email
    assert elsewhere.sign_in().ok
    ana.context.clear_cookies()
    page = ana.page
    page.goto("/forgot")
    page.get_by_role("textbox").fill(ana.email)
    page.locator("button.primary").click()
    expect(page.get_by_role("status")).to_be_visible()
    title, link = mail_to(ana)
    assert title.startswith(subject)
    page.goto(link)
    page.locator("input[type=password]").fill("a new password")
    page.locator("button.primary").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    assert elsewhere.call("GET", "/api/export?format=json").status == 401, "a reset signs out everywhere"
    assert ana.sign_in().json() == {"problem": "wrong_password"}
    assert ana.sign_in("a new password").ok
    again = ana.form("/form/reset", token=link.split("token=")[1], password="yet another one")
    assert again.json() == {"problem": "expired_link"}


def test_asking_for_a_reset_tells_nobody_who_has_an_account(person: Callable[..., Person]) -> None:
    ana, nobody = person().sign_up(), person()
    known = ana.form("/form/forgot", email=ana.email)
    unknown = nobody.form("/form/forgot", email="nobody-at-all@example.org")
    assert (known.status, known.json()) == (unknown.status, unknown.json())


def test_the_admin_proves_the_address_and_then_reads_the_outbox(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    at = another_diary(ADMIN_EMAIL="boss@example.org")
    boss, ana = person(at), person(at)
    boss.email = "boss@example.org"
    boss.sign_up("Boss")
    ana.sign_up()
    ana.form("/form/forgot", email=ana.email)
    page = boss.page
    page.goto("/admin")
    expect(page.get_by_text("Confirm your email first")).to_be_visible()
    assert "Reset your" not in page.content()
    assert boss.form("/form/invite", email="x@example.org").status == 404
    page.goto(mail_to(boss)[1])
    expect(page.get_by_text("Your email is confirmed.")).to_be_visible()
    page.goto("/admin")
    expect(page.get_by_text(f"To {ana.email}").first).to_be_visible()
    page.get_by_text("Reset your Founder Diary password").click()
    expect(page.get_by_text(re.compile("/reset\\?token="))).to_be_visible()
    assert ana.call("GET", "/admin").status == 404
    assert ana.form("/form/invite", email="x@example.org").status == 404


def test_mail_goes_out_by_smtp_and_waits_while_the_server_is_away(
    person: Callable[..., Person], another_diary: Callable[..., Diary], place: Path
) -> None:
    with Mailbox() as mailbox:
        at = another_diary(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", SMTP_FROM="Diary <diary@example.org>")
        ana = person(at).sign_up()
        wait_until(lambda: mailbox.messages, "the message arrived")
        assert ana.email in mailbox.messages[0]
        assert "Confirm your email" in mailbox.messages[0]
        wait_until(lambda: ana.query("select count(*) from outbox") == [(0,)], "what went out has left the outbox")
    luis = person(at).sign_up("Luis")
    wait_until(
        lambda: luis.query("select count(*) from outbox where problem is not null") == [(1,)],
        "it waits, with the reason",
    )


def test_invitations(person: Callable[..., Person], another_diary: Callable[..., Diary]) -> None:
    at = another_diary(REGISTRATION="invite", ADMIN_EMAIL="boss@example.org")
    boss, ana, luis = person(at), person(at), person(at)
    boss.email = "boss@example.org"
    boss.sign_up("Boss")  # the first account of all may be the admin's
    boss.page.goto(mail_to(boss)[1])
    boss.page.goto("/admin")
    boss.page.get_by_label("Email").fill(ana.email)
    boss.page.get_by_role("button", name="Invite").click()
    expect(boss.page.get_by_text("The invitation is on its way.")).to_be_visible()
    subject, link = mail_to(ana)
    assert subject == "Boss invites you to Founder Diary"
    token = link.split("invitation=")[1]
    refused = {"problem": "invitation"}
    assert luis.form("/form/sign-up", name="L", email=luis.email, password=PASSWORD).json() == refused
    assert luis.form("/form/sign-up", name="L", email=luis.email, password=PASSWORD, invitation=token).json() == refused
    ana.page.goto(link)
    expect(ana.page.get_by_label("Email")).to_have_value(ana.email)
    ana.page.get_by_label("Name").fill("Ana")
    ana.page.get_by_label("Password").fill(PASSWORD)
    ana.page.get_by_role("button", name="Create account").click()
    expect(ana.page).to_have_url(f"{ana.origin}/")
    assert ana.query("select count(*) from invitation where used_at is not null") == [(1,)]


@pytest.mark.parametrize(
    ("registration", "problem"), [("invite", "invitation"), ("UNSET", "invitation"), ("closed", "closed")]
)
def test_who_may_not_register_does_not_learn_who_has_an_account(
    person: Callable[..., Person], another_diary: Callable[..., Diary], registration: str, problem: str
) -> None:
    at = another_diary(REGISTRATION=registration, ADMIN_EMAIL="boss@example.org")
    boss, stranger = person(at), person(at)
    boss.email = "boss@example.org"
    boss.sign_up("Boss")
    for address in (boss.email, "Boss@Example.org", "free@example.org"):
        for password in (PASSWORD, "short"):
            answer = stranger.form("/form/sign-up", name="S", email=address, password=password, invitation="made-up")
            assert (answer.status, answer.json()) == (403, {"problem": problem}), address


def test_after_the_first_account_people_come_by_invitation(
    person: Callable[..., Person], another_diary: Callable[..., Diary], built: Build
) -> None:
    """Also when several are the first at once."""
    at = another_diary(REGISTRATION="UNSET")
    watcher, luis = person(at), person(at)

    def sign_up(number: int) -> int:
        headers = {"origin": at.origin, "accept": "application/json", "x-forwarded-for": f"10.200.0.{number}"}
        fields = {"name": "Ana", "email": f"first-{number}@example.org", "password": PASSWORD}
        return httpx.post(f"{at.origin}/form/sign-up", headers=headers, data=fields, timeout=30).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign_up, range(4))) == [200, 403, 403, 403]
    assert watcher.query('select count(*) from "user"') == [(1,)]
    luis.page.goto("/sign-up")
    expect(luis.page.get_by_text("You need an invitation")).to_be_visible()
    refused = luis.form("/form/sign-up", name="L", email=luis.email, password=PASSWORD)
    assert refused.json() == {"problem": "invitation"}
    link = built.run("admin.mjs", "invite", luis.email, env=at.env)
    luis.sign_up("Luis", invitation=link.strip().split("invitation=")[1])
    assert watcher.query('select count(*) from "user"') == [(2,)]


def test_closed_registration(person: Callable[..., Person], another_diary: Callable[..., Diary]) -> None:
    ana = person(another_diary(REGISTRATION="closed"))
    ana.page.goto("/sign-up")
    expect(ana.page.get_by_text("Registration is closed.")).to_be_visible()
    assert ana.form("/form/sign-up", name="Ana", email=ana.email, password=PASSWORD).json() == {"problem": "closed"}
    assert ana.query('select count(*) from "user"') == [(0,)]


def turn_on_two_factor(person: Person) -> tuple[str, list[str]]:
    """In the settings; gives the key and the recovery codes."""
    page = person.page
    page.goto("/settings")
    section = page.locator("section").filter(
        has=page.get_by_role("heading", name=re.compile("^(Two-factor sign-in|Verificación en dos pasos)$"))
    )
    section.locator("input[type=password]").fill(PASSWORD)
    section.get_by_role("button").click()
    key = section.locator("code.key").inner_text()
    codes = section.locator(".codes code").all_inner_texts()
    assert len(codes) >= 8
    section.locator("input[name=code]").fill("000000")
    section.get_by_role("button").click()
    expect(section.get_by_role("alert")).to_be_visible()
    section.locator("input[name=code]").fill(code_now(person, key))
    section.get_by_role("button").click()
    expect(page.get_by_text(re.compile("sign-in is on|está activada"))).to_be_visible()
    return key, codes


@pytest.mark.parametrize(("locale", "device"), [("en", "desktop"), ("es", "phone")])
def test_two_factor_sign_in(person: Callable[..., Person], locale: str, device: str) -> None:
    ana = person(locale=locale, device=device).sign_up()
    key, codes = turn_on_two_factor(ana)
    page = ana.page
    ana.context.clear_cookies()
    page.goto("/sign-in")
    page.locator("input[name=email]").fill(ana.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button.primary").click()
    expect(page).to_have_url(re.compile("/two-factor"))
    assert ana.call("GET", "/api/export?format=json").status == 401, "the password alone opens nothing"
    page.locator("input[name=code]").fill("123456")
    page.locator("button.primary").click()
    expect(page.locator("form .problem")).to_be_visible()
    page.locator("input[name=code]").fill(codes[0])
    page.locator("button.primary").click()
    expect(page).to_have_url(f"{ana.origin}/")

    again = person()
    again.email = ana.email
    assert again.sign_in().json() == {"go": "/two-factor?next=%2F"}
    assert again.form("/form/two-factor", code=codes[0]).json() == {"problem": "wrong_code"}, (
        "a recovery code works once"
    )
    assert again.form("/form/two-factor", code=code_now(again, key)).ok
    assert again.form("/form/two-factor-off", password="wrong").json() == {"problem": "wrong_current"}
    assert again.form("/form/two-factor-off", password=PASSWORD).ok
    third = person()
    third.email = ana.email
    assert third.sign_in().json() == {"go": "/"}


def test_sessions_are_listed_and_ended_elsewhere(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    laptop, phone = person(), person()
    for device in (laptop, phone):
        device.email = ana.email
        assert device.sign_in().ok
    page = ana.page
    page.goto("/settings")
    rows = page.locator("section", has_text="Where you are signed in").locator("li")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="This device")).to_have_count(1)
    rows.filter(has_text=re.compile(r"10\.0\.")).get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("Signed out there.")).to_be_visible()
    expect(rows).to_have_count(2)
    statuses = sorted(device.call("GET", "/api/export?format=json").status for device in (laptop, phone))
    assert statuses == [200, 401]
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(rows).to_have_count(1)
    assert {device.call("GET", "/api/export?format=json").status for device in (laptop, phone)} == {401}
    assert ana.call("GET", "/api/export?format=json").ok


def test_changing_the_password_signs_out_elsewhere(person: Callable[..., Person]) -> None:
    ana, elsewhere = person().sign_up(), person()
    elsewhere.email = ana.email
    elsewhere.sign_in()
    assert ana.form("/form/password", current="wrong", password="a new password").json() == {"problem": "wrong_current"}
    assert ana.form("/form/password", current=PASSWORD, password="short").json() == {"problem": "short_password"}
    assert ana.form("/form/password", current=PASSWORD, password="a new password").ok
    assert ana.call("GET", "/api/export?format=json").ok
    assert elsewhere.call("GET", "/api/export?format=json").status == 401


def test_people_from_supabase_keep_their_id_and_password(person: Callable[..., Person]) -> None:
    ana, known = person(), str(uuid.uuid4())
    ana.query(
        'insert into "user" (id, name, email, "emailVerified") values (%s, %s, %s, true)', known, "Ana", ana.email
    )
    ana.query(
        'insert into "account" ("accountId", "providerId", "userId", password, "updatedAt")'
        " values (%s, %s, %s, %s, now())",
        known,
        "credential",
        known,
        BCRYPT_OF_PASSWORD,
    )
    assert ana.sign_in("not it").json() == {"problem": "wrong_password"}
    assert ana.sign_in().ok
    entry = str(uuid.uuid4())
    assert ana.write(entry).ok
    assert ana.query("select user_id::text from entry where id = %s", entry) == [(known,)]


def test_attempts_are_limited_by_the_client_s_own_address(person: Callable[..., Person]) -> None:
    ana, guesser, neighbour = person().sign_up(), person(), person()
    guesser.email = neighbour.email = ana.email
    answers = [guesser.sign_in(f"guess {number}").status for number in range(6)]
    assert answers[:3] == [401, 401, 401]
    assert answers[-1] == 429
    assert neighbour.sign_in().ok, "somebody at another address is not held up"


def test_an_account_is_deleted_with_everything_in_it(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(entry, tags=["x"], figures={"y": 1})
    ana.write(entry, revision=1, body="changed")
    assert ana.call("POST", f"/api/entries/{entry}/files", b"hello", **{"x-file-name": "a.txt"}).ok
    owner = ana.id
    folder = ana.diary.files / owner
    assert list(folder.iterdir())
    assert ana.form("/form/delete-account", password="wrong").json() == {"problem": "wrong_current"}
    page = ana.page
    page.goto("/settings")
    section = page.locator("section").filter(has=page.get_by_role("heading", name="Delete the account"))
    section.locator("input").fill(PASSWORD)
    section.get_by_role("button").click()
    expect(page).to_have_url(re.compile("/sign-up"))
    for table, column in [
        ("entry", "user_id"),
        ("entry_tag", "user_id"),
        ("entry_figure", "user_id"),
        ("entry_version", "user_id"),
        ("attachment", "user_id"),
        ("outbox", "user_id"),
        ('"session"', '"userId"'),
        ('"account"', '"userId"'),
        ('"user"', "id"),
    ]:
        assert ana.query(f"select count(*) from {table} where {column} = %s", owner) == [(0,)], table
    wait_until(lambda: not list(folder.iterdir()), "the files are gone from the disk")
    assert ana.sign_in().json() == {"problem": "wrong_password"}
