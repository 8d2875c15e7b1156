"""A real panel on its socket: who gets in, what the page shows, and what every trick gets."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from founderstack.model.protocols import Answer
from founderstack.panel.people.attempts import NEWCOMERS_AN_HOUR
from tests.conftest import wait_until
from tests.service.agents import ONLINE, SILENT, Bench
from tests.service.panels import (
    COOKIE,
    HOST,
    SECRET,
    Browser,
    Door,
    agent_serving,
    panel_process,
    write_accounts,
    write_configuration,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    found.process("postgres", title="PostgreSQL", group="data", version="15", address="127.0.0.1:5432")
    found.process("pgadmin", title="pgAdmin", group="tools", path="/tools/pgadmin/")
    write_configuration(tmp_path)
    return found


@pytest.fixture
def panel(bench: Bench) -> Iterator[Door]:
    """A panel whose agent is there."""
    with agent_serving(bench), panel_process(bench.folder) as door:
        yield door


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Door]:
    """A panel without an agent: everything about signing in works without one."""
    write_configuration(tmp_path)
    with panel_process(tmp_path) as door:
        yield door


@pytest.fixture
def browser(lonely: Door) -> Browser:
    return lonely.browser()


def test_without_the_gateways_secret_there_is_nothing(browser: Browser) -> None:
    for path in ("/", "/sign-in", "/auth", "/events", "/static/panel.css", "/health", "/nothing"):
        for wrong in ("", "x", SECRET + "x", SECRET[:-1], "ü"):
            answer = browser.client.get(path, headers=[(b"X-Founder-Gateway", wrong.encode("latin-1"))])
            assert answer.status_code == 403
            assert "sign" not in answer.text.lower()
        for pair in ((SECRET, "x"), ("x", SECRET), (SECRET, SECRET)):  # one by the gateway, and one of somebody else
            given = [(b"X-Founder-Gateway", one.encode()) for one in pair]
            assert browser.client.get(path, headers=given).status_code == 403
    assert browser.get("/health").status_code == 200


def test_a_stranger_sees_the_sign_in_page_and_nothing_else(browser: Browser) -> None:
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.get("/auth").status_code == 401
    assert browser.get("/events").status_code == 401
    assert browser.get("/tiles").status_code == 401
    assert browser.post("/service/postgres/restart").headers["location"] == "/sign-in"
    browser.cookies[COOKIE] = "forged"
    assert browser.get("/auth", X_Founder_User="founder", X_Founder_Session="1").status_code == 401


def test_every_answer_says_how_it_may_be_used(browser: Browser) -> None:
    browser.sign_in()
    for path in ("/", "/sign-in", "/nothing", "/auth"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
    page = browser.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert "onclick" not in page
    assert "immutable" in browser.get("/static/panel.css").headers["cache-control"]


def test_the_front_page_is_the_same_by_the_quick_way_and_through_the_routes(browser: Browser) -> None:
    browser.sign_in()
    quick, routed = browser.get("/"), browser.get("/?through=routes")
    assert quick.text == routed.text
    assert {*quick.headers.items()} - {*routed.headers.items()} <= {("date", quick.headers["date"])}
    assert quick.headers.keys() == routed.headers.keys()
    browser.cookies.clear()
    assert browser.get("/").status_code == browser.get("/?through=routes").status_code == 303


def test_signing_in_gives_a_new_session_and_the_cookie_is_well_kept(browser: Browser) -> None:
    browser.get("/sign-in")
    before = browser.cookies[COOKIE]
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.cookies[COOKIE] != before, "a session that somebody planted must not become a signed-in one"
    cookie = answer.headers["set-cookie"].lower()
    for part in ("secure", "httponly", "path=/", "samesite=lax"):
        assert part in cookie
    assert "domain" not in cookie
    who = browser.get("/auth")
    assert who.status_code == 204
    assert (who.headers["x-founder-user"], who.headers["x-founder-role"]) == ("founder", "admin")
    assert browser.cookies[COOKIE] not in who.headers["x-founder-session"]
    again = browser.get("/auth").headers["x-founder-session"]
    assert who.headers["x-founder-session"] == again
    browser.sign_in()
    signed = browser.cookies[COOKIE]
    browser.cookies[COOKIE] = before
    assert browser.get("/auth").status_code == 401
    browser.cookies[COOKIE] = signed


def test_a_viewer_sees_the_page_but_gets_no_tool_and_no_action(panel: Door) -> None:
    viewer = panel.browser()
    viewer.sign_in("ana")
    wait_until(lambda: "pgAdmin" in viewer.get("/").text, "the tiles are there")
    page = viewer.get("/").text
    assert "/tools/pgadmin/" not in page
    assert "/restart" not in page
    assert viewer.get("/auth").status_code == 403
    assert viewer.post("/service/postgres/restart").status_code == 403
    assert viewer.get("/service/postgres/logs").status_code == 403


def test_wrong_passwords_and_unknown_names_get_one_and_the_same_answer(browser: Browser) -> None:
    wrong = browser.sign_in(password="wrong")
    assert wrong.status_code == 401
    unknown = browser.sign_in(user="nobody")
    assert unknown.status_code == 401
    assert wrong.text.replace("founder", "nobody").count("nobody") >= 1
    assert "not right" in wrong.text
    assert "not right" in unknown.text


@pytest.mark.parametrize("tries", [600, pytest.param(10_000, marks=pytest.mark.soak)])
def test_thousands_of_tries_get_no_further_than_a_few_and_keep_out_nobody_who_was_here(
    lonely: Door, tries: int
) -> None:
    founder, attacker = lonely.browser(), lonely.browser()
    assert founder.sign_in().status_code == 303
    attacker.get("/sign-in")

    def attempt(number: int) -> int:
        answer = attacker.client.post(
            "/sign-in",
            data={"form": attacker.token, "user": "founder", "password": f"guess {number}"},
            headers={
                "X-Founder-Gateway": SECRET, "Host": HOST, "Cookie": f"{COOKIE}={attacker.cookies[COOKIE]}",
                "X-Real-IP": f"198.51.100.{number % 250}",
            },
        )  # fmt: skip
        return answer.status_code

    with ThreadPoolExecutor(4) as crowd:
        statuses = list(crowd.map(attempt, range(tries)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < NEWCOMERS_AN_HOUR + 20
    stranger = lonely.browser()
    refused = stranger.sign_in(headers={"X-Real-IP": "198.51.100.7"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 31
    founder.get("/")
    founder.post("/sign-out")
    assert founder.sign_in().status_code == 303, "a browser that has signed in before does not wait for others"


def test_a_slash_too_many_leads_nowhere(browser: Browser) -> None:
    for path in ("/sign-in/", "/auth/", "/service/postgres/logs/"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers.get("location")) == (404, None), path


def test_a_form_from_anywhere_else_does_nothing(browser: Browser) -> None:
    good: dict[str, Any] = {"user": "founder", "password": "correct horse battery"}
    assert browser.post("/sign-in", token="", **good).status_code == 403, "no cookie, and the token of none"
    browser.get("/sign-in")
    assert browser.post("/sign-in", token="", **good).status_code == 403
    assert browser.post("/sign-in", token="0" * 43, **good).status_code == 403
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "https://localhost:8443"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert browser.post("/sign-in", headers=headers, **good).status_code == 403
    browser.sign_in()
    browser.get("/")
    for path in ("/sign-out", "/service/postgres/restart", "/language"):
        assert browser.post(path, token="0" * 43).status_code == 403
        assert browser.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/sign-out", padding="x" * 20_000).status_code == 403
    assert browser.get("/auth").status_code == 204
    assert browser.get("/sign-out").status_code == 405


def test_sign_in_never_leads_anywhere_else(browser: Browser) -> None:
    for target in (
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/tools//evil.example",
        "/tools/../../x", "/./x", "javascript:alert(1)", "/%2f/evil.example", "/\tx", "/x\r\nSet-Cookie: a=b", "x", "",
        "/@evil.example:80/",
    ):  # fmt: skip
        assert browser.sign_in(next=target).headers["location"] == "/"
        headers = {"X-Founder-Gateway": SECRET, "Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
        signed_in = browser.client.get("/sign-in", params={"next": target}, headers=headers)
        assert signed_in.headers["location"] == "/"
        browser.cookies.clear()


def test_sign_in_leads_back_to_the_tool_that_asked_for_it(browser: Browser) -> None:
    page = browser.get("/sign-in?next=/tools/pgadmin/")
    assert 'name="next" value="/tools/pgadmin/"' in page.text
    answer = browser.post("/sign-in", user="founder", password="correct horse battery", next="/tools/pgadmin/")
    assert answer.headers["location"] == "/tools/pgadmin/"
    assert browser.get("/sign-in?next=/tools/pgadmin/").headers["location"] == "/tools/pgadmin/"


def test_signing_out_ends_the_session_for_good(browser: Browser) -> None:
    browser.sign_in()
    browser.get("/")
    stolen = browser.cookies[COOKIE]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert COOKIE not in browser.cookies
    browser.cookies[COOKIE] = stolen
    assert browser.get("/auth").status_code == 401


def test_a_session_survives_a_restart_of_the_panel_and_ends_with_its_password(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    with panel_process(tmp_path) as door:
        first = door.browser()
        first.sign_in()
    with panel_process(tmp_path) as door:
        second = door.browser()
        second.cookies = first.cookies
        assert second.get("/auth").status_code == 204
        write_accounts(tmp_path, founder="admin")
        assert second.get("/auth").status_code == 401
        (tmp_path / "accounts.json").unlink()
        assert second.sign_in().status_code == 401


def test_a_corrupt_database_signs_everybody_out_and_harms_nothing_else(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    with panel_process(tmp_path) as door:
        browser = door.browser()
        browser.sign_in()
    (tmp_path / "data" / "panel.sqlite").write_bytes(b"nonsense" * 1000)
    with panel_process(tmp_path) as door:
        again = door.browser()
        again.cookies = browser.cookies
        assert again.get("/auth").status_code == 401
        again.sign_in()
        assert again.get("/auth").status_code == 204
    assert (tmp_path / "data" / "panel.sqlite.broken").exists()


def test_what_is_stored_opens_nothing_and_who_came_is_noted(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    with panel_process(tmp_path) as door:
        browser = door.browser()
        browser.sign_in(password="wrong")
        browser.sign_in()
    database = tmp_path / "data" / "panel.sqlite"
    assert database.stat().st_mode & 0o077 == 0
    for file in (tmp_path / "data").iterdir():
        assert browser.cookies[COOKIE].encode() not in file.read_bytes()
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute("select user, address, action from audit order by number").fetchall()
    assert rows == [("founder", "203.0.113.7", "sign-in refused"), ("founder", "203.0.113.7", "signed in")]


def test_a_change_reaches_a_listening_page_as_its_tile(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("founderstack.agent.watching.prober.INTERVAL_S", 0.5)
    monkeypatch.setattr("founderstack.agent.watching.prober.RETRY_S", 0.2)
    events: list[tuple[str, str]] = []
    with agent_serving(bench), panel_process(bench.folder) as door:
        browser = door.browser()
        browser.sign_in()

        def listen() -> None:
            headers = {"X-Founder-Gateway": SECRET, "Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
            with door.client().stream("GET", "/events", headers=headers) as answer:
                name, data = "", ""
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        name, data = line[7:], ""
                    elif line.startswith("data: "):
                        data += line[6:]
                    elif name:
                        events.append((name, data))

        def seen(event: str, *texts: str) -> bool:
            return any(name == event and all(text in data for text in texts) for name, data in events)

        thread = threading.Thread(target=listen)
        thread.start()
        wait_until(lambda: seen("tile", "tile-postgres", "Online"), "the tile is online")
        bench.answers["postgres"] = SILENT
        wait_until(lambda: seen("tile", "tile-postgres", "Down", "No answer in time"), "the tile is down")
        wait_until(lambda: seen("summary", "PostgreSQL down"), "the summary says so")
        bench.answers["postgres"] = ONLINE
        bench.process("redis", title="Redis")
        wait_until(lambda: seen("names", "redis"), "a new process is named")
        assert not any("form" in data and browser.token in data for _name, data in events), "no token in what all share"
        browser.get("/")
        browser.post("/sign-out")
        wait_until(lambda: seen("over"), "signing out ends the stream")
        thread.join(10)


def test_texts_from_processes_are_shown_and_not_obeyed(bench: Bench) -> None:
    evil = "<script>alert(1)</script>\"'&"
    bench.process("evil", title=evil, address="javascript:alert(1)", version=evil, path="//evil.example/")
    bench.answers["evil"] = Answer(False, 1.0, f"the server refused: {evil}")
    with agent_serving(bench), panel_process(bench.folder) as door:
        browser = door.browser()
        browser.sign_in()
        wait_until(lambda: "tile-evil" in browser.get("/").text, "the tile is there")
        page = browser.get("/").text
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        assert 'href="//evil' not in page
        assert browser.get("/").text.count("<script") == 2


def test_without_its_agent_the_panel_says_so_and_claims_nothing(browser: Browser) -> None:
    browser.sign_in()
    page = browser.get("/")
    assert page.status_code == 200
    assert "Everything is online" not in page.text
    plan = browser.get("/plan")
    assert plan.status_code == 503
    assert "cannot be reached" in plan.text
    assert "founder up" in plan.text


def test_the_language_is_the_choice_then_the_stacks_then_the_browsers(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    with panel_process(tmp_path) as door:
        browser = door.browser()
        assert '<html lang="en"' in browser.get("/sign-in").text
        assert '<html lang="es"' in browser.get("/sign-in", Accept_Language="fr, es-MX;q=0.8, en;q=0.5").text
        answer = browser.post("/language", language="es", next="/tools/pgadmin/")
        assert answer.headers["location"] == "/sign-in?next=/tools/pgadmin/"
        assert '<html lang="es"' in browser.get("/sign-in").text
        browser.post("/language", language="xx")
        assert '<html lang="es"' in browser.get("/sign-in").text
    write_configuration(tmp_path, language="es")
    with panel_process(tmp_path) as door:
        assert '<html lang="es"' in door.browser().get("/sign-in", Accept_Language="en").text


def test_a_configuration_that_is_not_whole_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = write_configuration(tmp_path)
    for bad in ("{", "{}", json.dumps({**json.loads(path.read_text()), "gateway_secret": "short"})):
        path.write_text(bad)
        command = [sys.executable, "-m", "founderstack.panel", "--config", str(path)]
        source = str(Path(__file__).parents[2] / "src")
        ended = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": source}, check=False)
        assert ended.returncode == 1
        assert "founder up" in ended.stderr
        assert "Traceback" not in ended.stderr
