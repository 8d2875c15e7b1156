"""Redis Commander (redis-commander) as the product runs it: behind the gateway, in a browser, on a real Redis."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from founderstack.catalogue._hidden_keys import visible
from founderstack.world.install.node_packages import node_packages
from founderstack.world.net.probes import check
from founderstack.world.os.processes import all_pids
from tests.conftest import enterable_folder, wait_until
from tests.service.agents import Bench
from tests.service.gateways import AS_ROOT, PACKAGE, Stack, gateway, stack_in
from tests.service.panels import agent_serving

MOUNT = "/tools/redis"
HIDDEN = ("diary:diary:token-of-ana", "diary:diary:active-sessions-7", "sess:abc", "better-auth:xyz")
SHOWN = ("diary:cache:page", "d", "diary:diar", "greeting", "session")
EVIL = "'</script><img src=x onerror=document.title='stolen'>"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def stack(shared_home: Path) -> Iterator[Stack]:
    """Redis, Redis Commander, the panel with its agent, and the gateway."""
    folder = enterable_folder("founder-commander-")
    made = stack_in(folder, shared_home, '[database-admin]\nuse = "none"\n')
    made.install("redis-commander/packages")
    bench = Bench(folder)
    card = made.processes["redis-commander"].card
    bench.process("redis-commander", title=card.title, group="tools", path=card.path, version=card.version)
    with ExitStack() as parts:
        parts.enter_context(agent_serving(bench))
        parts.enter_context(gateway(made, "redis", "panel", "redis-commander"))
        _fill(made)
        yield made
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _socket(stack: Stack) -> str:
    return stack.processes["redis-commander"].ready.target


def _client(stack: Stack, user: str) -> Any:
    port, password = stack.resolved.views["cache"].port("redis"), stack.secrets.get(f"cache.{user}")
    return redis.Redis(port=port, username=user, password=password, decode_responses=True)


def _fill(stack: Stack) -> None:
    with closing(_client(stack, "app")) as app:
        for key in (*HIDDEN, *SHOWN):
            app.set(key, f"value of {key}")
        app.set(EVIL, EVIL)
        app.hset("hash", mapping={"field": EVIL})


def ask(stack: Stack, path: str, *, method: str = "GET", body: str = "", **headers: str) -> tuple[int, str]:
    """One request straight to Redis Commander's socket: (status, body)."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    connection.sock.connect(_socket(stack))
    with closing(connection):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body or None, headers={"Host": "localhost:9443", **sent})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def vouched(stack: Stack, **more: str) -> dict[str, str]:
    """The headers of the gateway for an admin who is signed in."""
    return {
        "X_Founder_Gateway": stack.secrets.get("redis-commander.gateway"), "X_Founder_User": "founder",
        "X_Founder_Session": "a" * 43, "X_Founder_Role": "admin", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if AS_ROOT else []
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    with closing(chromium.new_context(ignore_https_errors=True, viewport={"width": 1400, "height": 900})) as context:
        context.set_default_timeout(20_000)
        yield context


def sign_in(stack: Stack, browser: BrowserContext) -> Page:
    """The panel's front page, signed in as the founder."""
    page = browser.new_page()
    page.goto(f"{stack.origin}/sign-in")
    page.fill("#user", "founder")
    page.fill("#password", stack.secrets.get("panel.admin"))
    page.press("#password", "Enter")
    expect(page.locator("#tiles")).to_be_visible()
    return page


def test_one_click_in_the_panel_shows_the_keys_but_no_session(stack: Stack, browser: BrowserContext) -> None:
    panel = sign_in(stack, browser)
    broken: list[str] = []
    with browser.expect_page() as opened:
        panel.click("#open-redis-commander")
    page = opened.value
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)

    expect(page.get_by_text("greeting")).to_be_visible()
    page.get_by_text("greeting").click()
    expect(page.locator("#stringValue")).to_have_value("value of greeting")
    assert "token-of-ana" not in page.content()
    assert not page.get_by_text("sess", exact=True).is_visible()
    # A button whose handler holds the name of a key is hidden, and would not work.
    assert [text for text in broken if "Content Security" in text and "inline event handler" not in text] == []


