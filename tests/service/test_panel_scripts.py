"""The panel's scripts by themselves, each in a page of the test's own, in Chromium: no panel, no agent, no waiting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

STATIC = Path(__file__).parents[2] / "src/founderstack/panel/static"
ORIGIN = "http://panel.test"
STREAMS = """
window.streams = [];
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor(address) { super(); this.address = address; this.readyState = 1; window.streams.push(this); }
  close() { this.readyState = 2; }
};
window.tell = (kind, data = "") => {
  const stream = window.streams.at(-1), event = new MessageEvent(kind, { data });
  stream.dispatchEvent(event);
  stream["on" + kind]?.(event);
};
"""
"""Streams whose events the test tells."""
PALETTE = """<button id="seek">Search</button><dialog id="palette" data-none="Nothing is called that.">
<form method="dialog"><input type="search"></form><div id="found"></div>
<input type="checkbox" id="one-key" checked></dialog>"""
LOG = """<form><input id="search"></form><input type="checkbox" id="follow" checked>
<p id="live" data-live="Live" data-lost="Lost"></p>
<pre id="log" data-stream="/log" style="height: 100px; overflow: auto"></pre>"""
TILES = """<h1 id="summary">Fine</h1>
<p id="live" data-live="Live" data-lost="Lost" data-polling="Polling" data-silent="Silent"></p>
<div id="tiles"></div>"""
CARD = """<article class="credential"><code data-field="value" data-masked="••••">••••</code>
<button type="button" class="copy" data-copy="value" hidden>Copy</button>
<p class="said" data-copied="Copied" data-hides="Hidden in % s"></p>
<form class="reveal"><input name="name" value="cache.app">
<button data-show="Show" data-hide="Hide">Show</button></form></article>"""

PAGE = """<!doctype html><html lang="es"><meta charset="utf-8">{tags}
<main id="main" data-some="{{ok}} of {{all}}, {{median}}" data-none="none">{body}</main>"""
CLIPBOARD = """
window.ClipboardItem = class { constructor(items) { this.items = items; } };
window.write = async ([item]) => { window.copied = await (await item.items["text/plain"]).text(); };
Object.defineProperty(navigator, "clipboard", { value: { write: window.write } });
"""
"""A clipboard that the test can read: the real one is there for pages by HTTPS alone."""

Answers = dict[str, Callable[[Route], None]]
Opened = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    """Opens a page with this body and scripts; requests are answered by path, and a page's error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(body: str, *scripts: str, answers: Answers | None = None, path: str = "/") -> Page:
        context = chromium.new_context(locale="es-ES", timezone_id="Europe/Madrid")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        tags = "".join(f'<script defer src="/static/{name}.js"></script>' for name in ("panel", *scripts))
        html = PAGE.format(tags=tags, body=body)
        known: Answers = {path: lambda route: route.fulfill(body=html, content_type="text/html"), **(answers or {})}

        def answer(route: Route) -> None:
            asked = route.request.url.removeprefix(ORIGIN).partition("?")[0]
            if asked.startswith("/static/"):
                route.fulfill(path=STATIC / asked.removeprefix("/static/"))
            elif asked in known:
                known[asked](route)
            else:
                route.fulfill(status=404)

        page.route("**/*", answer)
        page.add_init_script(STREAMS)
        if scripts:  # those wait
            page.clock.install()
        page.goto(ORIGIN + path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def said(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=text, status=status, headers=headers or {})


def tell(page: Page, kind: str, data: object = "") -> None:
    page.evaluate("([kind, data]) => tell(kind, data)", [kind, data if isinstance(data, str) else json.dumps(data)])


# For every page


def test_times_are_the_readers(opened: Opened) -> None:
    page = opened(
        '<time datetime="2026-11-30T23:30:00Z"></time><time data-clock datetime="2026-11-30T23:30:05Z"></time>'
    )
    day, clock = page.locator("time").all()
    expect(day).to_have_text("1 dic, 00:30")
    expect(clock).to_have_text("0:30:05")
    expect(day).to_have_attribute("title", "1 dic 2026, 0:30:00")


def test_a_bar_says_what_it_is_until_it_is_left(opened: Opened) -> None:
    page = opened("""<div class="bars" data-from="1800000000" data-step="300" data-values="12,40,2 0,0,0 1500,1,0">
        <input type="range" id="b" max="2" value="0"></div><output for="b"></output><button>away</button>""")
    bar, words = page.locator("#b"), page.locator("output")
    for value, text in (("0", "40 of 42, 12 ms"), ("1", "none"), ("2", "1 of 1, 1,5 s")):
        bar.fill(value)
        expect(words).to_have_text(f"09:{int(value) * 5:02}–09:{int(value) * 5 + 5:02}: {text}")
        assert bar.get_attribute("aria-valuetext") == words.text_content()
    page.get_by_role("button").focus()
    expect(words).to_have_text("")
    expect(page.locator(".bars.shown")).to_have_count(0)


def test_menus_close_when_something_else_is_clicked_or_by_escape(opened: Opened) -> None:
    page = opened('<details class="menu"><summary>More</summary>inside</details><p>outside</p>')
    menu, more = page.locator("details[open]"), page.get_by_text("More")
    more.click()
    page.get_by_text("outside").click()
    expect(menu).to_have_count(0)
    more.click()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(page.locator("summary")).to_be_focused()


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ("", ["Café", "Registro", "Copia de seguridad"]),
        ("cafe", ["Café"]),
        ("SEG", ["Copia de seguridad"]),
        ("re", ["Registro"]),
        ("c", ["Café", "Copia de seguridad"]),
        ("seguridad copia", ["Copia de seguridad"]),
        ("none", []),
    ],
)
def test_the_palette_finds_by_words_without_accents(opened: Opened, wish: str, found: list[str]) -> None:
    names = ("Café", "Registro", "Copia de seguridad")
    links = "".join(f'<a href="/{at}" id="f{at}">{name}</a>' for at, name in enumerate(names))
    page = opened(PALETTE, answers={"/find/list": said(links, headers={"content-type": "text/html; charset=utf-8"})})
    page.keyboard.press("/")
    expect(page.locator("#found a")).to_have_count(3)
    page.locator("#palette input[type=search]").fill(wish)
    expect(page.locator("#found a")).to_have_text(found)
    assert (page.locator("#found .empty").count() == 1) == (not found)


