"""The panel, Redis Commander (redis-commander) and pgAdmin through the real gateway, and what a stranger tries."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import httpx
import pytest

from founderstack.model.stack import RING_SLOTS
from tests.conftest import enterable_folder
from tests.service.agents import Bench
from tests.service.gateways import HOST, Stack, gateway, stack_in
from tests.service.panels import COOKIE, Browser, agent_serving

TOOLS = ("/tools/redis/", "/tools/pgadmin/")
APP = '[app]\nlisten = "socket"\nstart = "none"\n'
BOTH_LANGUAGES = {
    "panel-down": ("The panel is not answering", "El panel no responde"),
    "tool-down": ("This tool is not answering", "Esta herramienta no responde"),
    "admins-only": ("Tools are for admins", "Las herramientas son para administradores"),
}

pytestmark = pytest.mark.timeout(600)


class Echo(BaseHTTPRequestHandler):
    """An app that says which headers reached it."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "gateway"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is its failures."""


class EchoServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


@pytest.fixture(scope="module")
def stack(shared_home: Path) -> Iterator[Stack]:
    folder = enterable_folder("founder-gateway-")
    made = stack_in(folder, shared_home, APP, app=True)
    made.install("redis-commander/packages")
    made.install("pgadmin/environment")
    with ExitStack() as parts:
        parts.enter_context(agent_serving(Bench(folder)))
        echo = parts.enter_context(EchoServer(f"{folder}/echo.sock", Echo))
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        parts.callback(echo.shutdown)
        os.makedirs(ring := made.resolved.views["gateway"].places.ring("app"))
        for slot in range(RING_SLOTS):
            os.symlink(f"{folder}/echo.sock", f"{ring}/{slot}.sock")
        parts.enter_context(gateway(made, "redis", "panel", "redis-commander", "pgadmin"))
        yield made
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def browser(stack: Stack) -> Iterator[Browser]:
    """A browser that comes through the gateway: what it claims about itself is the gateway's to overwrite."""
    context = ssl.create_default_context(cafile=f"{stack.folder}/tls/ca.crt")
    with httpx.Client(verify=context, base_url=stack.origin, timeout=60) as client:
        yield _through(stack, client)


def _through(stack: Stack, client: httpx.Client) -> Browser:
    return Browser(client, host=stack.origin.removeprefix("https://"))


def _signed_in(stack: Stack, browser: Browser) -> Browser:
    assert browser.sign_in("founder", stack.secrets.get("panel.admin")).status_code == 303
    browser.get("/account")
    return browser


def _cookie(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _leads_to(stack: Stack, answer: httpx.Response) -> str:
    return str(answer.headers["location"]).removeprefix(stack.origin).partition("?")[0]


def test_both_tools_open_for_who_is_signed_in_and_close_when_they_sign_out(stack: Stack, browser: Browser) -> None:
    _signed_in(stack, browser)
    for tool in TOOLS:
        assert browser.get(tool).status_code in (200, 302), tool
    assert browser.get("/tools/pgadmin/browser/").status_code == 200
    assert browser.get("/tools/redis/connections").json()["ok"]
    kept = dict(browser.cookies)
    browser.get("/account")
    browser.post("/sign-out")
    browser.cookies = kept
    for path in (*TOOLS, "/tools/pgadmin/browser/", "/tools/redis/connections", "/tools/pgadmin/misc/ping"):
        answer = browser.get(path)
        assert (answer.status_code, _leads_to(stack, answer)) == (302, "/sign-in"), path


def test_a_session_that_is_ended_from_elsewhere_is_over_for_the_tools(stack: Stack, browser: Browser) -> None:
    _signed_in(stack, browser)
    browser.get("/tools/pgadmin/browser/")
    with httpx.Client(verify=_context(stack), base_url=stack.origin, timeout=60) as client:
        other = _signed_in(stack, _through(stack, client))
        other.post("/sessions/end", session="others")
    for tool in TOOLS:
        assert _leads_to(stack, browser.get(tool)) == "/sign-in", tool


def test_no_tool_opens_a_websocket_that_would_outlive_a_sign_out(stack: Stack, browser: Browser) -> None:
    _signed_in(stack, browser)
    for path in ("/tools/redis/", "/tools/pgadmin/socket.io/?EIO=4&transport=websocket"):
        with closing(HTTPSConnection(HOST, stack.port("panel"), timeout=20, context=_context(stack))) as client:
            headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                       "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Cookie": _cookie(browser),
                       "Origin": stack.origin}  # fmt: skip
            client.request("GET", path, headers=headers)
            assert client.getresponse().status in (400, 502), path


def _context(stack: Stack) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=f"{stack.folder}/tls/ca.crt")


