"""A founder's first hour: from a fresh clone to a diary on a stack of their own, and everything that kills it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError as Late, expect, sync_playwright

from founderstack.agent.client import ask
from founderstack.model.errors import StackError
from founderstack.world.net.unix_http import UnixConnection
from tests.app.words import WORDS
from tests.checkouts import clone
from tests.conftest import enterable_folder, wait_until
from tests.fault.stacks import ROOT, Founder, Visitors, end_processes_below

pytestmark = pytest.mark.timeout(900)

NAME = f"journey{secrets.token_hex(2)}"  # what a run that was killed left behind has another name
expect.set_options(timeout=20_000)  # a busy machine is no defect of a page
TITLE = "La primera venta"
PASSWORD = "correct horse battery staple"
PATIENCE = 3
"""How many times its budget a recovery may take here: the machine does other things as well."""
BUDGETS_S = {
    "app": 2, "nginx": 2, "cache": 2, "postgres": 5, "pgadmin": 15, "redis-commander": 5, "panel": 5, "agent": 5,
    "supervisord": 15,
}  # fmt: skip
TOOLS = {"pgadmin": ("pgadmin", "/tools/pgadmin/misc/ping"), "redis-commander": ("commander", "/tools/redis/")}
"""Tool → its socket, and an address that its guard refuses."""
SPANISH = WORDS["es"]


@pytest.fixture
def founder() -> Iterator[Founder]:
    """Who cloned the repository under a folder that nobody else may enter, on a machine without a stack."""
    private = enterable_folder("founder-journey-")
    private.chmod(0o700)
    home = enterable_folder("founder-journey-home-")
    checkout = private / "clone"
    clone(ROOT, checkout)
    stack_file = checkout / "founder.toml"
    text = re.sub(r'(?m)^name = ".*"', f'name = "{NAME}"', stack_file.read_text(encoding="utf-8"))
    stack_file.write_text(text, encoding="utf-8")
    founder = Founder(checkout, home, launcher=checkout / "founder")
    yield founder
    if founder.state.exists():
        founder.run("destroy", "--yes", "--confirm", NAME)
        end_processes_below(founder.state)
    shutil.rmtree(private)
    shutil.rmtree(home)


@pytest.fixture
def browser() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        # Root has no user namespace to sandbox in; what it opens is only our own pages.
        chromium: Browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = chromium.new_context(
            ignore_https_errors=True, locale="es-ES", viewport={"width": 1400, "height": 900}
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()
        chromium.close()


@pytest.fixture
def figures() -> Iterator[dict[str, float]]:
    """Seconds that things took; printed at the end, also when something failed."""
    found: dict[str, float] = {}
    yield found
    print("\n" + "\n".join(f"  {name:<36}{seconds:7.2f} s" for name, seconds in found.items()))


@contextlib.contextmanager
def timed(figures: dict[str, float], what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    figures[what] = time.monotonic() - began


def test_a_first_hour(founder: Founder, browser: BrowserContext, figures: dict[str, float]) -> None:
    """Clone, up, an entry, the panel, pgAdmin, every process killed, down, up, deploy under load, destroy."""
    with timed(figures, "up on a machine without a stack"):
        said = Founder(founder.folder, founder.home, founder.launcher, env={"LANGUAGE": "es"}).ok("up", "--yes")
    password = first_password(said.out)

    diary = write_an_entry(founder, browser)
    panel = sign_in_to_the_panel(founder, browser, password)
    see_the_row_in_pgadmin(browser, panel)

    for what in BUDGETS_S:
        figures[f"back after kill -9 of {what}"] = kill_and_wait(founder, what)
        assert_nothing_lost(founder, diary)
    for what, budget in BUDGETS_S.items():
        assert figures[f"back after kill -9 of {what}"] <= PATIENCE * budget, what

    with timed(figures, "down"):
        founder.ok("down")
    assert not answers(lambda: founder.get("/api/health"))
    with timed(figures, "up again"):
        founder.ok("up", "--yes")
    assert_nothing_lost(founder, diary)
    assert "No changes" in nothing_left_to_do(founder, figures)

    deploy_under_load(founder, figures)
    assert_nothing_lost(founder, diary)
    back_up_and_prove(founder, figures)
    founder.ok("destroy", "--yes", "--confirm", NAME)
    assert not founder.state.exists()
    assert not system_users()


def back_up_and_prove(founder: Founder, figures: dict[str, float]) -> None:
    with timed(figures, "backup"):
        founder.ok("backup", "--yes")
    with timed(figures, "backup prove"):
        founder.ok("backup", "prove", "--yes")
    (only,) = json.loads(founder.ok("backups", "--json").out)["sets"]
    assert only["proven"]["ok"]


def first_password(said: str) -> str:
    """What `up` said once, in Spanish."""
    found = re.search(r"contraseña (\S{20,})", said)
    assert found, said
    return found[1]


def write_an_entry(founder: Founder, browser: BrowserContext) -> Page:
    """Sign up in the app and write; the page shows the entry."""
    assert founder.get("/api/health")[0] == 200, "the stack's own authority is enough to trust the app"
    origin = f"https://localhost:{founder.port('nginx.https')}"
    page = browser.new_page()
    page.goto(f"{origin}/")
    page.get_by_role("link", name=SPANISH["create account"]).click()
    page.get_by_label(SPANISH["name"]).fill("Ana")
    page.get_by_label(SPANISH["email"]).fill("ana@example.org")
    page.get_by_label(SPANISH["password"]).fill(PASSWORD)
    page.get_by_role("button", name=SPANISH["create account"]).click()
    page.get_by_role("link", name=SPANISH["new entry"]).click()
    page.get_by_label(SPANISH["title"]).fill(TITLE)
    page.get_by_label(SPANISH["text"]).fill("Hoy pagó **Marta**.")
    page.get_by_role("button", name=SPANISH["save"]).click()
    expect(page).to_have_url(re.compile(r"/entries/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    photograph(page, "diary")
    return page


def sign_in_to_the_panel(founder: Founder, browser: BrowserContext, password: str) -> Page:
    page = browser.new_page()
    page.goto(f"https://localhost:{founder.port('nginx.panel')}/")
    page.locator("#user").fill("founder")
    page.locator("#password").fill(password)
    page.locator("form[action='/sign-in'] button").click()
    expect(page.locator("#tile-pgadmin")).to_be_visible()
    expect(page.locator(".tile.online")).to_have_count(page.locator(".tile").count(), timeout=60_000)
    photograph(page, "panel")
    return page


def see_the_row_in_pgadmin(browser: BrowserContext, panel: Page) -> None:
    """One click in the panel; nothing is typed but the query."""
    with browser.expect_page() as opened:
        panel.locator("#open-pgadmin").click()
    page = opened.value
    expect(page.get_by_text("(webserver)")).to_be_visible(timeout=60_000)
    open_tree(page, "Servers", NAME, "Databases", "app")
    page.get_by_text("app", exact=True).first.click()
    page.locator("button[data-label='Query Tool']").click()
    tool = page.frame_locator("iframe").first
    tool.locator(".cm-content").first.click()
    page.keyboard.type("SELECT title FROM entry")
    page.keyboard.press("F5")
    expect(tool.get_by_text(TITLE)).to_be_visible()
    photograph(page, "pgadmin")
    page.close()


def open_tree(page: Page, *names: str) -> None:
    """Double-click down the tree: pgAdmin opens nodes by itself too, and a double-click then closes them."""
    nodes = [page.get_by_text(name, exact=True).first for name in names]
    nodes[0].wait_for()
    for _ in range(5 * len(nodes)):
        deepest = max(number for number, node in enumerate(nodes) if number == 0 or node.is_visible())
        if deepest == len(nodes) - 1:
            return
        with contextlib.suppress(Late):
            nodes[deepest].dblclick(timeout=4_000)
            nodes[deepest + 1].wait_for(timeout=4_000)
    pytest.fail(f"the tree does not open down to {names[-1]}")


def kill_and_wait(founder: Founder, what: str) -> float:
    """Seconds from `kill -9` until another process of that name does what it promises."""
    before = founder.pids() | {"supervisord": founder.supervisor_pid}
    name = process_name(before, what)
    began = time.monotonic()
    os.kill(before[name], signal.SIGKILL)
    deadline_s = 4 * PATIENCE * BUDGETS_S[what]
    if what == "supervisord":
        wait_until(
            lambda: answers(lambda: everything_is_new(founder, before)), "everything after supervisord", deadline_s
        )
    else:
        wait_until(lambda: answers(lambda: founder.pids()[name] != before[name]), f"another {name}", deadline_s)
    wait_until(lambda: answers(lambda: promise(founder, what)), f"{what} answers", deadline_s)
    return time.monotonic() - began


def process_name(pids: dict[str, int], what: str) -> str:
    names = {"cache": ("valkey", "redis")}.get(what, (what,))
    return next(name for name in pids if name in names or name.startswith(f"{what}-"))


def everything_is_new(founder: Founder, before: dict[str, int]) -> bool:
    """True where all processes run again, under another supervisor."""
    now = founder.pids() | {"supervisord": founder.supervisor_pid}
    return now.keys() == before.keys() and not set(now.values()) & set(before.values())


def answers(question: Callable[[], object]) -> bool:
    """Whether the answer is yes; one that cannot be had is no."""
    try:
        return bool(question())
    except (OSError, http.client.HTTPException, psycopg.Error, StackError, AssertionError, KeyError):
        return False


def promise(founder: Founder, what: str) -> bool:
    """Whether a service does what its users count on, asked the way they ask."""
    match what:
        case "app" | "nginx":
            return founder.get("/api/health")[0] == 200
        case "cache":
            with socket.create_connection(("127.0.0.1", founder.port("redis.redis")), 2) as line:
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        case "postgres":
            with database(founder) as connection:
                return connection.execute("SELECT 1").fetchall() == [(1,)]
        case "pgadmin" | "redis-commander":
            name, path = TOOLS[what]
            return asked(founder.state / f"run/{what}/{name}.sock", path) == 403
        case "panel":
            return panel_status(founder) == 200
        case "agent":
            return bool(ask(f"{founder.state}/agent/agent.sock", "ping", timeout_s=2))
        case _:
            return all(answers(lambda one=one: promise(founder, one)) for one in BUDGETS_S if one != what)  # type: ignore[misc]


def asked(path: Path, target: str) -> int:
    connection = UnixConnection(str(path), 5)
    with contextlib.closing(connection):
        connection.request("GET", target)
        return connection.getresponse().status


def panel_status(founder: Founder) -> int:
    port = founder.port("nginx.panel")
    client = http.client.HTTPSConnection("localhost", port, context=founder.trust(), timeout=5)
    with contextlib.closing(client):
        client.request("GET", "/sign-in")
        return client.getresponse().status


def database(founder: Founder) -> psycopg.Connection:
    """A connection as the app makes it."""
    environment = next((founder.state / "launch").glob("app-*/env")).read_text(encoding="utf-8")
    found = re.search(r"^DATABASE_URL='(.+)'$", environment, re.MULTILINE)
    assert found
    return psycopg.connect(found[1], connect_timeout=5)


def titles(founder: Founder) -> list[str]:
    """The entries' titles, as they stand in the database."""
    with database(founder) as connection:
        return [row[0] for row in connection.execute("SELECT title FROM entry").fetchall()]