def test_a_key_that_tries_to_be_a_script_stays_a_text(stack: Stack, browser: BrowserContext) -> None:
    sign_in(stack, browser)
    page = browser.new_page()
    page.goto(f"{stack.origin}{MOUNT}/")
    page.get_by_text("hash", exact=True).click()
    expect(page.get_by_text("onerror").first).to_be_visible()
    assert page.title() != "stolen"
    policy = page.request.get(f"{stack.origin}{MOUNT}/").headers["content-security-policy"]
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    reached = page.evaluate("fetch('/').then(() => 'the panel', () => 'nothing')")
    assert reached == "nothing"


@pytest.mark.parametrize("key", HIDDEN)
def test_a_session_is_out_of_reach_by_every_way(stack: Stack, key: str) -> None:
    listed = json.loads(ask(stack, f"{MOUNT}/connections", **vouched(stack))[1])["connections"][0]["conId"]
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    for command in (f"get {key}", f"dump {key}", f"strlen {key}", "keys *", "scan 0 count 1000", "randomkey"):
        _, said = ask(
            stack, f"{MOUNT}/apiv2/exec/{listed}", method="POST", body=f"cmd={command}", **vouched(stack, **form)
        )
        assert "value of" not in said
        assert key not in said.replace(command, "")
    for path in (f"key/{listed}/{key}", f"keystree/{listed}/", f"keys/{listed}/{key[:4]}*"):
        _, said = ask(stack, f"{MOUNT}/apiv2/{path}", **vouched(stack))
        assert "value of" not in said
        assert f'"{key}"' not in said.replace(f'"key":"{key}"', "")
    with closing(_client(stack, "founder")) as founder, pytest.raises(redis.exceptions.NoPermissionError):
        founder.get(key)


def test_what_is_not_hidden_can_be_read_and_nothing_can_be_changed(stack: Stack) -> None:
    with closing(_client(stack, "founder")) as founder:
        assert [founder.get(key) for key in SHOWN] == [f"value of {key}" for key in SHOWN]
        for change in (
            lambda: founder.set("greeting", "x"), lambda: founder.delete("greeting"), founder.flushall,
            lambda: founder.config_set("maxmemory", "1"), lambda: founder.eval("return 1", 0),
            lambda: founder.acl_list(), lambda: founder.keys("*"), lambda: founder.slowlog_get(),
            lambda: founder.execute_command("MONITOR"), lambda: founder.sort("greeting", by="sess:*"),
        ):  # fmt: skip
            with pytest.raises((redis.exceptions.NoPermissionError, redis.exceptions.ResponseError)):
                change()
    for method, path in (
        ("POST", "apiv2/key/0/greeting"), ("DELETE", "apiv2/list/value"), ("PATCH", "apiv2/key/0/greeting"),
        ("POST", "apiv1/listvalue/"), ("POST", "tools/import"), ("GET", "tools/export"), ("POST", "login"),
        ("POST", "login/detectDb"), ("POST", "logout/0"), ("PUT", "apiv2/set/member"), ("GET", "sso"),
        ("GET", "scripts/../../../server.cjs"), ("GET", "scripts/%2e%2e/%2e%2e/x"), ("TRACE", ""),
    ):  # fmt: skip
        assert ask(stack, f"{MOUNT}/{path}", method=method, **vouched(stack))[0] == 403, path


@pytest.mark.parametrize(
    "wrong",
    [
        {"X_Founder_Gateway": ""},
        {"X_Founder_Gateway": "guessed"},
        {"X_Founder_Role": "viewer"},
        {"X_Founder_User": ""},
        {"X_Founder_Session": ""},
        {"Origin": "https://localhost:8443"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "iframe"},
        {"Host": "x; script-src *"},
    ],
)
def test_without_the_gateways_word_it_answers_nothing_on_its_own_socket(stack: Stack, wrong: Mapping[str, str]) -> None:
    assert ask(stack, f"{MOUNT}/", **vouched(stack))[0] == 200
    for path in (f"{MOUNT}/", f"{MOUNT}/connections", f"{MOUNT}/scripts/redisCommander.js"):
        assert ask(stack, path, **vouched(stack, **wrong))[0] == 403