FORGED = {
    "X-Auth-User": "founder", "X-Founder-User": "founder", "X-Founder-Role": "admin", "X-Founder-Session": "a" * 43,
    "X-Founder-Gateway": "guessed", "X-Real-IP": "10.9.9.9", "X-Forwarded-For": "10.9.9.9",
    "X-Forwarded-Host": "evil.example", "X-Original-URI": "/health", "Forwarded": "for=10.9.9.9",
}  # fmt: skip


def test_forged_headers_reach_nobody_behind_the_gateway(stack: Stack, browser: Browser) -> None:
    for path in (*TOOLS, "/", "/credentials", "/people"):
        status, body = stack.get(path, headers=FORGED)
        assert status in (302, 303), path
        assert "founder" not in body
    reached = json.loads(stack.get("/", headers=FORGED, door="https")[1])
    assert {name for name in reached if name.startswith("x-founder")} == set()
    assert (reached["x-real-ip"], reached["x-forwarded-for"]) == ("127.0.0.1", "127.0.0.1")
    assert reached["x-forwarded-host"] == f"{HOST}:{stack.port('https')}"
    assert (reached["x-forwarded-proto"], reached["x-forwarded-port"]) == ("https", str(stack.port("https")))
    assert "forwarded" not in reached
    _signed_in(stack, browser)
    browser.get("/account", X_Real_IP="10.9.9.9")
    assert "10.9.9.9" not in browser.get("/account").text


