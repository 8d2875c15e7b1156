"""Every page, desktop and phone, light and dark: nothing serious for axe, nothing cut off, and pictures on request."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.conftest import PASSWORD, Person, press
from tests.app.servers import APP, Build, Diary
from tests.app.test_isolation import PNG
from tests.app.test_pictures import photo

SIGNED_OUT = {
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "forgot": "/forgot",
    "reset": "/reset?token=x",
    "two-factor": "/two-factor",
}


@pytest.fixture(scope="session")
def axe(built: Build) -> str:
    for found in built.dist.parent.parent.glob("modules-*/node_modules/axe-core/axe.min.js"):
        return found.read_text()
    return (APP / "node_modules/axe-core/axe.min.js").read_text()


def check(page: Page, axe: str, name: str) -> None:
    """No violation of WCAG 2.2 A or AA that axe calls serious or critical, and no sideways scrolling."""
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({ runOnly: tags })", tags)["violations"]
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"


def picture(page: Page, folder: str | None, name: str) -> None:
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", animations="disabled")


@pytest.mark.parametrize(("device", "scheme"), [*itertools.product(["desktop", "phone"], ["light", "dark"])])
def test_pages(
    person: Callable[..., Person],
    another_diary: Callable[..., Diary],
    built: Build,
    axe: str,
    device: str,
    scheme: str,
    request: pytest.FixtureRequest,
) -> None:
    folder = request.config.getoption("--screenshots")
    locale = "en" if (device == "desktop") == (scheme == "light") else "es"
    at = another_diary(ADMIN_EMAIL="ana@example.org")
    ana = person(at, locale=locale, device=device, color_scheme=scheme, bypass_csp=True)
    ana.email = "ana@example.org"
    page = ana.page
    for name, path in SIGNED_OUT.items():
        page.goto(path)
        check(page, axe, name)
        picture(page, folder, f"{name}-{device}-{scheme}")
    ana.sign_up("Ana Founder")
    page.goto("/")
    check(page, axe, "welcome")
    picture(page, folder, f"welcome-{device}-{scheme}")
    built.run("seed.mjs", ana.email, env={**at.env, "SEED_LOCALE": locale})
    entry = ana.query("select id from entry where user_id = %s order by day desc limit 1 offset 3", ana.id)[0][0]
    for name, content in {"walk.jpg": photo(built), "dot.png": PNG, "plan.txt": b"A plan"}.items():
        ana.call("POST", f"/api/entries/{entry}/files", content, **{"x-file-name": name})
    removed = str(uuid.uuid4())
    ana.write(removed, title="Removed")
    ana.call("DELETE", f"/api/entries/{removed}")
    ana.query('update "user" set "emailVerified" = true where email = %s', ana.email)
    at_last = person(at, locale=locale, device=device, color_scheme=scheme, bypass_csp=True)
    at_last.email = ana.email
    assert at_last.sign_in(PASSWORD).ok
    page = at_last.page
    pages = {
        "timeline": "/",
        "filters": "/?mood=5",
        "nothing": "/?q=nothingatall",
        "calendar": "/calendar",
        "charts": "/charts?range=365",
        "entry": f"/entries/{entry}",
        "editor": f"/entries/{entry}/edit",
        "new": "/entries/new",
        "versions": f"/entries/{entry}/versions",
        "settings": "/settings",
        "bin": "/bin",
        "admin": "/admin",
        "not-found": "/nowhere",
    }
    for name, path in pages.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        check(page, axe, name)
        picture(page, folder, f"{name}-{device}-{scheme}")
    page.goto("/")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page, axe, "shortcuts")


def test_a_page_can_be_read_at_four_times_the_size(person: Callable[..., Person]) -> None:
    """WCAG 1.4.10: 1280 px at 400 % are 320 px."""
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(entry, title="W" * 200, body="x" * 300, tags=["t" * 40], figures={"n" * 40: 123456789.5})
    ana.page.set_viewport_size({"width": 320, "height": 640})
    for path in (
        "/",
        f"/entries/{entry}",
        f"/entries/{entry}/edit",
        "/calendar",
        "/charts?range=all",
        "/settings",
        f"/entries/{entry}/versions",
    ):
        ana.page.goto(path)
        assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
