"""The editor: its buttons, lists that go on by themselves, and files where no script answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.app.conftest import Person
from tests.app.test_isolation import PNG

LABELS = {
    "en": ("Formatting", "Bold", "To-do list"),
    "es": ("Formato", "Negrita", "Lista de tareas"),
}


def typed(page: Page, text: str) -> None:
    """A text that is typed, with Enter for each end of a line."""
    first, *more = text.split("\n")
    page.keyboard.type(first)
    for line in more:
        page.keyboard.press("Enter")
        page.keyboard.type(line)


@pytest.mark.parametrize(("locale", "device"), [("en", "desktop"), ("es", "phone")])
def test_buttons_write_the_marks(person: Callable[..., Person], locale: str, device: str) -> None:
    page = person(locale=locale, device=device).sign_up().page
    page.goto("/entries/new")
    label, bold, tasks = LABELS[locale]
    bar, area = page.get_by_role("toolbar", name=label), page.locator("textarea")
    area.fill("one\ntwo")
    expect(page.locator("markdown-toolbar[role]")).to_be_visible()
    for button in bar.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
    area.evaluate("area => area.setSelectionRange(4, 7)")
    bar.get_by_role("button", name=bold).click()
    expect(area).to_have_value("one\n**two**")
    area.evaluate("area => area.setSelectionRange(0, 3)")
    bar.get_by_role("button", name=tasks).focus()
    page.keyboard.press("Enter")
    expect(area).to_have_value("- [ ] one\n\n**two**")
    bar.get_by_role("button", name=bold).focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_role("button", name=bold)).to_be_focused()
    page.locator(".save-bar button").click()
    expect(page.locator(".prose strong")).to_have_text("two")


def test_enter_goes_on_with_a_list_and_can_be_undone(person: Callable[..., Person]) -> None:
    page = person().sign_up().page
    page.goto("/entries/new")
    area = page.locator("textarea")
    for keys, text in {
        "- one\ntwo\n\nafter": "- one\n- two\nafter",
        "9. nine\nten": "9. nine\n10. ten",
        "  * one\n": "  * one\n  * ",
        "- [x] done\nopen": "- [x] done\n- [ ] open",
        "no list -\nat all": "no list -\nat all",
        "```\n- code\nmore": "```\n- code\nmore",
        "- one\n": "- one\n- ",
    }.items():
        area.fill("")
        area.focus()
        typed(page, keys)
        expect(area).to_have_value(text)
    page.keyboard.press("ControlOrMeta+z")
    expect(area).to_have_value(re.compile(r"^(- one)?$"))


def test_without_scripts_files_come_with_the_text(person: Callable[..., Person]) -> None:
    page = person(java_script_enabled=False).sign_up().page
    page.goto("/entries/new")
    expect(page.locator("textarea")).to_be_visible()
    expect(page.locator("markdown-toolbar")).to_be_hidden()
    page.get_by_label("Title").fill("A walk")
    page.get_by_label("Attach files").set_input_files(
        [FilePayload(name="sun.png", mimeType="", buffer=PNG), FilePayload(name="a.txt", mimeType="", buffer=b"hello")]
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The entry is saved, and the files are with it.")
    expect(page.get_by_role("heading", name="A walk")).to_be_visible()
    expect(page.get_by_role("img", name="sun.png")).to_be_visible()
    expect(page.get_by_role("link", name="a.txt")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [("page.html", 10, "Files of this type are not taken."), ("long.txt", 25_000_000, "This is too large.")],
)
def test_without_scripts_a_file_that_is_not_taken_costs_no_text(
    person: Callable[..., Person], tmp_path: Path, name: str, size: int, message: str
) -> None:
    for file, length in {"a.txt": 5, name: size}.items():
        (tmp_path / file).write_bytes(b"x" * length)
    page = person(java_script_enabled=False).sign_up().page
    page.goto("/entries/new")
    page.locator("textarea").fill("What happened")
    page.get_by_label("Tags").fill("kept")
    page.get_by_label("Attach files").set_input_files([tmp_path / "a.txt", tmp_path / name])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(page.locator("textarea")).to_have_value("What happened")
    expect(page.get_by_label("Tags")).to_have_value("kept")
    expect(page.locator(".attachments").get_by_role("link")).to_have_text(["a.txt"])
