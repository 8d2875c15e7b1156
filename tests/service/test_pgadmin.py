"""pgAdmin behind the gateway's sign-on: the real pgAdmin, PostgreSQL, Nginx and Chromium.

A stub stands in for the panel: it signs in whoever asks, and answers the gateway's question who that is.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Page,
    TimeoutError as PlaywrightTimeout,
    WebSocket,
    expect,
    sync_playwright,
)

from founderstack.model.process import secret
from founderstack.world.install.environments import python_environment
from founderstack.world.net.probes import check
from founderstack.world.os.machine import readable_python
from tests.catalogue.stacks import Case
from tests.conftest import wait_until

SOURCE = Path(__file__).resolve().parents[2] / "src" / "founderstack"
FILES = SOURCE / "catalogue" / "pgadmin_files"
PINS = SOURCE / "pins" / "pgadmin.txt"
MOUNT = "/tools/pgadmin"
PANEL_COOKIE = "__Host-founder-diary"
TOOL_COOKIE = "__Secure-founder-diary-pgadmin"
GATEWAY_SECRET = secrets.token_urlsafe(32)
AS_ROOT = os.geteuid() == 0
UNPRIVILEGED = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if AS_ROOT else []

pytestmark = pytest.mark.timeout(400)

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type application/octet-stream;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_cookie $pgadmin_session {{
    default ""; "~(?:^|;\\s*)(?<session>__Secure-founder-diary-pgadmin=[^;]*)" $session; }}
  map $http_cookie $pgadmin_language {{
    default ""; "~(?:^|;\\s*)(?<language>PGADMIN_LANGUAGE=[^;]*)" $language; }}
  upstream pgadmin {{ server unix:{socket} max_fails=0; }}
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_certificate {folder}/tls.pem; ssl_certificate_key {folder}/tls.key;
    location = /sign-on {{
      internal; proxy_pass http://127.0.0.1:{panel}/sign-on; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; }}
    location = {mount} {{ return 308 {mount}/; }}
    location {mount}/ {{
      auth_request /sign-on; error_page 401 = @sign_in;
      auth_request_set $founder_user $upstream_http_x_founder_user;
      auth_request_set $founder_session $upstream_http_x_founder_session;
      proxy_pass http://pgadmin; proxy_http_version 1.1; proxy_read_timeout 300s; client_max_body_size 100m;
      proxy_set_header Connection ""; proxy_set_header Upgrade ""; proxy_set_header Host $http_host;
      proxy_set_header Cookie "$pgadmin_session; $pgadmin_language";
      proxy_set_header X-Founder-User $founder_user; proxy_set_header X-Founder-Session $founder_session;
      proxy_set_header X-Founder-Gateway {secret}; }}
    location @sign_in {{ return 302 /sign-in-page; }}
    location / {{ proxy_pass http://127.0.0.1:{panel}; }}
  }}
}}
"""


@dataclass
class StubPanel:
    """Signs in whoever asks, and vouches for them to the gateway, as the panel does."""

    sign_ins: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, cookie: str) -> tuple[int, dict[str, str], str]:
        url, key = urlsplit(path), SimpleCookie(cookie).get(PANEL_COOKIE)
        person = self.sign_ins.get(key.value if key else "")
        if url.path == "/sign-in":
            token = secrets.token_urlsafe(32)
            self.sign_ins[token] = parse_qs(url.query)["as"][0]
            return 200, {"Set-Cookie": f"{PANEL_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"}, "signed in"
        if url.path == "/sign-out" and key:
            self.sign_ins.pop(key.value, None)
        if url.path == "/sign-on":
            if not person or not key:
                return 401, {}, ""
            digest = hashlib.sha256(key.value.encode()).hexdigest()
            return 204, {"X-Founder-User": person, "X-Founder-Session": digest[:32]}, ""
        return 200, {}, f'<title>panel</title><a href="{MOUNT}/">pgAdmin</a>'


