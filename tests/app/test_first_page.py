"""What a diary that is still empty offers, and that what was asked for stands where it is seen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, FloatRect, Locator, expect

from tests.app.conftest import Person
from tests.app.test_files import entry_of
from tests.app.test_isolation import PNG

GREETING = {"en": "Welcome, Ana", "es": "Te damos la bienvenida, Ana"}
QUESTION = {"en": "What moved today?", "es": "¿Qué se movió hoy?"}
ANSWER = {"en": "Answer it", "es": "Responder"}


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found
    return found


@pytest.mark.parametrize(("locale", "device"), [("en", "phone"), ("es", "desktop")])
def test_an_empty_diary_greets_and_asks_a_first_question(
    person: Callable[..., Person], locale: str, device: str
) -> None:
    ana = person(locale=locale, device=device).sign_up()
    page = ana.page
    page.goto("/")
    expect(page.get_by_role("heading", name=GREETING[locale])).to_be_visible()
    page.get_by_role("link", name=ANSWER[locale]).click()
    expect(page.locator("input[name=title]")).to_have_value(QUESTION[locale])
    top, height = box(page.locator("fieldset.figures"))["y"], box(page.locator("fieldset.figures"))["height"]
    assert top + height < 844, "the figures are seen without scrolling, on a phone too"
    page.locator("textarea").fill("The first customer")
    page.locator(".save-bar button").click()
    expect(page.get_by_role("heading", name=QUESTION[locale])).to_be_visible()
    page.goto("/")
    expect(page.get_by_text(GREETING[locale])).to_have_count(0)
    expect(page.get_by_role("link", name=QUESTION[locale])).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_example_can_be_looked_at_and_taken_away(person: Callable[..., Person], scripts: bool) -> None:
    ana = person(java_script_enabled=scripts).sign_up()
    page = ana.page
    for _again in range(2):
        page.goto("/")
        page.get_by_role("button", name="Show an example").click()
        expect(page.locator(".timeline").get_by_role("link", name="#example").first).to_be_visible()
        ids = ana.query("select id::text from entry where user_id = %s and deleted_at is null", ana.id)
        assert len(ids) >= 3
        assert ana.query("select count(*) from entry_tag where user_id = %s and tag = 'example'", ana.id) == [
            (len(ids),)
        ]
        for (entry,) in ids:
            assert ana.call("DELETE", f"/api/entries/{entry}").ok
    page.goto("/")
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page).to_have_url(re.compile("/settings#import$"))


def test_several_files_go_in_one_go_and_one_that_is_not_taken_stops_no_other(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    page = ana.page
    page.goto(f"/entries/{entry_of(ana)}/edit")
    sent = [
        ("one.png", PNG),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("note.txt", b"a note"),
    ]
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name=name, mimeType="", buffer=content) for name, content in sent]
    )
    expect(page.get_by_role("link", name="note.txt")).to_be_visible()
    expect(page.get_by_role("link", name="one.png")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="drawing.svg: Files of this type")).to_be_visible()


def test_a_picture_beside_the_text_is_shown_as_one(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    sent = ana.call("POST", f"/api/entries/{entry}/files", PNG, **{"x-file-name": "sun.png"})
    ana.page.goto(f"/entries/{entry}")
    picture = ana.page.get_by_role("link", name="sun.png")
    expect(picture.get_by_role("img", name="sun.png")).to_be_visible()
    expect(picture).to_have_attribute("href", f"/api/files/{sent.json()['id']}")


def test_charts_stand_side_by_side_where_there_is_room(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    assert ana.write(entry_of(ana), revision=1, figures={"MRR": 1, "Users": 2}).ok
    ana.page.set_viewport_size({"width": 1280, "height": 800})
    ana.page.goto("/charts?range=all")
    first, second = box(ana.page.locator(".chart").first), box(ana.page.locator(".chart").last)
    assert first["y"] == second["y"]
    assert first["x"] < second["x"]
