"""Text is never lost: not by the network, a closed tab, an ended session, two tabs, or an impatient finger."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.app.conftest import Person
from tests.app.words import WORDS

STATE = ".save-state"


def body_of(person: Person, entry: str) -> str:
    return str(person.call("GET", f"/api/entries/{entry}").json().get("body"))


def opened(person: Person, **fields: Any) -> tuple[Page, str]:
    """An entry that exists, open in the editor."""
    entry = str(uuid.uuid4())
    assert person.write(entry, **fields).ok
    person.page.goto(f"/entries/{entry}/edit")
    expect(person.page.get_by_label("Text").or_(person.page.get_by_label("Texto"))).to_be_visible()
    # Whoever leaves before scripts have ever answered cannot be helped: nothing was there to keep the text.
    expect(person.page.locator("html[data-awake]")).to_be_attached(timeout=30_000)
    return person.page, entry


@pytest.mark.parametrize(("locale", "device"), [("en", "desktop"), ("es", "phone")])
def test_autosave_waits_for_the_network_and_then_saves(person: Callable[..., Person], locale: str, device: str) -> None:
    ana, t = person(locale=locale, device=device).sign_up(), WORDS[locale]
    page, entry = opened(ana)
    ana.context.set_offline(True)
    page.get_by_label(t["text"]).fill("written in a tunnel")
    expect(page.locator(STATE)).to_contain_text(t["offline"])
    assert body_of(ana, entry) == "A text"
    ana.context.set_offline(False)
    expect(page.locator(STATE)).to_have_text(t["saved"])
    assert body_of(ana, entry) == "written in a tunnel"


def test_a_tab_that_closes_without_network_loses_nothing(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, entry = opened(ana)
    ana.context.set_offline(True)
    page.get_by_label("Text").fill("closed in a tunnel")
    expect(page.locator(STATE)).to_contain_text("Kept on this device")
    page.close()
    ana.context.set_offline(False)
    later = ana.context.new_page()
    later.goto(f"/entries/{entry}/edit")
    expect(later.get_by_label("Text")).to_have_value("closed in a tunnel")
    expect(later.locator(STATE)).to_contain_text("Saved")
    assert body_of(ana, entry) == "closed in a tunnel"


def test_a_new_entry_that_was_never_sent_is_sent_by_the_next_page(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page = ana.page
    page.goto("/entries/new")
    ana.context.set_offline(True)
    page.get_by_label("Title").fill("Born offline")
    expect(page.locator(STATE)).to_contain_text("Kept on this device")
    page.close()
    ana.context.set_offline(False)
    later = ana.context.new_page()
    with later.expect_response(lambda response: response.request.method == "PUT" and response.ok):
        later.goto("/calendar")
    assert ana.query("select title from entry where user_id = %s", ana.id) == [("Born offline",)]
    assert later.evaluate("Object.keys(localStorage).length") == 0


def test_what_is_written_before_scripts_answer_is_kept(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, held, slow = ana.page, [], [True]
    page.route("**/*.js*", lambda route: held.append(route) if slow else route.continue_())
    Page.goto(page, "/entries/new", wait_until="commit")
    page.get_by_label("Title").fill("On a slow train")
    page.get_by_label("Text").fill("Typed at once")
    page.get_by_label("Pinned").check()
    slow.clear()
    for route in held:
        route.continue_()
    page.locator("html[data-awake]").wait_for(state="attached")
    page.get_by_label("Text").press_sequentially(", and after")
    expect(page.locator(STATE)).to_have_text("Saved")
    found = ana.query("select title, body, pinned from entry where user_id = %s", ana.id)
    assert found == [("On a slow train", "Typed at once, and after", True)]


def test_a_tab_that_closes_at_once_still_saves(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, entry = opened(ana)
    page.get_by_label("Text").fill("the last words")
    page.goto("/calendar")  # before autosave's pause is over
    page.goto(f"/entries/{entry}/edit")
    expect(page.get_by_label("Text")).to_have_value("the last words")
    expect(page.locator(STATE)).to_contain_text("Saved")
    assert body_of(ana, entry) == "the last words"


def test_an_ended_session_keeps_the_text_until_the_next_sign_in(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, entry = opened(ana)
    cookies = ana.context.cookies()
    ana.context.clear_cookies()
    page.get_by_label("Text").fill("after the session ended")
    expect(page.locator(STATE)).to_contain_text("You are signed out. Kept on this device.")
    expect(page.get_by_role("link", name="Sign in in another tab")).to_be_visible()
    ana.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator(STATE)).to_have_text("Saved")
    assert body_of(ana, entry) == "after the session ended"


@pytest.mark.parametrize(("locale", "device"), [("en", "desktop"), ("es", "phone")])
def test_two_tabs_with_one_entry_lose_neither_text(person: Callable[..., Person], locale: str, device: str) -> None:
    ana, t = person(locale=locale, device=device).sign_up(), WORDS[locale]
    first, entry = opened(ana)
    second = ana.context.new_page()
    second.goto(f"/entries/{entry}/edit")
    first.get_by_label(t["text"]).fill("from the first tab")
    expect(first.locator(STATE)).to_have_text(t["saved"])
    second.get_by_label(t["text"]).fill("from the second tab")
    expect(second.get_by_role("heading", name=t["conflict"])).to_be_visible()
    assert body_of(ana, entry) == "from the first tab"
    kept = ana.query("select body from entry_version where entry_id = %s and reason = 'conflict'", entry)
    assert kept == [("from the second tab",)]
    second.get_by_role("button", name=t["keep mine"]).click()
    expect(second.locator(STATE)).to_have_text(t["saved"])
    assert body_of(ana, entry) == "from the second tab"
    assert ("from the first tab",) in ana.query("select body from entry_version where entry_id = %s", entry)


def test_going_on_with_the_other_text_shows_it(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, entry = opened(ana)
    assert ana.write(entry, revision=1, body="from the phone").ok
    page.get_by_label("Text").fill("from the desktop")
    page.get_by_role("button", name="Go on with the other one").click()
    expect(page.get_by_label("Text")).to_have_value("from the phone")
    page.get_by_label("Text").fill("from the phone, and on")
    expect(page.locator(STATE)).to_have_text("Saved")
    assert body_of(ana, entry) == "from the phone, and on"


def test_an_entry_deleted_elsewhere_can_be_kept_as_a_new_one(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page, entry = opened(ana)
    assert ana.call("DELETE", f"/api/entries/{entry}").ok
    page.get_by_label("Text").fill("do not take this from me")
    page.get_by_role("button", name="Keep my text as a new entry").click()
    expect(page.locator(STATE)).to_have_text("Saved")
    expect(page).to_have_url(re.compile(rf"/entries/(?!{entry})[^/]+/edit"))
    assert ana.query("select count(*) from entry where user_id = %s and deleted_at is null", ana.id) == [(1,)]


def test_saving_twice_makes_one_entry(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page = ana.page
    page.goto("/entries/new")
    page.get_by_label("Title").fill("Twice")
    page.get_by_role("button", name="Save").dblclick()
    expect(page.get_by_role("heading", name="Twice")).to_be_visible()
    assert ana.query("select count(*) from entry where user_id = %s", ana.id) == [(1,)]
    entry = str(uuid.uuid4())
    cookies = {cookie["name"]: cookie["value"] for cookie in ana.context.cookies()}
    draft = {"day": "2026-03-14", "title": "At once", "body": "same", "revision": 0}

    def send(_number: int) -> int:
        answer = httpx.put(
            f"{ana.origin}/api/entries/{entry}",
            content=json.dumps(draft),
            cookies=cookies,
            headers={"origin": ana.origin},
        )
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(16))) == {200}
    assert ana.query("select revision from entry where id = %s", entry) == [(1,)]
    assert ana.query("select count(*) from entry_version where entry_id = %s", entry) == [(0,)]


def test_registering_twice_makes_one_account(person: Callable[..., Person]) -> None:
    ana = person()
    ana.sign_up()
    again = ana.form("/form/sign-up", name="Ana", email=ana.email, password="another password")
    assert again.json() == {"problem": "email_taken"}
    assert ana.query('select count(*) from "user" where email = %s', ana.email) == [(1,)]


def test_without_scripts_save_saves(person: Callable[..., Person]) -> None:
    ana = person(java_script_enabled=False).sign_up()
    page = ana.page
    page.goto("/entries/new")
    page.get_by_label("Title").fill("Without scripts")
    page.locator("textarea").fill("One line\nand another")
    page.get_by_label("Tags").fill("plain, #html")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/entries/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", name="Without scripts")).to_be_visible()
    entry = page.url.rsplit("/", 1)[1]
    kept = ana.call("GET", f"/api/entries/{entry}").json()
    assert (kept["body"], kept["tags"], kept["revision"]) == ("One line\nand another", ["html", "plain"], 1)

    page.goto(f"/entries/{entry}/edit")
    assert ana.write(entry, revision=1, title="Elsewhere", body="changed elsewhere", figures={"MRR": 12.5}).ok
    page.locator("textarea").fill("changed here")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/versions$"))
    expect(page.get_by_text("changed here").first).to_be_attached()
    assert ana.call("GET", f"/api/entries/{entry}").json()["body"] == "changed elsewhere"

    page.goto(f"/entries/{entry}/edit")
    page.locator("textarea").fill("changed once more")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(rf"/entries/{entry}$"))
    kept = ana.call("GET", f"/api/entries/{entry}").json()
    assert (kept["body"], kept["figures"]) == ("changed once more", {"MRR": 12.5})


def test_without_scripts_what_is_not_valid_is_said(person: Callable[..., Person]) -> None:
    ana = person(java_script_enabled=False).sign_up()
    page = ana.page
    page.goto("/entries/new")
    page.get_by_label("Tags").fill("x" * 50)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_text("Use at most 20 tags of 40 characters.")
