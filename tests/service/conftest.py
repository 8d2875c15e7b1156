"""A browser and a panel for it whose agent answers from values; a Supabase-shaped source, built once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.app.servers import Postgres, running
from tests.conftest import enterable_folder
from tests.service.canned import CannedAgent
from tests.service.clusters import Cluster
from tests.service.components import Components, components
from tests.service.moves import empty_target
from tests.service.panels import Door, panel_process, write_configuration
from tests.service.primaries import other_system
from tests.service.small_gateway import Gateway
from tests.service.supabase_source import SupabaseSource, build, supabase_source

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """A panel with its agent behind it and a gateway before it."""

    folder: Path
    agent: CannedAgent
    door: Door
    url: str


def pytest_collection_finish(session: pytest.Session) -> None:
    """The root of another Debian is made while other tests run: it waits for the network most of the time."""
    if any("debian-13" in item.nodeid.replace("_", "-") for item in session.items):
        threading.Thread(target=other_system, daemon=True).start()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root has no user namespace to sandbox in; what it opens is only our own page.
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    write_configuration(folder)
    with (
        CannedAgent(folder / "agent" / "agent.sock") as agent,
        panel_process(folder) as door,
        Gateway(door.path) as gateway,
    ):
        yield Site(folder, agent, door, gateway.url)


@pytest.fixture
def agent(site: Site) -> CannedAgent:
    """The agent behind the panel, as it is at first."""
    site.agent.reset()
    site.agent.tell()
    return site.agent


@pytest.fixture
def open_page(chromium: Browser, site: Site, agent: CannedAgent) -> Iterator[OpenPage]:
    """Opens the panel in a browser of its own; a page that logged an error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(
        path: str = "/", *, language: str = "en", scheme: str = "light", width: int = 1280, script: bool = True,
        url: str = "", **more: Any,
    ) -> Page:  # fmt: skip
        contexts.append(
            chromium.new_context(
                locale={"en": "en-GB", "es": "es-ES"}[language],
                color_scheme="dark" if scheme == "dark" else "light", java_script_enabled=script,
                viewport={"width": width, "height": 800}, device_scale_factor=2 if width < 500 else 1,
                timezone_id="Europe/Madrid", has_touch=width < 500, **more,
            )
        )  # fmt: skip
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console", lambda message: errors.append(message.text) if _is_ours(message.type, message.text) else None
        )
        page.goto((url or site.url) + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def _is_ours(kind: str, text: str) -> bool:
    """Chromium reports what a test refuses or cuts off on purpose as failed resources."""
    meant = (
        "401", "404", "409", "422", "502", "503",
        "ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY", "ERR_FAILED", "ERR_ABORTED",
    )  # fmt: skip
    return kind == "error" and not any(status in text for status in meant)


@pytest.fixture(scope="session")
def storage(shared_home: Path) -> Iterator[Components]:
    """SeaweedFS as the catalogue starts it, for every test that needs some."""
    home = enterable_folder("founder-storage-")
    (home / "shared").symlink_to(shared_home)
    with components(home, "[storage]\nmemory_mib = 128\n", ["seaweedfs"]) as running:
        yield running
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def supabase_built() -> Iterator[Path]:
    """The folder of a built source that is not running."""
    folder = enterable_folder("founder-supabase-")
    build(folder / "built")
    yield folder / "built"
    shutil.rmtree(folder)


@pytest.fixture
def supabase_copy(supabase_built: Path) -> Iterator[Callable[[], SupabaseSource]]:
    """Start a source of the test's own, which it may write to."""
    folder = enterable_folder("founder-supabase-copy-")
    with ExitStack() as stack:
        numbers = iter(range(10))
        yield lambda: stack.enter_context(supabase_source(folder / str(next(numbers)), copy_of=supabase_built))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def supabase(supabase_built: Path) -> Iterator[SupabaseSource]:
    """A running source that tests only read from."""
    folder = enterable_folder("founder-supabase-shared-")
    with supabase_source(folder, copy_of=supabase_built) as source:
        yield source
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def target_server() -> Iterator[Postgres]:
    """A server with the role of the app, for databases of a file's tests."""
    folder = enterable_folder("founder-target-")
    with running(Postgres(folder)) as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("create role app login")
        yield server
    shutil.rmtree(folder)


@pytest.fixture
def target() -> Iterator[Cluster]:
    """A cluster of the test's own with the empty database `app`; tests of one file may put a source beside it."""
    folder = enterable_folder("founder-target-")
    with empty_target(folder / "target") as made:
        yield made
    shutil.rmtree(folder)
