"""The panel's page in a real browser: both languages, phone and desktop, light and dark, live."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from founderstack.model.protocols import Answer
from founderstack.world.clock import SystemClock
from tests.service.agents import ONLINE, SILENT, Bench
from tests.service.panels import PASSWORD, SECRET, agent_serving, panel_process, write_configuration

AXE = Path(__file__).parents[2] / "app/node_modules/axe-core/axe.min.js"
PICTURES = os.environ.get("FOUNDER_SCREENSHOTS", "")
"""A folder to write pictures of the page to, for the documents."""
SMALL_TARGETS = """() => [...document.querySelectorAll("a:not(.skip), button, summary")]
    .filter(target => target.checkVisibility() && target.getBoundingClientRect().height < 44)
    .map(target => target.outerHTML)"""
SERVICES = (
    ("diary-1", "Founder Diary", "app", "The application", "release 3", "https://localhost:8443", "", 14.0),
    ("postgres", "PostgreSQL", "data", "Main database", "15", "127.0.0.1:5432", "", 1.2),
    ("redis", "Redis", "data", "Cache and sessions", "7.0", "127.0.0.1:6379", "", 0.4),
    ("nginx", "Nginx", "gateway", "Gateway with TLS", "1.22", "https://localhost:8443", "", 0.9),
    ("pgadmin", "pgAdmin", "tools", "Look into the database", "9.18", "", "/tools/pgadmin/", 41.0),
    ("panel", "Panel", "tools", "This page", "", "https://localhost:9443", "", 2.0),
)
WORDS = {
    "en": ("Name", "Password", "Sign in", "Everything is online", "Live", "PostgreSQL down", "No answer in time",
           "The name or the password is not right.", "Sign out"),
    "es": ("Nombre", "Contraseña", "Entrar", "Todo está en línea", "En directo", "Sin servicio: PostgreSQL",
           "No respondió a tiempo", "El nombre o la contraseña no son correctos.", "Cerrar sesión"),
}  # fmt: skip


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
    """Take one request at a time to the panel, with the gateway's secret, and bring the answer."""
    inner_reader, inner_writer = await asyncio.open_unix_connection(path)

    async def ask() -> None:
        while True:
            first, _newline, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            inner_writer.write(first + f"\r\nX-Founder-Gateway: {SECRET}\r\nX-Real-IP: 127.0.0.1\r\n".encode() + rest)
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", b"\r\n" + rest)
            if length:
                inner_writer.write(await reader.readexactly(int(length[1])))

    async def answer() -> None:
        while content := await inner_reader.read(65_536):
            writer.write(content)

    halves = [asyncio.create_task(ask()), asyncio.create_task(answer())]
    try:
        await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for half in halves:
            half.cancel()
        await asyncio.gather(*halves, return_exceptions=True)
        inner_writer.transport.abort()
        writer.transport.abort()


