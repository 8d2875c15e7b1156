"""A browser, people to use it, and the diary that they use."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import (
    APIResponse,
    Browser,
    BrowserContext,
    Page,
    Response,
    TimeoutError as PlaywrightTimeout,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.app.servers import Build, Diary, Postgres, Redis, build, running
from tests.conftest import enterable_folder

expect.set_options(timeout=20_000)  # a busy machine is no defect of a page
PASSWORD = "correct horse battery staple"
DEVICES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}
HERE = Path(__file__).parent

_addresses = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="write pictures of the diary's pages there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test builds the app, which takes longer than a test may."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(600))


def _wait_until_awake(page: Page) -> None:
    """Have `goto` and `reload` return when the page's scripts answer, as a person waits without knowing.

    What is no page of the diary is never awake, and is waited for in vain for a moment.
    """
    goto, reload = page.goto, page.reload

    def awake(answer: Response | None) -> Response | None:
        with suppress(PlaywrightTimeout):
            page.locator("html[data-awake]").wait_for(state="attached", timeout=6000)
        return answer

    page.goto = lambda *words, **options: awake(goto(*words, **options))  # type: ignore[method-assign]
    page.reload = lambda **options: awake(reload(**options))  # type: ignore[method-assign]


def press(page: Page, key: str) -> None:
    """Press a shortcut once the page hears it: saving and moving on load another page each time."""
    expect(page.locator("html[data-keys]")).to_be_attached()
    page.keyboard.press(key)


class Person:
    """Somebody with a browser of their own, and an address of their own as the gateway would tell it."""

    def __init__(
        self, browser: Browser, diary: Diary, locale: str = "en", device: str = "desktop", **options: Any
    ) -> None:
        number = next(_addresses)
        self.diary = diary
        self.origin = diary.origin
        self.email = f"person-{number}@example.org"
        self.context: BrowserContext = browser.new_context(
            base_url=diary.origin,
            locale={"en": "en-GB", "es": "es-ES"}[locale],
            viewport=DEVICES[device],
            has_touch=device == "phone",
            extra_http_headers={"x-forwarded-for": f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"},
            **options,
        )
        self.context.set_default_timeout(30_000)
        if options.get("java_script_enabled", True):
            self.context.on("page", _wait_until_awake)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> APIResponse:
        """A request with this person's cookies, as their own page would make it."""
        sent = {"origin": self.origin, "accept": "application/json", **headers}
        return self.context.request.fetch(path, method=method, headers=sent, data=body, max_redirects=0)

    def form(self, path: str, **fields: str) -> APIResponse:
        sent = {"origin": self.origin, "accept": "application/json"}
        return self.context.request.post(path, headers=sent, form=dict(fields))

    def sign_up(self, name: str = "Ana", **more: str) -> Person:
        answer = self.form("/form/sign-up", name=name, email=self.email, password=PASSWORD, **more)
        assert answer.ok, answer.text()
        return self

    def sign_in(self, password: str = PASSWORD) -> APIResponse:
        return self.form("/form/sign-in", email=self.email, password=password)

    def write(self, entry_id: str, revision: int = 0, **fields: Any) -> APIResponse:
        entry = {"day": "2026-03-14", "title": "A title", "body": "A text", "tags": [], "figures": {}, **fields}
        return self.call("PUT", f"/api/entries/{entry_id}", json.dumps({**entry, "revision": revision}))

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.diary.database, autocommit=True) as connection:
            found = connection.execute(sql, values)
            return found.fetchall() if found.description else []

    @property
    def id(self) -> str:
        return str(self.query('select id from "user" where email = %s', self.email)[0][0])


@pytest.fixture(scope="session")
def built(shared_home: Path) -> Build:
    return build(shared_home)


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    folder = enterable_folder("founder-diary-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(place: Path, built: Build) -> Iterator[Postgres]:
    with running(Postgres(place / "postgres")) as server:
        built.migrate(server.create("empty"))
        yield server


@pytest.fixture(scope="session")
def redis(place: Path) -> Iterator[Redis]:
    with running(Redis(place / "redis")) as server:
        yield server


@pytest.fixture(scope="session")
def diary(place: Path, built: Build, postgres: Postgres, redis: Redis) -> Iterator[Diary]:
    """The instance that most tests share; each of them brings its own people."""
    database = postgres.create("diary", template="empty")
    sockets = {"DATABASE_SOCKET": postgres.socket, "REDIS_SOCKET": redis.socket}
    with running(Diary(built.node, built.dist, place / "diary", database, redis.url, **sockets)) as server:
        yield server


@pytest.fixture
def another_diary(place: Path, built: Build, postgres: Postgres, redis: Redis) -> Iterator[Callable[..., Diary]]:
    """Starts a diary of the test's own, with a database of its own and other settings."""
    numbers = itertools.count(next(_addresses))
    with ExitStack() as stack:

        def start(**settings: str) -> Diary:
            name = f"diary_{next(numbers)}_{next(_addresses)}"
            chosen = {"database": postgres.create(name, template="empty"), "redis": redis.url, **settings}
            return stack.enter_context(
                running(Diary(built.node, built.dist, place / name, STACK_NAME=name.replace("_", "-"), **chosen))
            )

        yield start


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root has no user namespace to sandbox in; what it opens is only our own pages.
        yield playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])


@pytest.fixture
def person(browser: Browser, diary: Diary) -> Iterator[Callable[..., Person]]:
    """Makes people; a page of theirs that threw an error fails the test."""
    people: list[Person] = []

    def make(at: Diary | None = None, **options: Any) -> Person:
        people.append(Person(browser, at or diary, **options))
        return people[-1]

    yield make
    for somebody in people:
        assert somebody.errors == []
        somebody.context.close()
