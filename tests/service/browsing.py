"""What tests do and look for in the panel's pages."""

from __future__ import annotations

import os
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.service.panels import PASSWORD

expect.set_options(timeout=20_000)  # a busy machine is no defect of a page
PICTURES = os.environ.get("FOUNDER_SCREENSHOTS", "")
"""A folder to write pictures of the pages to, for the documents."""
SIGN_IN = {"en": ("Name", "Password", "Sign in"), "es": ("Nombre", "Contraseña", "Entrar")}
_SMALL_TARGETS = """() => [...document.querySelectorAll("a:not(.skip), button, summary, input, label.tick")]
    .filter(target => target.checkVisibility() && !target.matches("label.tick input, .keys input"))
    .filter(target => target.getBoundingClientRect().height < 44)
    .map(target => target.outerHTML)"""
_AXE = "axe.run().then(result => result.violations.map(v => v.id + ': ' + v.nodes[0].html))"


def sign_in(page: Page, language: str = "en", *, user: str = "founder", password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    name, secret, button = SIGN_IN[language]
    page.get_by_label(name).fill(user)
    page.get_by_label(secret).fill(password)
    page.get_by_role("button", name=button, exact=True).click()


def unfit(page: Page) -> list[str]:
    """What keeps somebody from using the page: found by axe, too wide, or too small to hit."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found: list[str] = page.evaluate(_AXE)
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found += [f"wider than the window: {width}"] if width > 0 else []
    found += [f"small: {target}" for target in page.evaluate(_SMALL_TARGETS)]
    return found


def clock(at: float, form: str = "%H:%M") -> str:
    """A time as the tests' browsers show it."""
    return datetime.fromtimestamp(at, ZoneInfo("Europe/Madrid")).strftime(form)


def picture(page: Page, name: str, scheme: str) -> None:
    """Keep a picture of what the window shows, where somebody asked for them."""
    if PICTURES:
        device = "phone" if page.evaluate("innerWidth") < 500 else "desktop"
        page.screenshot(path=f"{PICTURES}/{name}-{device}-{scheme}.png")
