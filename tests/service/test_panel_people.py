"""People, two-step sign-in, sessions and secrets, over HTTP: the panel in this process, its clock moved by the test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from founderstack.panel.people.accounts import ONE_TIME_S
from founderstack.panel.people.second_factor import RECOVERY_CODES
from founderstack.panel.people.sessions import FRESH_S, IDLE_S
from founderstack.panel.people.sign_in import HALFWAY_S
from tests.service.agents import Bench, ManualClock
from tests.service.panels import (
    COOKIE,
    PASSWORD,
    Browser,
    Door,
    agent_serving,
    panel_here,
    write_accounts,
    write_configuration,
)

ANAS_OWN = "a good long sentence"


@dataclass
class House:
    """A panel, its clock, and the folder of its files."""

    door: Door
    clock: ManualClock
    folder: Path

    def browser(self) -> Browser:
        return self.door.browser()

    def signed_in(self, user: str = "founder", password: str = PASSWORD) -> Browser:
        browser = self.browser()
        assert browser.sign_in(user, password).status_code == 303
        browser.get("/account")
        return browser

    def audited(self) -> list[dict[str, Any]]:
        text = self.signed_in().get("/audit/export?format=jsonl").text
        return [json.loads(line) for line in text.splitlines()][::-1]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = ManualClock()
    write_configuration(tmp_path)
    write_accounts(tmp_path, founder="admin")
    with panel_here(tmp_path, clock) as door:
        yield House(door, clock, tmp_path)


def invited(house: House, user: str = "ana", role: str = "viewer") -> str:
    """The one-time password of somebody whom the founder has just let in."""
    founder = house.signed_in()
    founder.get("/people")
    page = founder.post("/people/invite", user=user, role=role)
    assert page.status_code == 200
    found = re.search(r'class="once"><code>([^<]+)<', page.text)
    assert found
    return found[1]


def settled(house: House, user: str = "ana", role: str = "viewer") -> Browser:
    """Somebody who was let in and has chosen a password."""
    browser = house.browser()
    given = invited(house, user, role)
    browser.sign_in(user, given)
    browser.get("/password")
    answer = browser.post("/password", password=given, new=ANAS_OWN, again=ANAS_OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    browser.get("/account")
    return browser


def with_codes(house: House, browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Two-step sign-in turned on, and the recovery codes."""
    page = browser.get("/account/two-step").text
    found = re.search(r'class="secret">([^<]+)<', page)
    assert found
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    answer = browser.post("/account/two-step", code=totp.at(int(house.clock.now())))
    assert answer.status_code == 200
    browser.get("/account")
    return totp, re.findall(r"<li><code>([^<]+)</code></li>", answer.text)


def test_somebody_let_in_chooses_a_password_before_anything_else(house: House) -> None:
    given = invited(house)
    ana = house.browser()
    assert ana.sign_in("ana", given).headers["location"] == "/password"
    for path in ("/", "/account", "/plan"):
        assert ana.get(path).headers["location"] == "/password"
    assert ana.get("/tiles").status_code == 403
    assert ana.get("/auth").status_code == 403
    ana.get("/password")
    for password, new, again in (
        ("x", ANAS_OWN, ANAS_OWN),
        (given, ANAS_OWN, "another good sentence"),
        (given, "short", "short"),
        (given, "ana-ana-ana-ana-1", "ana-ana-ana-ana-1"),
    ):
        assert ana.post("/password", password=password, new=new, again=again).status_code == 422
    ana.post("/password", password=given, new=ANAS_OWN, again=ANAS_OWN)
    assert ana.get("/").status_code == 200
    assert house.browser().sign_in("ana", given).status_code == 401, "the one-time password is used up"


def test_a_one_time_password_ends_after_a_week(house: House) -> None:
    given = invited(house)
    house.clock.advance(ONE_TIME_S + 1)
    assert house.browser().sign_in("ana", given).status_code == 401


def test_a_name_that_cannot_be_taken_is_told_on_the_page(house: House) -> None:
    founder = house.signed_in()
    founder.get("/people")
    for name in ("founder", "a b", "<script>"):
        page = founder.post("/people/invite", user=name, role="viewer")
        assert page.status_code == 422
        assert 'class="once"' not in page.text
        assert "<script>" not in page.text.replace("<script src", "")


def test_the_stacks_account_and_ones_own_stay(house: House) -> None:
    founder, ana = house.signed_in(), settled(house, role="admin")
    ana.get("/people")
    for path in ("/people/remove", "/people/reset", "/people/role"):
        for user in ("founder", "ana", "nobody"):
            assert ana.post(path, user=user, role="viewer").status_code == 422
    assert founder.get("/").status_code == 200
    assert ana.get("/people").status_code == 200


@pytest.mark.parametrize("path", ["/people/remove", "/people/reset", "/people/role", "/people/sessions"])
def test_what_an_admin_does_to_somebody_ends_their_sessions_and_their_tools(house: House, path: str) -> None:
    ana = settled(house, role="admin")
    assert ana.get("/auth").status_code == 204
    founder = house.signed_in()
    founder.get("/people")
    assert founder.post(path, user="ana", role="viewer").status_code in (200, 303)
    assert ana.get("/auth").status_code == 401
    assert ana.get("/").headers["location"] == "/sign-in"


