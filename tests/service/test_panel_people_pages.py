"""Account, people, credentials and the audit log in a real browser: both languages, by finger and without scripts."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.service.browsing import picture, sign_in, unfit
from tests.service.canned import CannedAgent
from tests.service.conftest import OpenPage
from tests.service.panels import PASSWORD

PAGES = {
    "account": "/account",
    "password": "/password",
    "two-step": "/account/two-step",
    "credentials": "/credentials",
    "people": "/people",
    "audit": "/audit",
    "confirm": "/confirm",
}
SECRET = "an-example-secret"
URL = f"postgresql://app:{SECRET}@127.0.0.1:5432/app"


def at(open_page: OpenPage, path: str, **more: object) -> Page:
    """The page at a path, signed in."""
    page = open_page(path, **more)
    sign_in(page, str(more.get("language", "en")))
    page.wait_for_url(f"**{path}")
    return page


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 1280), ("es", "dark", 360)])
def test_everybody_can_use_every_page(open_page: OpenPage, language: str, scheme: str, width: int) -> None:
    page = at(open_page, "/account", language=language, scheme=scheme, width=width)
    home = page.url.removesuffix("/account")
    found: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        page.goto(home + path)
        found[name] = unfit(page)
        picture(page, name, scheme)
    page.goto(home + "/credentials")
    page.locator(".credential details summary").click()
    found["credentials to be made anew"] = unfit(page)
    page.goto(home + "/people")
    page.fill("#user", f"ana-{language}")
    page.locator(".fields .button").click()
    expect(page.locator(".once code")).to_be_visible()
    page.locator(".list details summary").first.click()
    found["people with a password"] = unfit(page)
    picture(page, "invited", scheme)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_secret_is_shown_for_half_a_minute(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["reveal"] = {"value": SECRET, "url": URL}
    page = open_page("/credentials")
    page.clock.install()
    sign_in(page)
    page.wait_for_url("**/credentials")
    value, url = page.locator('[data-field="value"]'), page.locator('[data-field="url"]')
    expect(value).to_have_text("••••••••")
    assert SECRET not in page.content()
    page.get_by_role("button", name="Show the password").click()
    expect(value).to_have_text(SECRET)
    expect(url).to_have_text(URL)
    expect(page.locator("body.busy")).to_have_count(0)
    expect(page.locator(".said")).to_have_text("Hidden again in 30 s")
    page.clock.run_for(29_000)
    expect(value).to_have_text(SECRET)
    page.clock.run_for(2_000)
    expect(value).to_have_text("••••••••")
    expect(page.get_by_role("button", name="Show the password")).to_be_visible()
    assert SECRET not in page.content()
    page.get_by_role("button", name="Show the password").click()
    page.get_by_role("button", name="Hide").click()
    expect(value).to_have_text("••••••••")


def test_a_secret_is_copied_without_being_shown(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["reveal"] = {"value": SECRET, "url": URL}
    page = at(open_page, "/credentials", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy Connection string").click()
    expect(page.locator(".said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == URL
    assert SECRET not in page.content()
    page.get_by_role("button", name="Copy Command").click()
    expect(page.locator(".said")).to_have_text("Copied")
    assert "psql" in page.evaluate("navigator.clipboard.readText()")
    page.goto(page.url.replace("/credentials", "/audit"))
    expect(page.locator("tbody tr").first).to_contain_text("Was given a secret")


def test_without_scripts_a_secret_is_shown_and_hidden_again_as_well(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["reveal"] = {"value": SECRET, "url": URL}
    page = at(open_page, "/credentials", script=False)
    page.get_by_role("button", name="Show the password").click()
    expect(page.locator('[data-field="value"]')).to_have_text(SECRET)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_making_a_secret_anew_is_a_job(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/service/postgres")
    page.get_by_text("Make it anew …").click()
    page.get_by_role("button", name="Make postgres.app anew").click()
    page.wait_for_url("**/job/*")
    assert agent.runs() == [{"verb": "rotate", "secret": "postgres.app"}]


def test_two_step_sign_in_from_the_picture_to_the_recovery_codes(open_page: OpenPage) -> None:
    founder = at(open_page, "/people")
    founder.fill("#user", "eva")
    founder.locator(".fields .button").click()
    given = founder.locator(".once code").inner_text()

    page = open_page("/account")
    sign_in(page, user="eva", password=given)
    page.fill("#password", given)
    page.fill("#new", "a good long sentence")
    page.fill("#again", "a good long sentence")
    page.get_by_role("button", name="Change the password").click()
    page.wait_for_url("**/account")
    page.get_by_role("link", name="Turn it on").click()
    expect(page.locator(".qr")).to_be_visible()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn it on").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    assert unfit(page) == []
    page.get_by_role("link", name="I have them").click()
    expect(page.get_by_text("Recovery codes left: 10.")).to_be_visible()

    other = open_page("/account")
    sign_in(other, user="eva", password="a good long sentence")
    other.wait_for_url("**/sign-in/code?**")
    assert unfit(other) == []
    other.fill("#code", codes[0])
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/account")
    expect(other.get_by_text("Recovery codes left: 9.")).to_be_visible()
    expect(other.locator(".list li")).to_have_count(2)
    other.get_by_role("button", name="End all others").click()
    expect(other.locator(".list li")).to_have_count(1)
    page.reload()
    page.wait_for_url("**/sign-in?**")


def test_the_audit_log_is_filtered_and_leads_back_in_time(open_page: OpenPage) -> None:
    page = at(open_page, "/audit")
    page.get_by_label("What").select_option("signed in")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**action=signed*")
    expect(page.locator("tbody tr").first).to_contain_text("Signed in")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert re.fullmatch(r"diary-audit\.csv", download.value.suggested_filename)
    page.get_by_label("Contains").fill("nothing that is there")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Nothing fits.")).to_be_visible()


def test_saying_once_more_who_one_is_leads_back(open_page: OpenPage) -> None:
    page = at(open_page, "/confirm")
    page.goto(page.url + "?next=/people")
    page.fill("#password", "wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_have_text("That is not right.")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/people")


def test_credentials_are_one_of_the_sections_on_a_phone_and_not_for_viewers(open_page: OpenPage) -> None:
    page = open_page("/", width=360)
    sign_in(page)
    page.get_by_role("navigation").get_by_role("link", name="Passwords").click()
    page.wait_for_url("**/credentials")
    expect(page.get_by_role("link", name="Passwords")).to_have_attribute("aria-current", "page")
    page = open_page("/", width=360)
    sign_in(page, user="ana")
    expect(page.get_by_role("link", name="Services")).to_be_visible()
    expect(page.get_by_role("link", name="Passwords")).to_have_count(0)
