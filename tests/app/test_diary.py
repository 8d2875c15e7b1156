"""Keeping a diary in the browser: on a desktop and on a phone, in Spanish and in English."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.app.conftest import PASSWORD, Person, press
from tests.app.words import WORDS

BOTH = pytest.mark.parametrize(
    ("locale", "device"), [("en", "desktop"), ("es", "phone"), ("en", "phone"), ("es", "desktop")]
)
ENTRY = re.compile(r"/entries/[0-9a-f-]{36}$")


@BOTH
def test_a_first_hour(person: Callable[..., Person], locale: str, device: str) -> None:
    """Register, write with everything an entry can have, find it, change it, delete it, undo, leave, come back."""
    ana, t = person(locale=locale, device=device), WORDS[locale]
    register(ana, t)
    write_with_everything(ana, t)
    assert ("29,5" if locale == "es" else "29.5") in ana.page.locator(".chips").inner_text()
    find_and_change(ana, t)
    leave_and_come_back(ana, t)


def register(ana: Person, t: dict[str, str]) -> None:
    page = ana.page
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.get_by_role("link", name=t["create account"]).click()
    page.get_by_label(t["name"]).fill("Ana")
    page.get_by_label(t["email"]).fill(ana.email)
    page.get_by_label(t["password"]).fill(PASSWORD)
    page.get_by_role("button", name=t["create account"]).click()
    expect(page).to_have_url(f"{ana.origin}/")


def write_with_everything(ana: Person, t: dict[str, str]) -> None:
    page = ana.page
    page.get_by_role("link", name=t["new entry"]).click()
    page.get_by_label(t["title"]).fill("La primera venta")
    page.get_by_label(t["text"]).fill("Today **Marta** paid.\n\n- [x] invoice\n\n<script>alert(1)</script>")
    page.get_by_label(t["tags"]).fill("Ventas, #Joy")
    page.locator("label").filter(has_text=re.compile(f"^{t['great']}$")).click()
    page.get_by_role("button", name=t["add figure"]).click()
    page.get_by_label(t["name"], exact=True).fill("MRR")
    page.get_by_label(t["value"]).fill("29,5")
    page.get_by_label(t["pinned"]).check()
    page.get_by_role("button", name=t["preview"]).click()
    expect(page.locator(".prose strong")).to_have_text("Marta")
    expect(page.locator(".prose script")).to_have_count(0)
    expect(page.locator(".prose .task")).to_have_text("☑ invoice")
    expect(page.get_by_text(t["saved"], exact=True)).to_be_visible()
    page.get_by_role("button", name=t["save"]).click()
    expect(page).to_have_url(ENTRY)
    expect(page.get_by_role("heading", name="La primera venta")).to_be_visible()
    expect(page.locator(".chips")).to_contain_text("#joy")


def find_and_change(ana: Person, t: dict[str, str]) -> None:
    page, address = ana.page, ana.page.url
    page.goto("/")
    page.get_by_role("searchbox").fill("marta")
    page.get_by_role("searchbox").press("Enter")
    page.goto("/?q=venta")
    expect(page.get_by_role("link", name="La primera venta")).to_have_count(1)

    page.goto(address)
    page.get_by_role("link", name=t["edit"]).click()
    page.get_by_label(t["title"]).fill("La segunda venta")
    page.get_by_role("button", name=t["save"]).click()
    expect(page.get_by_role("heading", name="La segunda venta")).to_be_visible()

    page.get_by_role("button", name=t["delete"]).click()
    page.get_by_role("button", name=t["undo"]).click()
    expect(page).to_have_url(address)


def leave_and_come_back(ana: Person, t: dict[str, str]) -> None:
    page = ana.page
    page.get_by_role("button", name=t["sign out"]).click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.get_by_label(t["email"]).fill(ana.email)
    page.get_by_label(t["password"]).fill("not the password")
    page.get_by_role("button", name=t["sign in"]).click()
    expect(page.get_by_text(t["wrong"])).to_be_visible()
    page.get_by_label(t["password"]).fill(PASSWORD)
    page.get_by_role("button", name=t["sign in"]).click()
    expect(page.get_by_role("link", name="La segunda venta").first).to_be_visible()
    assert "Ana" in page.locator("footer").inner_text()


def test_an_account_and_a_sign_in_without_scripts(person: Callable[..., Person]) -> None:
    ana = person(java_script_enabled=False)
    page = ana.page
    page.goto("/sign-up")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Email").fill(ana.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{ana.origin}/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Email").fill(ana.email)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The email or the password is not right.")


def test_search_knows_both_languages_and_no_accents(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    ana.write(str(uuid.uuid4()), title="Mañana", body="Tuvimos reuniones con clientes y celebré el éxito")
    ana.write(str(uuid.uuid4()), title="Shipping", body="We shipped the pricing pages after many meetings")
    for words, title in {
        "reunion": "Mañana",
        "manana": "Mañana",
        "exito cliente": "Mañana",
        "ship": "Shipping",
        "meeting": "Shipping",
        "price page": "Shipping",
        "pric": "Shipping",
        '"pricing pages"': "Shipping",
    }.items():
        ana.page.goto(f"/?q={words}")
        assert ana.page.locator(".timeline h2").all_inner_texts() == [title], words
    for words in ("nothing-like-this", "'; drop table entry; --", "reunion -clientes", "& | ! ( )", "%00"):
        ana.page.goto("/?q=" + words.replace("&", "%26").replace("%00", "x%00y"))
        expect(ana.page.locator(".empty")).to_be_visible()


def test_filters_narrow_the_timeline(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    ana.write(str(uuid.uuid4()), title="One", day="2026-01-10", mood=5, tags=["work", "idea"])
    ana.write(str(uuid.uuid4()), title="Two", day="2026-02-10", mood=2, tags=["work"])
    ana.write(str(uuid.uuid4()), title="Three", day="2026-03-10", mood=5, tags=["home"])
    expected = {
        "tag=work": ["Two", "One"],
        "mood=5": ["Three", "One"],
        "from=2026-02-01": ["Three", "Two"],
        "to=2026-02-10": ["Two", "One"],
        "tag=work&mood=5": ["One"],
        "mood=9&from=yesterday": ["Three", "Two", "One"],
    }
    for address, titles in expected.items():
        ana.page.goto(f"/?{address}")
        assert ana.page.locator(".timeline h2").all_inner_texts() == titles, address


def test_the_timeline_goes_on_in_pages_without_gaps(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    titles = {f"Entry {number}" for number in range(70)}
    for title in titles:
        assert ana.write(str(uuid.uuid4()), title=title).ok
    seen: list[str] = []
    ana.page.goto("/")
    while True:
        seen += ana.page.locator(".timeline h2").all_inner_texts()
        older = ana.page.get_by_role("link", name="Older entries")
        if older.count() == 0:
            break
        ana.page.goto(older.get_attribute("href") or "")
    assert len(seen) == 70
    assert set(seen) == titles


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_calendar_and_charts(person: Callable[..., Person], device: str) -> None:
    ana = person(device=device).sign_up()
    for day, mood, mrr in (("2026-02-03", 2, 10), ("2026-02-04", 4, 12.5), ("2026-02-27", 5, 40)):
        ana.write(str(uuid.uuid4()), title=f"Day {day}", day=day, mood=mood, figures={"MRR": mrr})
    page = ana.page
    page.goto("/calendar?month=2026-02")
    expect(page.get_by_role("heading", name="February 2026")).to_be_visible()
    assert page.locator(".day-entry").count() == 3
    page.get_by_role("link", name="Previous month").click()
    expect(page.get_by_role("heading", name="January 2026")).to_be_visible()
    page.goto("/calendar?month=2026-02")
    page.get_by_role("link", name="Write an entry for Thursday 5 February 2026").or_(
        page.locator("a[href='/entries/new?day=2026-02-05']")
    ).first.click()
    expect(page.get_by_label("Date")).to_have_value("2026-02-05")
    page.goto("/charts?range=all")
    expect(page.get_by_role("img", name=re.compile("Mood: Last 5.*Lowest 2, Highest 5"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("MRR: Last 40"))).to_be_visible()
    page.goto("/charts?range=30&range=90")
    expect(page.get_by_role("heading", name="Charts")).to_be_visible()


def test_everything_by_keyboard(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    ana.write(str(uuid.uuid4()), title="Older", day="2026-01-01")
    ana.write(str(uuid.uuid4()), title="Newer", day="2026-01-02")
    page = ana.page
    page.goto("/")
    press(page, "j")
    expect(page.get_by_role("link", name="Newer")).to_be_focused()
    press(page, "j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(ENTRY)
    expect(page.get_by_role("heading", name="Older")).to_be_visible()
    press(page, "e")
    expect(page).to_have_url(re.compile("/edit$"))
    expect(page.locator("html[data-keys]")).to_be_attached()
    page.get_by_label("Text").fill("by keyboard: n / ?")
    page.get_by_label("Text").press("Control+Enter")
    expect(page.locator(".prose")).to_have_text("by keyboard: n / ?")
    press(page, "n")
    expect(page.get_by_label("Title")).to_be_focused()
    page.goto("/")
    press(page, "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").blur()
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/settings")
    page.get_by_role("group", name="Keyboard shortcuts").get_by_role("button", name="Off").click()
    page.goto("/")
    page.keyboard.press("n")
    expect(page).to_have_url(f"{ana.origin}/")


def test_language_and_colours_are_remembered(person: Callable[..., Person]) -> None:
    ana = person(locale="en").sign_up()
    page = ana.page
    page.goto("/settings")
    page.get_by_role("group", name="Language").get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", name="Ajustes")).to_be_visible()
    page.get_by_role("group", name="Colores").get_by_role("button", name="Oscuros").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/entries/new")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 26)"


def test_an_earlier_text_can_be_brought_back(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(entry, title="First", body="the first text")
    assert ana.write(entry, revision=1, title="Second", body="the second text").json() == {"revision": 2}
    page = ana.page
    page.goto(f"/entries/{entry}")
    page.get_by_role("link", name="Earlier versions").click()
    page.locator("details.version summary").click()
    page.get_by_role("button", name="Bring this text back").click()
    expect(page.locator(".prose")).to_have_text("the first text")
    page.goto(f"/entries/{entry}/versions")
    expect(page.locator("details.version")).to_have_count(2)


def test_the_bin_gives_back_or_deletes_for_good(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    for title in ("Keep", "Lose"):
        entry = str(uuid.uuid4())
        ana.write(entry, title=title)
        assert ana.call("DELETE", f"/api/entries/{entry}").ok
    page = ana.page
    page.goto("/bin")
    page.locator("li", has_text="Keep").get_by_role("button", name="Bring back").click()
    expect(page.locator("li", has_text="Keep")).to_have_count(0)
    page.locator("li", has_text="Lose").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The bin is empty.")).to_be_visible()
    assert ana.query("select title from entry where user_id = %s", ana.id) == [("Keep",)]