def assert_nothing_lost(founder: Founder, diary: Page) -> None:
    """The entry and the sign-in are there, in the database and in the browser."""
    assert titles(founder) == [TITLE]
    diary.reload()
    expect(diary.get_by_role("heading", name=TITLE)).to_be_visible()


def nothing_left_to_do(founder: Founder, figures: dict[str, float]) -> str:
    """What `up` says once the agent has looked at everything."""
    wait_until(lambda: founder.run("status", "--check").code == 0, "everything online", 60)
    with timed(figures, "up with nothing to do"):
        return founder.ok("up").out


def deploy_under_load(founder: Founder, figures: dict[str, float]) -> None:
    """A changed app, while people use it; nobody notices but by the change."""
    mark = secrets.token_hex(8)
    (founder.folder / "app" / "public" / "mark.txt").write_text(mark, encoding="ascii")
    with Visitors(founder, path="/sign-in", slow="/form/sign-in").visiting() as visitors, timed(figures, "deploy"):
        founder.ok("deploy", "--yes")
    assert founder.get("/mark.txt") == (200, mark)
    assert visitors.failed == []
    print("\n  requests answered during the deploy:", dict(visitors.ok))


def system_users() -> list[str]:
    lines = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(f"f-{NAME}-")]


def photograph(page: Page, name: str) -> None:
    """A picture for the documents, where FOUNDER_SCREENSHOTS names a folder."""
    folder = os.environ.get("FOUNDER_SCREENSHOTS", "")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")
