"""What the panel refuses: every route tried by everybody, by every method, without a token, and at random."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from founderstack.panel import routes
from founderstack.panel.application import Panel
from founderstack.panel.asking import Route
from founderstack.panel.config import read_config
from founderstack.panel.people.accounts import Accounts
from founderstack.panel.people.store import Store
from founderstack.panel.routes import ROUTES
from founderstack.world.os.clock import SystemClock
from tests.conftest import wait_until
from tests.service.agents import Bench
from tests.service.canned import backups
from tests.service.gateways import free_ports, listens
from tests.service.panels import (
    COOKIE,
    HOST,
    PASSWORD,
    QUICK,
    SECRET,
    Browser,
    Door,
    agent_serving,
    panel_here,
    write_configuration,
)

VALUES = {"name": "postgres", "action": "restart", "number:int": "1", "id": "none", "set": "none"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
WHO = ("anybody", "newcomer", "viewer", "admin")
PATHS = tuple(dict.fromkeys(route.path for route in ROUTES))
FORMS = tuple(route.path for route in ROUTES if route.method == "POST")


@dataclass
class House:
    """A panel with its agent, and somebody of each kind."""

    door: Door
    bench: Bench

    def visitor(self, who: str) -> Browser:
        browser = self.door.browser()
        if who == "anybody":
            browser.get("/sign-in")
        else:
            user = {"newcomer": "nora", "viewer": "ana", "admin": "founder"}[who]
            assert browser.sign_in(user).status_code == 303
            browser.get("/password")
        return browser

    def told(self) -> tuple[int, int]:
        """How much the agent was told to do."""
        return len(self.bench.runtime.told), len(self.bench.commands.told)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("panel")
    bench = Bench(folder)
    bench.process("postgres", title="PostgreSQL", group="data")
    bench.commands.documents["backups"] = backups()
    write_configuration(folder)
    store = Store(f"{folder}/data/panel.sqlite")
    Accounts(f"{folder}/accounts.json", store).invite("nora", QUICK.hash(PASSWORD), "admin", SystemClock().now())
    store.close()
    with agent_serving(bench), panel_here(folder, SystemClock()) as door:
        yield House(door, bench)


def _filled(path: str) -> str:
    return re.sub(r"\{([^}]+)\}", lambda found: VALUES[found[1]], path)


def _status(browser: Browser, method: str, path: str) -> tuple[int, str]:
    """What comes of a request with a good form, without reading a stream to its end: (status, where it leads)."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"X-Founder-Gateway": SECRET, "X-Real-IP": "203.0.113.7", "Host": HOST, "Cookie": cookies}
    browser.client.cookies.clear()
    sent = {"form": browser.token} if method not in ("GET", "HEAD") else None
    with browser.client.stream(method, path, data=sent, headers=headers) as answer:
        return answer.status_code, answer.headers.get("location", "")


def _expected(path: str, method: str, who: str) -> set[int | str]:
    """By the table alone: statuses, or where it leads to."""
    listed: dict[str, Route] = {route.method: route for route in ROUTES if _fits(route, path)}
    route = listed.get("GET" if method == "HEAD" else method)
    if route is None:
        return {405}
    if who == "anybody" and route.who != "anybody":
        return {401, "/sign-in"}
    if WHO.index(who) < WHO.index(route.who):
        return {403, "/password"} if who == "newcomer" else {403}
    return set()


def _fits(route: Route, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route.path), path) is not None


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_of_every_route_what_the_table_says(house: House, who: str) -> None:
    wrong: list[str] = []
    for path in map(_filled, PATHS):
        browser = house.visitor(who)
        for method in sorted(METHODS, key="POST".__eq__):  # a POST may end the session
            before = house.told()
            status, leads_to = _status(browser, method, path)
            expected = _expected(path, method, who)
            place = leads_to.partition("?")[0]
            allowed = not expected and status not in (401, 403, 405) and status < 500 and place != "/sign-in"
            allowed = allowed or (path == "/sign-out" and leads_to == "/sign-in")
            allowed = allowed or (path in ("/sign-in/code", "/sign-in", "/language") and status in (303, 401))
            if not (allowed or status in expected or place in expected):
                wrong.append(f"{who} {method} {path}: {status} {leads_to}, expected {expected or 'an answer'}")
            if expected and house.told() != before:
                wrong.append(f"{who} {method} {path} made the agent do something")
    assert wrong == []


def test_the_viewers_pages_hold_no_action_and_no_way_to_a_secret(house: House) -> None:
    viewer = house.visitor("viewer")
    own = {"/sign-out", "/language", "/password", "/sessions/end", "/account/two-step", "/confirm"}
    for route in ROUTES:
        if route.method == "GET" and route.who == "viewer" and route.asked_by == "person" and not route.fresh:
            page = viewer.get(_filled(route.path)).text
            assert set(re.findall(r'action="([^"]+)"', page)) <= own | {"/audit"}, route.path
            for closed in ("/credentials", "/people", "/audit", "/tools/"):
                assert f'href="{closed}' not in page, route.path


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_is_not_ours_does_nothing(house: House, path: str) -> None:
    admin, other, before = house.visitor("admin"), house.visitor("admin"), house.told()
    there = _filled(path)
    fields: dict[str, Any] = {
        "user": "ana",
        "role": "admin",
        "name": "postgres",
        "session": "others",
        "secret": "panel.admin",
    }
    for token in ("", "0" * 43, other.token, admin.token[:-1]):
        assert admin.post(there, token=token, **fields).status_code == 403
    for origin in ("https://evil.example", "https://localhost:8443", "null", "http://localhost:9443"):
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
        assert admin.post(there, headers=headers, **fields).status_code == 403
    assert admin.get("/auth").status_code == 204
    assert house.visitor("viewer").get("/").status_code == 200, "nothing happened to ana"
    assert house.told() == before