class Gateway:
    """A gateway reduced to what the panel needs of one, on a port of loopback."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self.url = ""
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Gateway:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_problem: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(10)
            self._loop.close()

    def cut(self) -> None:
        """Drop every connection and take no new one."""
        self.__exit__()

    async def _serve(self) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.CancelledError):
                await _pass_on(reader, writer, self._path)

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.url = "http://localhost:%d" % listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(5):  # transports close in the turns after they were told to
            await asyncio.sleep(0)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root has no user namespace to sandbox in; what it opens is only our own page.
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("founderstack.agent.prober.INTERVAL_S", 0.4)
    monkeypatch.setattr("founderstack.agent.prober.RETRY_S", 0.3)
    monkeypatch.setattr("founderstack.agent.service.TICK_S", 0.1)
    found = Bench(tmp_path)
    for name, title, group, summary, version, address, path, milliseconds in SERVICES:
        found.process(name, title=title, group=group, summary=summary, version=version, address=address, path=path)
        found.answers[name] = Answer(True, milliseconds)
    _past(tmp_path / "agent" / "state.json")
    write_configuration(tmp_path)
    return found


def _past(file: Path) -> None:
    """Let every service have been online for three days, with a history."""
    chance = random.Random(7)
    now = SystemClock().now()
    processes = {}
    for name, *_texts, milliseconds in SERVICES:
        history = [
            [now - 10 * age, round(milliseconds * chance.lognormvariate(0, 0.5), 1), True] for age in range(28, 0, -1)
        ]
        processes[name] = {
            "state": "online", "since": now - 273_000, "latency_ms": milliseconds, "error": "", "checked": now,
            "failures": 0, "history": history,
        }  # fmt: skip
    file.write_text(json.dumps({"v": 1, "at": now, "processes": processes}))


@pytest.fixture
def gateway(bench: Bench) -> Iterator[Gateway]:
    with agent_serving(bench), panel_process(bench.folder) as door, Gateway(door.path) as found:
        yield found


@pytest.fixture
def open_page(chromium: Browser, gateway: Gateway) -> Iterator[Callable[..., Page]]:
    """Opens the panel for somebody; a page that logged an error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(language: str = "en", scheme: str = "light", width: int = 1280, script: bool = True) -> Page:
        contexts.append(
            chromium.new_context(
                locale=language, color_scheme="dark" if scheme == "dark" else "light", java_script_enabled=script,
                viewport={"width": width, "height": 800}, device_scale_factor=2 if width < 500 else 1,
            )
        )  # fmt: skip
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if _is_ours(message.text) else None)
        page.goto(gateway.url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def _is_ours(text: str) -> bool:
    """Chromium reports what a test refuses or cuts off on purpose as failed resources."""
    return not any(meant in text for meant in ("401", "ERR_CONNECTION", "ERR_INCOMPLETE"))


def sign_in(page: Page, language: str = "en", password: str = PASSWORD) -> None:
    name, secret, button = WORDS[language][:3]
    page.get_by_label(name).fill("founder")
    page.get_by_label(secret).fill(password)
    page.get_by_role("button", name=button, exact=True).click()


def problems(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(result => result.violations.map(v => v.id + ': ' + v.nodes[0].html))")
    return list(found)


@pytest.mark.parametrize("language", ["en", "es"])
def test_from_signing_in_to_signing_out(open_page: Callable[..., Page], bench: Bench, language: str) -> None:
    _name, _secret, _button, fine, live, down, silent, wrong, out = WORDS[language]
    page = open_page(language)
    sign_in(page, language, "wrong")
    expect(page.get_by_role("alert")).to_have_text(wrong)
    sign_in(page, language)
    expect(page.get_by_role("heading", level=1)).to_have_text(fine)
    expect(page.locator("#live")).to_have_text(live)
    expect(page.locator(".tile")).to_have_count(len(SERVICES))
    tool = page.locator("#tile-pgadmin").get_by_role("link")
    expect(tool).to_have_attribute("href", "/tools/pgadmin/")
    bench.answers["postgres"] = SILENT
    expect(page.get_by_role("heading", level=1)).to_have_text(down)
    expect(page.locator(".tile").first).to_have_attribute("id", "tile-postgres")
    expect(page.locator("#tile-postgres .error")).to_have_text(silent)
    bench.answers["postgres"] = ONLINE
    expect(page.get_by_role("heading", level=1)).to_have_text(fine)
    bench.process("valkey", title="Valkey", group="data")
    expect(page.locator("#tile-valkey")).to_be_visible()
    page.locator("header details summary").click()
    page.get_by_role("button", name=out).click()
    page.wait_for_url("**/sign-in")


def test_a_restart_takes_two_clicks_and_is_reported(open_page: Callable[..., Page], bench: Bench) -> None:
    page = open_page()
    sign_in(page)
    page.locator("#more-redis summary").click()
    page.get_by_role("button", name="Restart Redis").click()
    expect(page.get_by_role("status").first).to_contain_text("redis was restarted")
    assert bench.runtime.told == ["restart redis"]
    expect(page.locator("#more-panel")).to_have_count(0)


def test_the_language_can_be_changed_and_is_kept(open_page: Callable[..., Page]) -> None:
    page = open_page("en")
    page.get_by_role("button", name="Español").click()
    sign_in(page, "es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Todo está en línea")


def test_when_the_panel_is_gone_the_page_does_not_claim_to_be_live(
    open_page: Callable[..., Page], gateway: Gateway
) -> None:
    page = open_page()
    page.clock.install()
    sign_in(page)
    expect(page.locator("#live")).to_have_text("Live")
    gateway.cut()
    page.clock.fast_forward(40_000)
    expect(page.locator("#live")).to_have_text("No connection")


def test_without_scripts_the_page_shows_everything(open_page: Callable[..., Page]) -> None:
    page = open_page(script=False)
    sign_in(page)
    expect(page.locator(".tile")).to_have_count(len(SERVICES))
    page.locator("#more-redis summary").click()
    page.get_by_role("button", name="Restart Redis").click()
    expect(page.locator(".notice")).to_contain_text("redis was restarted")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_everybody_can_use_it(
    open_page: Callable[..., Page], bench: Bench, language: str, scheme: str, width: int
) -> None:
    bench.answers["redis"] = Answer(False, 5.0, "connection refused")
    page = open_page(language, scheme, width)
    assert not AXE.exists() or problems(page) == []
    _picture(page, f"panel-sign-in-{_device(width)}-{scheme}-{language}")
    sign_in(page, language)
    expect(page.locator(".tile.down")).to_have_count(1)
    page.locator("header details summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nobody scrolls sideways"
    assert page.evaluate(SMALL_TARGETS) == []
    assert not AXE.exists() or problems(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("details[open]")).to_have_count(0)
    _picture(page, f"panel-{_device(width)}-{scheme}-{language}")


def test_the_first_load_is_small_and_asks_nobody_else(chromium: Browser, gateway: Gateway) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(gateway.url)
    sizes: list[int] = []
    hosts: set[str] = set()

    def count(response: Response) -> None:
        hosts.add(response.url.split("/")[2])
        if response.status == 200 and not response.url.endswith("/events"):
            sizes.append(len(response.body()))

    page.on("response", count)
    sign_in(page)
    expect(page.locator(".tile")).to_have_count(len(SERVICES))
    expect(page.locator("#live")).to_have_text("Live")
    context.close()
    assert hosts <= {gateway.url.split("/")[2]}
    assert sum(sizes) < 100_000


def _device(width: int) -> str:
    return "phone" if width < 500 else "desktop"


def _picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