def test_another_password_ends_every_other_session_and_names_this_one_anew(house: House) -> None:
    here, elsewhere = house.signed_in(), house.signed_in()
    before, tool = here.cookies[COOKIE], here.get("/auth").headers["x-founder-session"]
    here.get("/password")
    assert here.post("/password", password=PASSWORD, new=ANAS_OWN, again=ANAS_OWN).status_code == 303
    assert here.cookies[COOKIE] != before
    assert here.get("/auth").headers["x-founder-session"] != tool, "what a tool held for the session is over"
    assert elsewhere.get("/auth").status_code == 401
    assert house.browser().sign_in().status_code == 401
    assert house.browser().sign_in(password=ANAS_OWN).status_code == 303


def test_two_steps_ask_for_a_code_and_no_code_is_good_twice(house: House) -> None:
    founder = house.signed_in()
    totp, codes = with_codes(house, founder)
    assert len(codes) == RECOVERY_CODES
    browser = house.browser()
    halfway = browser.sign_in()
    assert halfway.headers["location"] == "/sign-in/code?next=/"
    assert "__Host-" in halfway.headers["set-cookie"], "the cookie from before the password is worth nothing"
    assert browser.get("/auth").status_code == 401, "a password alone opens nothing"
    browser.get("/sign-in/code")
    assert browser.post("/sign-in/code", code="000000").status_code == 401
    used = totp.at(int(house.clock.now()))
    assert browser.post("/sign-in/code", code=used).status_code == 401, "it turned two-step sign-in on"
    house.clock.advance(30)
    code = totp.at(int(house.clock.now()))
    assert browser.post("/sign-in/code", code=code, next="/plan").headers["location"] == "/plan"
    assert browser.get("/auth").status_code == 204
    again = house.browser()
    again.sign_in()
    again.get("/sign-in/code")
    assert again.post("/sign-in/code", code=code).status_code == 401
    assert again.post("/sign-in/code", code=codes[0].upper().replace("-", " ")).status_code == 303
    assert f"Recovery codes left: {RECOVERY_CODES - 1}." in again.get("/account").text
    third = house.browser()
    third.sign_in()
    third.get("/sign-in/code")
    assert third.post("/sign-in/code", code=codes[0]).status_code == 401


def test_nobody_reaches_the_second_step_without_the_first_or_too_late(house: House) -> None:
    totp, _codes = with_codes(house, house.signed_in())
    stranger = house.browser()
    stranger.get("/sign-in")
    house.clock.advance(60)
    assert stranger.post("/sign-in/code", code=totp.at(int(house.clock.now()))).headers["location"] == "/sign-in?next=/"
    late = house.browser()
    late.sign_in()
    late.get("/sign-in/code")
    house.clock.advance(HALFWAY_S + 1)
    assert late.post("/sign-in/code", code=totp.at(int(house.clock.now()))).headers["location"] == "/sign-in?next=/"


def test_codes_cannot_be_guessed(house: House) -> None:
    with_codes(house, house.signed_in())
    guesser = house.browser()
    guesser.sign_in()
    guesser.get("/sign-in/code")
    statuses = [guesser.post("/sign-in/code", code=f"{number:06}").status_code for number in range(100)]
    assert statuses.count(401) <= 6
    assert set(statuses) == {401, 429}


def test_the_stack_gives_back_an_account_whose_phone_is_lost(house: House) -> None:
    with_codes(house, house.signed_in())
    write_accounts(house.folder, founder="admin")  # as `founder secrets rotate panel.admin` does
    house.clock.advance(60)
    assert house.browser().sign_in().headers["location"] == "/"


def test_secrets_and_accounts_want_a_fresh_sign_in(house: House) -> None:
    founder = house.signed_in()
    house.clock.advance(FRESH_S + 1)
    assert founder.get("/account").status_code == 200
    answer = founder.post("/people/invite", user="ana", role="viewer", back="/people")
    assert answer.headers["location"] == "/confirm?next=/people"
    assert founder.get("/account/two-step").headers["location"] == "/confirm?next=/account/two-step"
    value = founder.post("/credentials/value", name="x")
    assert (value.status_code, value.headers["x-founder-confirm"]) == (403, "/confirm")
    founder.get("/confirm?next=/people")
    assert founder.post("/confirm", password="wrong").status_code == 422
    before = founder.cookies[COOKIE]
    assert founder.post("/confirm", password=PASSWORD, next="/people").headers["location"] == "/people"
    assert founder.cookies[COOKIE] != before
    founder.get("/people")
    assert founder.post("/people/invite", user="ana", role="viewer").status_code == 200
    stolen = house.browser()
    stolen.cookies[COOKIE] = before
    assert stolen.get("/auth").status_code == 401