@contextmanager
def serving(panel: StubPanel) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = panel.answer(self.path, self.headers.get("Cookie", ""))
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test's output is its failures."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def running(argv: list[str], log: Path, *, stop: int = signal.SIGTERM, **env: str) -> Iterator[None]:
    """The program, as an unprivileged user, until the block ends."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env}
    with log.open("wb") as output, subprocess.Popen(argv, env=env, cwd="/", stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.send_signal(stop)
            process.wait(20)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def owned_folder(path: Path) -> Path:
    """A private folder of the user that the servers run as."""
    path.mkdir(mode=0o700)
    if AS_ROOT:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return path


def owned_file(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    if AS_ROOT:
        shutil.chown(path, "nobody", "nogroup")
    return path


@contextmanager
def postgres(folder: Path) -> Iterator[psycopg.Connection]:
    """A real PostgreSQL with one row in it, and a superuser's connection to it."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    data, port = owned_folder(folder / "pg") / "data", free_port()
    password = owned_file(folder / "pg" / "password", "superuser-secret")
    initdb = [f"{programs}/initdb", "-A", "scram-sha-256", "-U", "postgres", f"--pwfile={password}", "-D", str(data)]
    subprocess.run([*UNPRIVILEGED, *initdb, "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    options = ["-k", str(folder / "pg"), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", str(port)]
    server = [*UNPRIVILEGED, f"{programs}/postgres", "-D", str(data), *options]
    dsn = f"host=127.0.0.1 port={port} user=postgres password=superuser-secret"
    with running(server, folder / "postgres.log", stop=signal.SIGINT):
        is_ready = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_until(lambda: subprocess.run(is_ready).returncode == 0, "PostgreSQL up")
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("CREATE ROLE diary_admin LOGIN PASSWORD 'first-password'")
            admin.execute("CREATE DATABASE diary OWNER diary_admin")
            with psycopg.connect(dsn, dbname="diary", autocommit=True) as diary:
                diary.execute("SET ROLE diary_admin")
                diary.execute("CREATE TABLE entry AS SELECT 1 AS id, 'Querido diario' AS title")
            yield admin


@dataclass(frozen=True)
class Installed:
    """pgAdmin's environment and the project's files for it, where an unprivileged user can read them."""

    python: Path
    files: Path

    @contextmanager
    def serving(self, folder: Path, database_port: int, server_name: str = "Diary") -> Iterator[Path]:
        """A pgAdmin with its state below `folder`; yields its socket once it answers."""
        owned_folder(folder)
        write_password(folder, database_port, "first-password")
        database = {"host": "127.0.0.1", "port": database_port, "database": "diary", "role": "diary_admin"}
        settings = {
            "state_dir": str(folder / "data"),
            "mount": MOUNT,
            "session_cookie": TOOL_COOKIE,
            "gateway_secret": GATEWAY_SECRET,
            "pgpass": str(folder / "pgpass"),
            "binaries": "",
            "server": {"name": server_name, **database},
        }
        named, listening = owned_file(folder / "settings.json", json.dumps(settings)), folder / "pgadmin.sock"
        gunicorn = ["-m", "gunicorn", "-c", f"{self.files}/gunicorn_conf.py", "--chdir", str(self.files)]
        argv = [str(self.python), "-I", *gunicorn, "--bind", f"unix:{listening}", "pgadmin_server:application()"]
        log = folder.with_suffix(".log")
        with running([*UNPRIVILEGED, *argv], log, HOME=str(folder), FOUNDER_PGADMIN_SETTINGS=str(named)):
            wait_until(lambda: listening.exists() and ask(listening)[0] == 403, f"pgAdmin up: {log}", deadline_s=60)
            yield listening


@dataclass(frozen=True)
class Stack:
    """Everything the tests of one module talk to."""

    origin: str
    socket: Path
    installed: Installed
    database: psycopg.Connection
    folder: Path

    @property
    def database_port(self) -> int:
        return self.database.info.port


def write_password(folder: Path, port: int, password: str) -> None:
    owned_file(folder / "pgpass", f"127.0.0.1:{port}:*:diary_admin:{password}\n")


def ask(listening: Path, path: str = f"{MOUNT}/", **headers: str) -> tuple[int, str, dict[str, str]]:
    """One request straight to pgAdmin's socket, past the gateway: status, body, cookies set."""
    client = http.client.HTTPConnection("diary.example")
    with closing(client), closing(socket.socket(socket.AF_UNIX)) as client.sock:
        client.sock.settimeout(30)
        try:
            client.sock.connect(str(listening))
        except ConnectionRefusedError:
            return 0, "", {}
        client.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return read(client)


def read(client: http.client.HTTPConnection) -> tuple[int, str, dict[str, str]]:
    response = client.getresponse()
    cookies = SimpleCookie("; ".join(response.msg.get_all("Set-Cookie") or []))
    return response.status, response.read().decode(), {name: morsel.value for name, morsel in cookies.items()}


def vouched(person: str, sign_in: str, **headers: str) -> dict[str, str]:
    """The headers that the gateway adds for a signed-in person."""
    return {"X_Founder_Gateway": GATEWAY_SECRET, "X_Founder_User": person, "X_Founder_Session": sign_in, **headers}


def through_gateway(stack: Stack, path: str, cookie: str = "") -> tuple[int, str, dict[str, str]]:
    """One request with the path exactly as given, over TLS."""
    context = ssl.create_default_context(cafile=str(stack.folder / "tls.pem"))
    with closing(http.client.HTTPSConnection("127.0.0.1", urlsplit(stack.origin).port, context=context)) as client:
        client.putrequest("GET", path, skip_accept_encoding=True)
        if cookie:
            client.putheader("Cookie", cookie)
        client.endheaders()
        return read(client)


@pytest.fixture(scope="module")
def installed(shared_home: Path, folder: Path) -> Installed:
    python = shared_home / "venvs" / "pgadmin-9.18" / "bin" / "python"
    python_environment(str(python.parents[1]), str(PINS), readable_python(), progress=lambda _line: None)
    files = shutil.copytree(FILES, folder / "files", ignore=shutil.ignore_patterns("__pycache__"))
    return Installed(python, files)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="founder-pgadmin-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def stack(folder: Path, installed: Installed) -> Iterator[Stack]:
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    keys = ["-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.pem", "-days", "2", "-nodes"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", *name, *keys], check=True, capture_output=True)
    port = free_port()
    with ExitStack() as running_parts:
        database = running_parts.enter_context(postgres(folder))
        listening = running_parts.enter_context(installed.serving(folder / "pgadmin", database.info.port))
        panel = running_parts.enter_context(serving(StubPanel()))
        values = {"folder": folder, "socket": listening, "port": port, "panel": panel, "mount": MOUNT}
        (folder / "nginx.conf").write_text(NGINX.format(**values, secret=GATEWAY_SECRET), encoding="utf-8")
        nginx = ["nginx", "-c", f"{folder}/nginx.conf", "-p", str(folder)]
        running_parts.enter_context(running(nginx, folder / "nginx.out", stop=signal.SIGQUIT))
        wait_until(lambda: listens(port), "the gateway listens")
        yield Stack(f"https://127.0.0.1:{port}", listening, installed, database, folder)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if AS_ROOT else [])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser: no cookies, nothing cached."""
    with closing(chromium.new_context(ignore_https_errors=True, viewport={"width": 1400, "height": 900})) as context:
        context.set_default_timeout(20_000)
        yield context


def one_click(stack: Stack, browser: BrowserContext, person: str) -> Page:
    """pgAdmin as it opens from the panel for somebody who has just signed in."""
    page = browser.new_page()
    page.goto(f"{stack.origin}/sign-in?as={person}")
    page.goto(f"{stack.origin}/")
    page.click("text=pgAdmin")
    expect(page.get_by_text(f"{person} (webserver)")).to_be_visible(timeout=30_000)
    return page


def open_node(page: Page, name: str, child: str) -> None:
    """Double-click until the child shows: pgAdmin opens nodes by itself too, and a double-click then closes them."""
    for _ in range(5):
        if page.get_by_text(child, exact=True).first.is_visible():
            return
        page.get_by_text(name, exact=True).first.dblclick()
        with suppress(PlaywrightTimeout):
            page.get_by_text(child, exact=True).first.wait_for(timeout=4_000)
    pytest.fail(f"{name} does not open")


def select_database(page: Page) -> None:
    """The registered server connected, its database selected; nothing is typed on the way."""
    for name, child in pairwise(("Servers", "Diary", "Databases", "diary")):
        open_node(page, name, child)
    page.get_by_text("diary", exact=True).first.click()


def run_query(page: Page, sql: str) -> FrameLocator:
    """The Query Tool with the answer to `sql`."""
    select_database(page)
    page.locator("button[data-label='Query Tool']").click()
    tool = page.frame_locator("iframe").first
    tool.locator(".cm-content").first.click()
    page.keyboard.type(sql)
    page.keyboard.press("F5")
    return tool


def test_one_click_opens_pgadmin_signed_in_and_the_query_tool_shows_a_row(
    stack: Stack, browser: BrowserContext
) -> None:
    page = one_click(stack, browser, "writer@example.com")

    tool = run_query(page, "SELECT title FROM entry")

    expect(tool.get_by_text("Querido diario")).to_be_visible()


def test_the_diagram_tool_talks_in_plain_requests_which_the_gateway_checks_one_by_one(
    stack: Stack, browser: BrowserContext
) -> None:
    page = one_click(stack, browser, "designer@example.com")
    sockets: list[WebSocket] = []
    page.on("websocket", lambda opened: sockets.append(opened))
    select_database(page)

    page.get_by_role("button", name="Object").first.click()
    page.get_by_role("menuitem", name="ERD For Database").click()

    expect(page.frame_locator("iframe").first.get_by_text("entry").first).to_be_visible(timeout=20_000)
    assert sockets == []


def test_a_websocket_which_would_outlive_a_sign_out_is_not_opened(stack: Stack) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers = vouched("founder@example.com", "a" * 32, **upgrade, **key)

    status, _, _ = ask(stack.socket, f"{MOUNT}/socket.io/?EIO=4&transport=websocket", **headers)

    assert status == 400


@pytest.mark.parametrize(
    "path",
    [
        f"{MOUNT}/",
        f"{MOUNT}/browser/",
        f"{MOUNT}/misc/ping",
        f"{MOUNT}/static/js/generated/app.bundle.js",
        f"{MOUNT}/socket.io/?EIO=4&transport=polling",
        f"/{MOUNT}//browser/",
        f"{MOUNT}/./browser/",
        f"/x/..{MOUNT}/browser/",
        "/tools/%70gadmin/browser/",
        "/tools/pgadmin%2fbrowser/",
        "/tools/%2e%2e/tools/pgadmin/browser/",
        f"{MOUNT}/../pgadmin/browser/",
        f"{MOUNT};x/browser/",
        f"https://127.0.0.1{MOUNT}/browser/",
    ],
)
def test_without_a_sign_on_no_path_leads_to_pgadmin(stack: Stack, path: str) -> None:
    _, _, cookies = ask(stack.socket, f"{MOUNT}/browser/", **vouched("founder@example.com", "a" * 32))
    own_cookie = f"{TOOL_COOKIE}={cookies[TOOL_COOKIE]}"

    for cookie in ("", own_cookie, f"{PANEL_COOKIE}=made-up; {own_cookie}"):
        status, body, given = through_gateway(stack, path, cookie)
        assert (status, TOOL_COOKIE in given) in [(302, False), (200, False)]
        assert status == 302 or "<title>panel</title>" in body


def test_after_signing_out_of_the_panel_the_browser_with_all_its_cookies_gets_nothing(
    stack: Stack, browser: BrowserContext
) -> None:
    page = one_click(stack, browser, "founder@example.com")
    page.goto(f"{stack.origin}/sign-out")  # which leaves the browser its cookies
    assert {cookie.get("name") for cookie in browser.cookies()} >= {PANEL_COOKIE, TOOL_COOKIE}

    page.goto(f"{stack.origin}{MOUNT}/browser/")

    assert page.url == f"{stack.origin}/sign-in-page"


def test_a_second_person_in_the_same_browser_is_himself(stack: Stack, browser: BrowserContext) -> None:
    first = one_click(stack, browser, "founder@example.com")

    second = one_click(stack, browser, "partner@example.com")

    first.reload()
    for page in (first, second):
        expect(page.get_by_text("partner@example.com (webserver)")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Founder_User": "founder@example.com", "X_Founder_Session": "a" * 32},
        {"X_Forwarded_User": "founder@example.com", "Remote_User": "founder@example.com"},
        vouched("founder@example.com", "a" * 32, X_Founder_Gateway="guessed"),
        vouched("founder@example.com", "a" * 32, X_Founder_Gateway=""),
        vouched("", "a" * 32),
        vouched("founder@example.com", ""),
        vouched("founder@example.com", "a" * 32, Origin="https://127.0.0.1"),
        vouched("founder@example.com", "a" * 32, Sec_Fetch_Site="same-site", Sec_Fetch_Mode="cors"),
        vouched("founder@example.com", "a" * 32, Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="iframe"),
    ],
)
def test_a_request_the_gateway_does_not_vouch_for_is_refused_even_with_a_good_cookie(
    stack: Stack, headers: dict[str, str]
) -> None:
    _, _, cookies = ask(stack.socket, f"{MOUNT}/browser/", **vouched("founder@example.com", "a" * 32))

    status, _, given = ask(stack.socket, Cookie=f"{TOOL_COOKIE}={cookies[TOOL_COOKIE]}", **headers)

    assert (status, given) == (403, {})


def signed_in(listening: Path, person: str, sign_in: str) -> str:
    """The cookie of a pgAdmin session of this person's."""
    _, _, cookies = ask(listening, f"{MOUNT}/login", **vouched(person, sign_in))
    return f"{TOOL_COOKIE}={cookies[TOOL_COOKIE]}"


def test_a_session_opens_only_for_the_person_and_the_sign_in_that_got_it(stack: Stack) -> None:
    cookie = signed_in(stack.socket, "founder@example.com", "a" * 32)

    def page(person: str, sign_in: str, cookie: str) -> int:
        return ask(stack.socket, f"{MOUNT}/browser/", **vouched(person, sign_in, Cookie=cookie))[0]

    assert page("founder@example.com", "a" * 32, cookie) == 200
    assert page("partner@example.com", "a" * 32, cookie) == 302
    assert page("founder@example.com", "b" * 32, cookie) == 302
    assert page("founder@example.com", "a" * 32, cookie.replace("=", "=0", 1)) == 302
    unsealed = f"{TOOL_COOKIE}={cookie.partition('.')[2]}"
    assert page("founder@example.com", "a" * 32, unsealed) == 302


def test_no_client_header_changes_who_is_signed_in_or_where_pgadmin_lives(stack: Stack) -> None:
    forged = {"Remote_User": "partner@example.com", "X_Forwarded_User": "partner@example.com"}
    moved = {"X_Script_Name": "/elsewhere", "X_Scheme": "http", "X_Forwarded_Host": "evil.example"}
    headers = vouched("founder@example.com", "a" * 32, **forged, **moved)
    _, redirection, cookies = ask(stack.socket, f"{MOUNT}/login", **headers)
    cookie = f"{TOOL_COOKIE}={cookies[TOOL_COOKIE]}"

    _, person, _ = ask(stack.socket, f"{MOUNT}/user_management/current_user.js", **headers, Cookie=cookie)

    assert "founder" in person
    assert "partner" not in person
    assert f'href="{MOUNT}/browser/"' in redirection


def test_two_stacks_share_one_environment_and_nothing_else(stack: Stack) -> None:
    folder = stack.folder / "second"
    with stack.installed.serving(folder, stack.database_port) as second:
        cookie = signed_in(second, "other@example.com", "a" * 32)
        here = ask(second, f"{MOUNT}/browser/", **vouched("other@example.com", "a" * 32, Cookie=cookie))[0]
        there = ask(stack.socket, f"{MOUNT}/browser/", **vouched("other@example.com", "a" * 32, Cookie=cookie))[0]

    assert (here, there) == (200, 302)
    assert (folder / "data" / "pgadmin4.db").stat().st_mode & 0o777 == 0o600
    assert not list((folder / "data" / "storage").rglob("pgpass"))


def test_a_rotated_password_is_used_without_a_restart(stack: Stack, browser: BrowserContext) -> None:
    stack.database.execute("ALTER ROLE diary_admin PASSWORD 'second-password'")
    write_password(stack.folder / "pgadmin", stack.database_port, "second-password")
    page = one_click(stack, browser, "rotation@example.com")

    tool = run_query(page, "SELECT title FROM entry")

    expect(tool.get_by_text("Querido diario")).to_be_visible()


def test_the_probe_reaches_pgadmin_itself_and_leaves_no_session_behind(stack: Stack) -> None:
    declared = Case("redis").desired().processes["pgadmin"].ready
    probe = replace(declared, target=str(stack.socket))
    sessions = [path for path in stack.folder.rglob("sessions/*") if path.is_file()]
    for _ in range(3):
        assert check(probe, lambda text: text.replace(secret("pgadmin.gateway"), GATEWAY_SECRET)).ok
    assert [path for path in stack.folder.rglob("sessions/*") if path.is_file()] == sessions
    assert not check(probe, str).ok, "a wrong secret is not let through"
