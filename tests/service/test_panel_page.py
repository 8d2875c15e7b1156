"""The front page in a real browser: both languages, live, by keyboard, by finger, and without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, Route, expect

from tests.service.browsing import clock, picture, sign_in, unfit
from tests.service.canned import NOW, SERVICES, CannedAgent, bars
from tests.service.conftest import OpenPage, Site
from tests.service.panels import panel_process, write_configuration
from tests.service.small_gateway import Gateway

WORDS = {
    "en": ("Everything is online", "Live", "PostgreSQL down", "No answer in time",
           "The name or the password is not right.", "Sign out"),
    "es": ("Todo está en línea", "En directo", "Sin servicio: PostgreSQL", "No respondió a tiempo",
           "El nombre o la contraseña no son correctos.", "Cerrar sesión"),
}  # fmt: skip
DOWN = {"state": "down", "error": "no answer in time", "failures": 4, "since": NOW}


@pytest.mark.parametrize("language", ["en", "es"])
def test_from_signing_in_to_signing_out(open_page: OpenPage, agent: CannedAgent, language: str) -> None:
    fine, live, down, silent, wrong, out = WORDS[language]
    page = open_page(language=language)
    sign_in(page, language, password="wrong")
    expect(page.get_by_role("alert")).to_have_text(wrong)
    sign_in(page, language)
    expect(page.get_by_role("heading", level=1)).to_have_text(fine)
    expect(page.locator("#live")).to_have_text(live)
    expect(page.locator(".tile")).to_have_count(len(SERVICES))
    expect(page.locator("#open-pgadmin")).to_have_attribute("href", "/tools/pgadmin/")
    agent.change("postgres", **DOWN)
    expect(page.get_by_role("heading", level=1)).to_have_text(down)
    expect(page.locator(".tile").first).to_have_attribute("id", "tile-postgres")
    expect(page.locator("#tile-postgres .error")).to_have_text(silent)
    agent.change("postgres", state="online", error="")
    expect(page.get_by_role("heading", level=1)).to_have_text(fine)
    agent.processes["valkey"] = {**agent.processes["redis"], "title": "Valkey"}
    agent.tell()
    expect(page.locator("#tile-valkey")).to_be_visible()
    page.locator("header details summary").click()
    page.get_by_role("button", name=out).click()
    page.wait_for_url("**/sign-in")


def test_the_language_can_be_changed_and_is_kept_and_the_page_stays(open_page: OpenPage) -> None:
    page = open_page("/plan")
    page.get_by_role("button", name="Español").click()
    sign_in(page, "es")
    page.wait_for_url("**/plan")
    page.locator("header details summary").click()
    page.get_by_role("button", name="English").click()
    page.wait_for_url("**/plan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_only_problems_shows_what_needs_somebody_as_it_comes_and_goes(open_page: OpenPage, agent: CannedAgent) -> None:
    page = open_page()
    sign_in(page)
    page.get_by_role("link", name="Only problems").click()
    expect(page.get_by_text("There is no problem anywhere.")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")
    agent.change("redis", **DOWN)
    expect(page.locator(".tile:visible")).to_have_count(1)
    expect(page.get_by_text("There is no problem anywhere.")).to_be_hidden()
    agent.change("redis", state="online", error="")
    expect(page.locator(".tile:visible")).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".tile:visible")).to_have_count(len(SERVICES))


def test_each_bar_is_explained_by_keyboard_by_mouse_and_by_finger(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.change("redis", bars=bars(0.4, bad={28: 12}))
    page = open_page(width=360)
    sign_in(page)
    said, bar = page.locator("#tile-redis output"), page.locator("#bars-redis")
    bar.focus()
    expect(said).to_contain_text(f"{clock(NOW - 2880)}–{clock(NOW)}: 288 of 288 answered, median 0.")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text(f"{clock(NOW - 5760)}–{clock(NOW - 2880)}: 276 of 288 answered")
    expect(bar).to_have_attribute("aria-valuetext", said.inner_text())
    agent.change("redis", latency_ms=0.7)
    page.wait_for_function("document.querySelector('#bars-redis').value === '28'")
    expect(said).to_contain_text("276 of 288")
    bar.blur()
    expect(said).to_be_empty()
    bar.tap(position={"x": 3, "y": 20})
    expect(said).to_contain_text(f"{clock(NOW)}–{clock(NOW + 2880)}: 288 of 288")
    page.get_by_role("heading", level=1).tap()
    box = bar.bounding_box()
    assert box
    bar.hover(position={"x": box["width"] * 28.5 / 30, "y": 20})
    expect(said).to_contain_text("276 of 288")


def test_the_palette_finds_everything_and_needs_no_mouse(open_page: OpenPage, agent: CannedAgent) -> None:
    page = open_page()
    sign_in(page)
    expect(page.locator("#live")).to_have_text("Live")
    page.keyboard.press("/")
    ask, chosen = page.get_by_role("combobox"), page.locator("#found [aria-selected=true]")
    expect(ask).to_be_focused()
    page.keyboard.type("redís")
    expect(chosen).to_contain_text("Redis")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("Redis Commander")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_contain_text("Stop Redis")
    assert ask.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_url("**/service/redis*/stop")
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing at all")
    expect(page.locator("#found")).to_have_text("Nothing is called that.")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.locator("#seek").click()
    page.get_by_label("Also opens with the key /").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_hidden()
    assert agent.runs() == [], "looking for something does nothing"


def test_a_click_is_not_lost_when_its_tile_changes_and_a_menu_that_closes_shows_what_is_new(
    open_page: OpenPage, agent: CannedAgent
) -> None:
    page = open_page()
    sign_in(page)
    expect(page.locator("#live")).to_have_text("Live")
    heading = page.get_by_role("heading", level=1)
    page.locator("#more-redis summary").click()
    agent.change("redis", **DOWN)
    expect(heading).to_have_text("Redis down")
    expect(page.locator("#tile-redis.down")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#tile-redis.down")).to_be_visible()
    page.locator("#logs-redis").hover()
    page.mouse.down()
    agent.change("redis", state="online", error="")
    expect(heading).to_have_text("Everything is online")
    page.mouse.up()
    page.wait_for_url("**/service/redis/logs")


def test_what_is_typed_before_the_list_has_come_is_looked_for(open_page: OpenPage, agent: CannedAgent) -> None:
    page = open_page()
    sign_in(page)
    expect(page.locator("#live")).to_have_text("Live")
    held: list[Route] = []
    page.route("**/find/list", lambda route: held.append(route))
    with page.expect_request("**/find/list"):
        page.keyboard.press("Control+k")
    page.keyboard.type("postgres logs")
    expect(page.get_by_role("combobox")).to_have_value("postgres logs")
    held[0].continue_()
    expect(page.locator("#found [aria-selected=true]")).to_contain_text("PostgreSQL")
    page.keyboard.press("Escape")
    agent.change("postgres", **DOWN)
    expect(page.get_by_role("heading", level=1)).to_have_text("PostgreSQL down")
    page.unroute("**/find/list")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="PostgreSQL").first).to_contain_text("Down")


def test_a_viewer_finds_pages_and_no_action(open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, user="ana")
    page.get_by_role("link", name="Search").click()
    expect(page.get_by_role("option", name="PostgreSQL").first).to_be_visible()
    for kind in ("Action", "Logs", "/tools/"):
        assert kind not in page.locator("#found").inner_html()
    page.keyboard.press("Escape")
    expect(page.locator(".tile footer button, .tile footer details")).to_have_count(0)


def test_where_events_do_not_come_through_the_page_asks_from_time_to_time(
    open_page: OpenPage, agent: CannedAgent
) -> None:
    page = open_page("/sign-in")
    page.clock.install()
    page.route("**/events", lambda route: route.fulfill(status=503))
    sign_in(page)
    expect(page.locator("#live")).to_have_text("Every 10 s")
    agent.change("postgres", **DOWN)
    page.clock.fast_forward(11_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("PostgreSQL down")
    expect(page.locator(".tile").first).to_have_attribute("id", "tile-postgres")


def test_when_the_panel_is_gone_the_page_does_not_claim_to_be_live(open_page: OpenPage, site: Site) -> None:
    with Gateway(site.door.path) as gateway:
        page = open_page(url=gateway.url)
        page.clock.install()
        sign_in(page)
        expect(page.locator("#live")).to_have_text("Live")
        gateway.cut()
        page.clock.fast_forward(40_000)
        expect(page.locator("#live")).to_have_text("No connection")


def test_without_scripts_everything_is_there_as_well(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.change("redis", **DOWN)
    page = open_page(script=False)
    sign_in(page)
    expect(page.locator(".tile")).to_have_count(len(SERVICES))
    page.get_by_role("link", name="Only problems").click()
    expect(page.locator(".tile:visible")).to_have_count(1)
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("stop postgres")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Stop PostgreSQL").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop PostgreSQL?")
    page.goto(page.url.replace("/service/postgres/stop", "/"))
    page.locator("#more-redis summary").click()
    page.get_by_role("button", name="Restart Redis", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Apply the plan")
    assert agent.runs() == [{"verb": "restart", "process": "redis"}]


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 1280), ("es", "dark", 1280), ("es", "light", 360), ("en", "dark", 360)],
)
def test_it_fits_and_everybody_can_use_it(
    open_page: OpenPage, agent: CannedAgent, language: str, scheme: str, width: int
) -> None:
    agent.change("redis", **{**DOWN, "error": "connection refused"}, bars=bars(0.4, bad={29: 60, 12: 288, 13: 40}))
    agent.change("pgadmin", state="degraded", error="no answer in time", failures=2)
    agent.change("nginx", last_error={"at": NOW - 11_000, "text": "no answer in time"})
    agent.change("redis-commander", state="stopped", actions=["start", "logs"], p50_ms=None)
    page = open_page(language=language, scheme=scheme, width=width)
    assert unfit(page) == []
    picture(page, "sign-in", scheme)
    sign_in(page, language)
    expect(page.locator(".tile.down")).to_have_count(1)
    expect(page.locator("#live.live")).to_be_visible()
    picture(page, "home", scheme)
    page.locator("header details summary").click()
    assert unfit(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("header details[open]")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert unfit(page) == []


def test_the_first_load_is_small_and_asks_nobody_else(chromium: Browser, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    sizes: dict[str, int] = {}

    def count(response: Response) -> None:
        if response.status == 200 and not response.url.endswith("/events"):
            sizes[response.url] = len(response.body())

    with (
        CannedAgent(tmp_path / "agent" / "agent.sock", everything=True) as agent,
        panel_process(tmp_path) as door,
        Gateway(door.path) as gateway,
    ):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(gateway.url)
        page.on("response", count)
        sign_in(page)
        expect(page.locator(".tile")).to_have_count(15)
        expect(page.locator("#live")).to_have_text("Live")
        context.close()
        assert {url.split("/")[2] for url in sizes} == {gateway.url.split("/")[2]}
    assert len(agent.processes) == 16, "two of them are instances of the app"
    assert sum(sizes.values()) < 100_000, sizes