def test_a_confirmation_cannot_be_guessed(house: House) -> None:
    founder = house.signed_in()
    founder.get("/confirm")
    statuses = [founder.post("/confirm", password=str(number)).status_code for number in range(30)]
    assert statuses.count(422) <= 6
    assert statuses[-1] == 429


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(house: House) -> None:
    phone, laptop = house.browser(), house.browser()
    phone.sign_in(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605", "X-Real-IP": "198.51.100.9"})
    laptop.sign_in(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"})
    page = laptop.get("/account").text
    assert "Safari, iPhone" in page
    assert "198.51.100.9" in page
    assert "Firefox, Linux" in page
    name = re.search(r'name="session" value="([0-9a-f]{16})"', page)
    assert name
    laptop.post("/sessions/end", session=name[1])
    assert phone.get("/auth").status_code == 401
    assert laptop.get("/auth").status_code == 204
    others = [house.signed_in() for _ in range(3)]
    laptop.get("/account")
    laptop.post("/sessions/end", session="others")
    assert [one.get("/auth").status_code for one in (laptop, *others)] == [204, 401, 401, 401]


def test_nobody_ends_a_session_of_somebody_else(house: House) -> None:
    founder, ana = house.signed_in(), settled(house)
    name = re.search(r'name="session" value="([0-9a-f]{16})"', founder.get("/account").text)
    ana.post("/sessions/end", session=name[1] if name else "")
    ana.post("/sessions/end", session="others")
    assert founder.get("/auth").status_code == 204


def test_an_idle_session_ends_for_its_tools_too(house: House) -> None:
    founder = house.signed_in()
    house.clock.advance(IDLE_S + 1)
    assert founder.get("/auth").status_code == 401


def test_everything_is_in_the_audit_log(house: House) -> None:
    ana = settled(house)
    ana.sign_in("ana", "wrong")
    founder = house.signed_in()
    founder.get("/people")
    founder.post("/people/role", user="ana", role="admin")
    founder.get("/people")
    founder.post("/people/remove", user="ana")
    done = [(entry["user"], entry["action"], entry["detail"]) for entry in house.audited()]
    for entry in (
        ("founder", "person invited", "ana, viewer"), ("ana", "password changed", ""), ("ana", "sign-in refused", ""),
        ("founder", "role changed", "ana, admin"), ("founder", "person removed", "ana"),
        ("founder", "audit exported", "jsonl"),
    ):  # fmt: skip
        assert entry in done
    assert not any(ANAS_OWN in str(entry) or PASSWORD in str(entry) for entry in done)
    page = founder.get("/audit?user=ana").text
    assert "<td>Changed their password</td>" in page
    assert "<td>Removed somebody</td>" not in page
    assert "text/csv" in founder.get("/audit/export?format=csv").headers["content-type"]
    assert founder.get("/audit/export?format=exe").status_code == 404


def test_a_secret_is_shown_when_asked_for_and_only_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    offered = {"name": "PostgreSQL: app", "user": "app", "secret": "postgres.app", "command": "psql -U app",
               "url": "postgres://app:{{secret:postgres.app}}@127.0.0.1:5432/app"}  # fmt: skip
    bench.process("postgres", title="PostgreSQL", credentials=[offered])
    write_configuration(tmp_path)
    clock = ManualClock()
    with agent_serving(bench), panel_here(tmp_path, clock) as door:
        house = House(door, clock, tmp_path)
        founder = house.signed_in()
        page = founder.get("/credentials")
        assert "127.0.0.1:5432" in page.text
        assert "psql -U app" in page.text
        assert "secret:postgres.app" not in page.text, "the bench's agent fills a secret in with its reference"
        shown = founder.post("/credentials/show", name="PostgreSQL: app")
        assert "secret:postgres.app" in shown.text
        assert shown.headers["refresh"] == "30;url=/credentials"
        assert shown.headers["cache-control"] == "no-store"
        value = founder.post("/credentials/value", name="PostgreSQL: app")
        assert value.json() == {"value": "{{secret:postgres.app}}", "url": offered["url"]}
        assert value.headers["cache-control"] == "no-store"
        assert founder.post("/credentials/value", name="nothing").status_code == 422
        assert founder.get("/credentials/value").status_code == 405
        founder.get("/credentials")
        begun = founder.post("/credentials/rotate", secret="postgres.app")
        assert begun.headers["location"].startswith("/job/")
        assert bench.commands.told[-1][:3] == ("secrets", "rotate", "postgres.app")
        assert founder.post("/credentials/rotate", secret="panel.gateway").status_code == 404, "nobody signs in with it"
        done = [(entry["action"], entry["detail"]) for entry in house.audited()]
        assert done.count(("secret shown", "PostgreSQL: app")) == 2
        assert ("rotate", "secret=postgres.app") in done
        ana = house.signed_in("ana")
        assert "/credentials" not in ana.get("/").text
        ana.get("/account")
        for verb in ("show", "value", "rotate"):
            assert ana.post(f"/credentials/{verb}", name="PostgreSQL: app", secret="postgres.app").status_code == 403