def test_the_palette_goes_round_by_keys_and_opens_what_is_chosen(opened: Opened) -> None:
    links = "".join(f'<a href="/{name}" id="{name}">{name}</a>' for name in ("one", "two"))
    page = opened(PALETTE, answers={"/find/list": said(links), "/two": said("there")})
    page.keyboard.press("Control+K")
    chosen = page.locator("#found a[aria-selected]")
    expect(chosen).to_have_text("one")
    for key, name in (("ArrowDown", "two"), ("ArrowDown", "one"), ("ArrowUp", "two")):
        page.keyboard.press(key)
        expect(chosen).to_have_text(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/two")


def test_a_key_that_is_switched_off_stays_so_and_nobody_who_writes_is_interrupted(opened: Opened) -> None:
    page = opened(f'<input id="name">{PALETTE}', answers={"/find/list": said("")})
    palette = page.locator("#palette[open]")
    page.locator("#name").press("/")
    expect(palette).to_have_count(0)
    page.locator("#seek").click()
    page.locator("#one-key").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.locator("body").press("/")
    expect(palette).to_have_count(0)
    page.keyboard.press("Control+K")
    expect(palette).to_have_count(1)


def test_without_its_list_the_palette_is_a_page(opened: Opened) -> None:
    page = opened(PALETTE, answers={"/find/list": said("", 500), "/find": said("a page")})
    page.locator("#seek").click()
    page.wait_for_url("**/find")


# A log


def test_lines_that_do_not_have_what_is_looked_for_are_hidden_and_the_others_marked(opened: Opened) -> None:
    page = opened(LOG, "log")
    tell(page, "all", "<span><time>10:00 </time>GET /a and /A</span><span>nothing</span><span>İstanbul /a</span>")
    page.locator("#search").fill("/a")
    expect(page.locator("#log span:visible")).to_have_text(["10:00 GET /a and /A", "İstanbul /a"])
    expect(page.locator("mark")).to_have_text(["/a", "/A"])
    tell(page, "lines", "<span>later /a</span><span>later</span>")
    expect(page.locator("#log span:visible")).to_have_count(3)
    page.locator("#search").fill("")
    expect(page.locator("#log span:visible")).to_have_count(5)
    expect(page.locator("mark")).to_have_count(0)


def test_a_log_that_goes_on_for_days_stays_small_and_follows_its_end_only_for_who_reads_there(opened: Opened) -> None:
    page = opened(LOG, "log")
    at_end = "log.scrollHeight - log.scrollTop - log.clientHeight < 1"
    tell(page, "all", "".join(f"<span>{number}\n</span>" for number in range(5000)))
    assert page.evaluate(at_end)
    tell(page, "lines", "<span>5000\n</span>" * 10)
    assert page.locator("#log span").count() == 5000
    assert page.evaluate(at_end)
    page.evaluate("log.scrollTop = 0")
    tell(page, "lines", "<span>more\n</span>")
    assert not page.evaluate(at_end)


def test_who_does_not_follow_hears_no_more(opened: Opened) -> None:
    page = opened(LOG, "log")
    tell(page, "open")
    expect(page.locator("#live")).to_have_text("Live")
    page.locator("#follow").uncheck()
    assert page.evaluate("streams.every(stream => stream.readyState === 2)")
    page.locator("#follow").check()
    assert page.evaluate("streams.length") == 2


# The front page


def tile(name: str, rank: int, more: str = "") -> str:
    return f'<article id="tile-{name}" data-rank="{rank}">{name} {rank}{more}</article>'


def test_tiles_are_put_in_order_and_leave(opened: Opened) -> None:
    page = opened(TILES, "live")
    for name, rank in (("b", 2), ("a", 1), ("c", 3)):
        tell(page, "tile", tile(name, rank))
    expect(page.locator("article")).to_have_text(["a 1", "b 2", "c 3"])
    tell(page, "tile", tile("c", 0))
    expect(page.locator("article")).to_have_text(["c 0", "a 1", "b 2"])
    tell(page, "names", ["a"])
    expect(page.locator("article")).to_have_text(["a 1"])
    tell(page, "summary", '<h1 id="summary">Down</h1>')
    expect(page.locator("h1")).to_have_text("Down")


def test_a_tile_waits_with_what_is_new_while_its_menu_is_open(opened: Opened) -> None:
    page = opened(TILES, "live")
    menu = '<details class="menu"><summary>more</summary></details>'
    tell(page, "tile", tile("a", 1, menu))
    page.locator("summary").click()
    tell(page, "tile", tile("a", 2, menu))
    expect(page.locator("details[open]")).to_have_count(1)
    page.locator("summary").click()
    expect(page.locator("article")).to_contain_text("a 2")


def test_without_events_it_asks_and_says_so_and_goes_back_to_events(opened: Opened) -> None:
    answers = {"/tiles": said(f'<h1 id="summary">Asked</h1>{tile("a", 1)}')}
    page = opened(TILES, "live", answers=answers)
    live = page.locator("#live")
    tell(page, "error")
    page.clock.run_for(10_000)
    expect(live).to_have_text("Polling")
    expect(page.locator("article")).to_have_text(["a 1"])
    tell(page, "tile", tile("a", 2))
    expect(live).to_have_text("Live")
    page.clock.run_for(34_000)
    expect(live).to_have_text("Lost")


# A job


def test_a_job_goes_on_when_the_connection_comes_back(opened: Opened) -> None:
    body = """<div id="progress" data-stream="/p">begun</div><p id="live" data-lost="Lost"></p>"""
    page = opened(body, "job", path="/job/1")
    tell(page, "progress", "<p>half</p>")
    expect(page.locator("#progress")).to_have_text("half")
    page.evaluate("streams.at(-1).readyState = 2")
    tell(page, "error")
    expect(page.locator("#live")).to_have_text("Lost")
    page.clock.run_for(3_000)
    page.wait_for_function("streams.length === 2")
    tell(page, "progress", "<p>done</p>")
    tell(page, "over")
    expect(page.locator("#progress")).to_have_text("done")
    expect(page.locator("#live")).to_have_text("")
    assert page.evaluate("streams.every(stream => stream.readyState === 2)")


def test_a_job_that_is_over_listens_to_nothing(opened: Opened) -> None:
    page = opened('<div id="progress">done</div><p id="live"></p>', "job")
    assert page.evaluate("streams.length") == 0


# Credentials


def test_a_secret_is_shown_for_half_a_minute(opened: Opened) -> None:
    value = said('{"value": "s3cret"}', headers={"content-type": "application/json"})
    page = opened(CARD, "credentials", answers={"/credentials/value": value})
    secret, button, words = page.locator("code"), page.locator(".reveal button"), page.locator(".said")
    button.click()
    expect(secret).to_have_text("s3cret")
    expect(words).to_have_text("Hidden in 30 s")
    page.clock.run_for(10_000)
    expect(words).to_have_text("Hidden in 20 s")
    page.clock.run_for(20_000)
    expect(secret).to_have_text("••••")
    expect(button).to_have_text("Show")
    button.click()
    expect(secret).to_have_text("s3cret")
    button.click()
    expect(secret).to_have_text("••••")


def test_a_secret_that_is_not_given_says_why_or_asks_who_it_is(opened: Opened) -> None:
    page = opened(CARD, "credentials", answers={"/credentials/value": said('{"problem": "No."}', 403)})
    page.locator(".reveal button").click()
    expect(page.locator(".said")).to_have_text("No.")
    page.unroute_all()
    page.route("**/credentials/value", said("{}", 403, headers={"x-founder-confirm": "/confirm"}))
    page.route("**/confirm?**", said("a page"))
    page.locator(".reveal button").click()
    page.wait_for_url("**/confirm?next=%2F")


def test_a_copy_shows_nothing(opened: Opened) -> None:
    page = opened(CARD, "credentials", answers={"/credentials/value": said('{"value": "s3cret"}')})
    page.evaluate(CLIPBOARD)
    page.locator(".copy").click()
    expect(page.locator(".said")).to_have_text("Copied")
    assert page.evaluate("copied") == "s3cret"
    expect(page.locator("code")).to_have_text("••••")