@pytest.mark.parametrize("name", ["X-Auth-User", "X-Founder-User", "X-Forwarded-User", "Remote-User", "Authorization"])
def test_no_header_makes_somebody_somebody(house: House, name: str) -> None:
    stranger = house.door.browser()
    headers = {name: "founder", "X-Founder-Role": "admin", "X-Founder-Session": "1" * 43}
    for path in ("/auth", "/tiles", "/credentials"):
        assert stranger.get(path, **headers).status_code in (401, 303)
    viewer = house.visitor("viewer")
    assert viewer.get("/auth", **headers).status_code == 403


def test_a_planted_session_never_becomes_a_signed_in_one(house: House) -> None:
    attacker, founder = house.door.browser(), house.door.browser()
    attacker.get("/sign-in")
    planted = attacker.cookies[COOKIE]
    founder.cookies[COOKIE] = planted
    founder.sign_in()
    assert founder.get("/auth").status_code == 204
    assert attacker.get("/auth").status_code == 401
    founder.get("/account")
    signed_in_before = founder.cookies[COOKIE]
    founder.sign_in("ana")
    attacker.cookies[COOKIE] = signed_in_before
    assert attacker.get("/auth").status_code == 401, "the earlier session is over as well"


@pytest.mark.parametrize("path", sorted({_filled(route.path) for route in ROUTES if route.asked_by == "person"}))
def test_no_page_can_be_framed_or_cached_or_run_foreign_scripts(house: House, path: str) -> None:
    headers = house.visitor("admin").get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_way_back_is_always_a_path_of_ours(house: House) -> None:
    for target in (
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%2f/evil.example",
        "javascript:x",
        "/a/../b",
    ):
        admin = house.visitor("admin")
        admin.get("/confirm")
        assert admin.post("/confirm", password=PASSWORD, next=target).headers["location"] == "/"
        admin.get("/account")
        assert admin.post("/language", language="es", next=target).headers["location"] == "/"
        page = house.visitor("admin").get(f"/confirm?next={target}").text
        assert "evil" not in page


# What is asked at random: an OpenAPI description made from the table of routes, and from the fields that they read.
SOURCES = "".join(path.read_text() for path in Path(routes.__file__).parent.glob("*.py"))
FIELDS = sorted({*re.findall(r'fields\.get\("(\w+)"', SOURCES)} - {"form"})
QUERIES = sorted({*re.findall(r'(?:query_params|given)\.get\("(\w+)"', SOURCES)})
LEFT_OUT = {"/sign-out", "/events"}
"""The one ends the session that asks, and the other never ends."""


def _description() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 200}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        if route.path in LEFT_OUT or route.path.endswith(("/progress", "/tail")):
            continue
        names = re.findall(r"\{(\w+)(?::\w+)?\}", route.path)
        inside = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in names
        ]
        asked = [{"name": name, "in": "query", "schema": text} for name in QUERIES] if route.method == "GET" else []
        operation: dict[str, Any] = {"parameters": inside + asked, "responses": {"default": {"description": "any"}}}
        if route.method == "POST":
            form = {"type": "object", "properties": dict.fromkeys(FIELDS, text)}
            operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
        place = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        paths.setdefault(place, {})[route.method.lower()] = operation
    return {"openapi": "3.0.3", "info": {"title": "panel", "version": "1"}, "paths": paths}


SCHEMA = schemathesis.openapi.from_dict(_description())


@dataclass
class Open:
    """A panel on a port of loopback, and somebody signed in."""

    url: str
    headers: dict[str, str]
    token: str


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("open")
    bench = Bench(folder)
    bench.process("postgres", title="PostgreSQL", group="data")
    bench.commands.documents["backups"] = backups()
    config = read_config(str(write_configuration(folder)))
    (port,) = free_ports(1)
    servers: list[uvicorn.Server] = []

    def serve() -> None:
        application = Panel(config, SystemClock(), QUICK).application()
        servers.append(uvicorn.Server(uvicorn.Config(application, port=port, log_level="critical", ws="none")))
        servers[0].run()

    thread = threading.Thread(target=serve)
    with agent_serving(bench):
        thread.start()
        wait_until(lambda: listens(port), "the panel listens")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            browser = Browser(client)
            browser.sign_in()
            browser.get("/account")
            cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            yield Open(
                f"http://127.0.0.1:{port}",
                {"X-Founder-Gateway": SECRET, "Cookie": cookies, "Host": HOST, "Origin": f"https://{HOST}"},
                browser.token,
            )
        servers[0].should_exit = True
        thread.join(10)


@SCHEMA.parametrize()
@settings(
    max_examples=6, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), derandomize=False
)
def test_nothing_that_is_asked_at_random_breaks_it(case: Case[Any], opened: Open) -> None:
    if isinstance(case.body, dict):
        case.body = {**case.body, "form": opened.token}
    answer = case.call(base_url=opened.url, headers=opened.headers, allow_redirects=False)
    assert answer.status_code < 500, f"{case.method} {case.path}: {answer.status_code}"