def test_a_websocket_is_not_opened(stack: Stack) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(stack, f"{MOUNT}/", **vouched(stack, Connection="Upgrade", Upgrade="websocket"))


@pytest.mark.parametrize(
    "path",
    [
        f"{MOUNT}/", f"{MOUNT}/connections", f"/{MOUNT}//", f"{MOUNT}/./", f"/x/..{MOUNT}/", "/tools/%72edis/",
        "/tools/redis%2f", f"{MOUNT}/../redis/", f"https://localhost{MOUNT}/", f"{MOUNT}/apiv2/keystree/0/",
    ],
)  # fmt: skip
def test_without_a_sign_on_no_path_leads_to_it(stack: Stack, path: str) -> None:
    forged = {"X-Founder-User": "founder", "X-Founder-Role": "admin", "X-Founder-Session": "a" * 43}
    for headers in ({}, forged, {**forged, "Cookie": "__Host-founder-diary=guessed"}):
        status, body = stack.get(path, headers=headers)
        assert status in (302, 303, 404)
        assert "Redis Commander" not in body


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def test_its_memory_is_small(stack: Stack) -> None:
    (pid,) = [pid for pid in all_pids() if f"{stack.folder}/etc/redis-commander/server.cjs" in _command(pid)]
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    assert pss < 110 * 1024


def test_its_packages_are_those_of_the_lock_file_and_are_finished_when_cut_off(shared_home: Path, stack: Stack) -> None:
    path = stack.resolved.views["gateway"].places.node_packages("redis-commander-0.9.0")
    pins = f"{PACKAGE}/pins/redis-commander"
    node = stack.resolved.views["gateway"].places.node("24.19.0")
    said: list[str] = []
    node_packages(path, pins, node, progress=said.append)
    assert said == []
    assert not os.path.exists(f"{path}/node_modules/bcrypt"), "compiles, and is not needed"
    assert os.stat(f"{path}/node_modules/redis-commander/package.json").st_mode & 0o044 == 0o044


@pytest.mark.parametrize(
    "hidden", [(), ("a",), ("ab",), ("ab", "abc", "b"), ("x:y", "x:z", "xx"), ("a-b", "a.b", "a]b")]
)
def test_the_patterns_allow_exactly_what_is_not_hidden(stack: Stack, hidden: tuple[str, ...]) -> None:
    names = {
        "a",
        "b",
        "c",
        "ab",
        "abc",
        "abcd",
        "ac",
        "x",
        "x:",
        "x:y",
        "x:yy",
        "x:z",
        "xx",
        "xy",
        "a-b",
        "a-",
        "a]",
        "a]b",
    }
    names |= {"a.bc", "ü", "-", "a b", "\x00", "[", "x:\\"}
    patterns = [f"~{pattern}" for pattern in visible(hidden)]
    port, password = stack.resolved.views["cache"].port("redis"), stack.secrets.get("cache.app")
    with closing(redis.Redis(port=port, username="app", password=password)) as app:
        assert app.ping()
    with subprocess.Popen(
        ["/usr/bin/redis-server", "--port", "0", "--unixsocket", f"{stack.folder}/acl.sock", "--save", ""],
        stdout=subprocess.DEVNULL, cwd=stack.folder,
    ) as server:  # fmt: skip
        try:
            wait_until(lambda: os.path.exists(f"{stack.folder}/acl.sock"), "Redis listens")
            admin: Any = redis.Redis(unix_socket_path=f"{stack.folder}/acl.sock")
            with closing(admin):
                admin.execute_command("ACL", "SETUSER", "reader", "on", "nopass", *patterns, "+get")
                for name in names:
                    verdict = admin.execute_command("ACL", "DRYRUN", "reader", "GET", name)
                    assert (verdict == b"OK") == (not name.startswith(hidden)), name
        finally:
            server.terminate()


def test_the_probe_reaches_redis_commander_itself(stack: Stack) -> None:
    probe = stack.processes["redis-commander"].ready
    wait_until(lambda: check(probe, stack.secrets.fill).ok, "Redis Commander answers")
    assert not check(probe, str).ok, "a wrong secret is not let through"