def test_the_gateway_adds_what_protects_every_page_of_the_app(stack: Stack) -> None:
    with httpx.Client(verify=_context(stack), base_url=f"https://{HOST}:{stack.port('https')}") as client:
        told = client.get("/").headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["x-frame-options"] == "SAMEORIGIN"
    assert told["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "strict-transport-security" not in told, "this stack has no domain of its own"


@pytest.mark.parametrize(
    "cookie",
    [
        f"{COOKIE}=secret",
        f"a=1; {COOKIE}=secret; b=2",
        f"{COOKIE}=secret; a=1; {COOKIE}-known=secret; b=2",
        f"{COOKIE}=secret;a=1;__HOST-FOUNDER-other=secret",
        f"{COOKIE}=secret" + "".join(f"; __Host-founder-s{number}=secret; __Host-founder-s{number}-known=secret"
                                     for number in range(7)) + "; a=1",
        "; ".join(f"__Host-founder-{number}=secret" for number in range(40)),
        "a=1; " + "; ".join(f"__Host-founder-{number}=secret" for number in range(40)) + "; b=2",
        "; ".join(f"__Host-founder-{number}=secret; a={number}" for number in range(9)),
    ],
)  # fmt: skip
def test_the_panels_cookies_never_reach_the_app(stack: Stack, cookie: str) -> None:
    reached = json.loads(stack.get("/", headers={"Cookie": cookie}, door="https")[1])
    assert "secret" not in json.dumps(reached)
    assert set(re.findall(r"[ab]=\d", reached.get("cookie", ""))) == ({*re.findall(r"[ab]=\d", cookie)})


def test_the_panels_cookie_is_no_sign_in_to_the_app_nor_a_tool_to_another(stack: Stack, browser: Browser) -> None:
    _signed_in(stack, browser)
    status, body = stack.get("/tools/redis/", headers={"Cookie": _cookie(browser)}, door="https")
    assert status == 200
    assert browser.cookies[COOKIE] not in body


@pytest.mark.parametrize(
    "path",
    [
        "/auth", "//auth", "/./auth", "/x/../auth", "/%61uth", "/auth?x", "/auth/", "/AUTH", "/auth%2f", "/_sign_on",
        "/_panel_down", "/_tool_down", "/_admins_only", "/tools/../auth", "/tools/redis/../../auth", "/auth%00",
        "/static/../auth", "/..%2fauth", "/tools/redis/..%2f..%2fauth", "/\\auth", "/tools/redis/%2e%2e/%2e%2e/auth",
    ],
)  # fmt: skip
def test_no_path_asks_the_panel_who_somebody_is(stack: Stack, browser: Browser, path: str) -> None:
    _signed_in(stack, browser)
    status, body = stack.get(path, headers={"Cookie": _cookie(browser)})
    assert status in (302, 307, 400, 403, 404), path
    assert "x-founder" not in body.lower()


def test_a_viewer_gets_a_page_that_says_whom_tools_are_for(stack: Stack, browser: Browser) -> None:
    _signed_in(stack, browser)
    browser.get("/people")
    given = re.search(r'class="once"><code>([^<]+)<', browser.post("/people/invite", user="ana", role="viewer").text)
    assert given
    with httpx.Client(verify=_context(stack), base_url=stack.origin, timeout=60) as client:
        ana = _through(stack, client)
        ana.sign_in("ana", given[1])
        ana.get("/password")
        ana.post("/password", password=given[1], new="a good long sentence", again="a good long sentence")
        for tool in TOOLS:
            answer = ana.get(tool)
            assert answer.status_code == 403
            assert all(text in answer.text for text in BOTH_LANGUAGES["admins-only"])
    browser.get("/people")
    browser.post("/people/remove", user="ana")


def test_a_tool_that_is_down_says_so_and_takes_nothing_with_it(shared_home: Path) -> None:
    folder = enterable_folder("founder-gateway-")
    made = stack_in(folder, shared_home, '[database-admin]\nuse = "none"\n')
    with (
        agent_serving(Bench(folder)),
        gateway(made, "panel"),
        httpx.Client(verify=_context(made), base_url=made.origin) as client,
    ):
        founder = _signed_in(made, _through(made, client))
        answer = founder.get("/tools/redis/")
        assert answer.status_code == 502
        assert all(text in answer.text for text in BOTH_LANGUAGES["tool-down"])
        assert founder.get("/").status_code == 200
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_without_the_panel_its_tools_stay_closed_and_everything_else_goes_on(shared_home: Path) -> None:
    folder = enterable_folder("founder-gateway-")
    made = stack_in(folder, shared_home, f'{APP}[database-admin]\nuse = "none"\n', app=True)
    made.install("redis-commander/packages")
    ring = made.resolved.views["gateway"].places.ring("app")
    os.makedirs(ring)
    with ExitStack() as parts:
        parts.enter_context(agent_serving(Bench(folder)))
        echo = parts.enter_context(EchoServer(f"{folder}/echo.sock", Echo))
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        parts.callback(echo.shutdown)
        for slot in range(RING_SLOTS):
            os.symlink(f"{folder}/echo.sock", f"{ring}/{slot}.sock")
        parts.enter_context(gateway(made, "redis", "redis-commander"))
        client = parts.enter_context(httpx.Client(verify=_context(made), base_url=made.origin))
        founder = _through(made, client)
        with made.running("panel"):
            made.wait_for("panel")
            _signed_in(made, founder)
            assert founder.get("/tools/redis/connections").status_code == 200
        for path, status in (("/tools/redis/", 500), ("/tools/redis/connections", 500), ("/", 502), ("/sign-in", 502)):
            answer = founder.get(path)
            assert answer.status_code == status
            assert all(text in answer.text for text in BOTH_LANGUAGES["panel-down"])
            assert "<script" not in answer.text
        assert made.get("/", door="https")[0] == 200, "the app goes on"
        with made.running("panel"):
            made.wait_for("panel")
            assert founder.get("/tools/redis/connections").status_code == 200, "nobody was signed out"
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_a_request_that_met_a_silent_instance_is_answered_by_another(shared_home: Path) -> None:
    folder = enterable_folder("founder-gateway-")
    made = stack_in(folder, shared_home, f'{APP}[gateway]\ntimeout_s = 3\n[database-admin]\nuse = "none"\n', app=True)
    os.makedirs(ring := made.resolved.views["gateway"].places.ring("app"))
    with ExitStack() as parts:
        echo = parts.enter_context(EchoServer(f"{folder}/echo.sock", Echo))
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        parts.callback(echo.shutdown)
        silent = parts.enter_context(socket.socket(socket.AF_UNIX))
        silent.bind(f"{folder}/silent.sock")
        silent.listen(100)  # takes requests and never answers
        for slot in range(RING_SLOTS):
            os.symlink(f"{folder}/{('echo', 'silent')[slot % 2]}.sock", f"{ring}/{slot}.sock")
        parts.enter_context(gateway(made))
        people = parts.enter_context(ThreadPoolExecutor(24))
        # At the same time: one after the other takes the slots in turn.
        answers = list(people.map(lambda _number: made.get("/", door="https")[0], range(48)))
        assert answers == [200] * 48
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_the_gateway_says_which_line_it_would_not_take_and_serves_on(stack: Stack) -> None:
    process = stack.processes["nginx"]

    def asked() -> subprocess.CompletedProcess[str]:
        return subprocess.run(process.check, cwd=process.cwd, capture_output=True, text=True, check=False)

    assert asked().returncode == 0, asked().stderr
    written = Path(process.files[1].path)
    good = written.read_text()
    try:
        written.write_text(f"{good}\nno_such_word;\n")
        refused = asked()
    finally:
        written.write_text(good)
    assert refused.returncode == 1
    assert f'unknown directive "no_such_word" in {written}:' in refused.stderr
    assert stack.get("/health", door="https")[0] == 200
