"""What the panel shows of what it last heard, and of silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from founderstack.panel.config import Config, read_config
from founderstack.panel.home import Home
from founderstack.panel.live import STALE_AFTER_S, Live
from founderstack.panel.rendering import Reader, Templates
from founderstack.panel.shown.notices import Notice


class ManualClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds


def said(clock: ManualClock, *names: str, **more: Any) -> dict[str, Any]:
    one = {
        "title": "Redis", "group": "data", "path": "", "summary": "", "version": "", "address": "", "restarts": True,
        "state": "online", "since": clock.at - 60, "latency_ms": 1.0, "error": "", "checked": clock.at, "failures": 0,
        "history": [], **more,
    }  # fmt: skip
    return {"at": clock.at, "names": list(names), "processes": dict.fromkeys(names, one)}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def live(clock: ManualClock) -> Live:
    return Live("/nowhere/agent.sock", clock)


@pytest.fixture
def home(live: Live, clock: ManualClock) -> Home:
    config = Config(
        stack="diary", cookie="c", socket="", agent="", accounts="", data="", gateway_secret="s" * 16, app_url=""
    )
    return Home(config, Templates(config), live, clock)


def test_only_what_changed_is_rendered_again(live: Live, home: Home, clock: ManualClock) -> None:
    reader = Reader("en", "admin")
    live.hear(said(clock, "one", "two"))
    first = home.fragments(reader)
    assert home.fragments(reader)["one"] is first["one"]
    live.hear({**said(clock, "one", state="down"), "names": ["one", "two"]})
    second = home.fragments(reader)
    assert second["two"] is first["two"]
    assert b"Down" in second["one"]
    assert list(second) == ["", "one", "two"]


def test_after_silence_nothing_is_claimed_and_the_first_word_restores_it(
    live: Live, home: Home, clock: ManualClock
) -> None:
    live.hear(said(clock, "one"))
    assert b"Everything is online" in home.page(Reader("en"), "ana", "", None)
    clock.wait(STALE_AFTER_S + 1)
    live._change(set(live.processes))  # as the panel does every ten seconds of silence
    stale = home.page(Reader("es"), "ana", "", None).decode()
    assert "Sin noticias del agente" in stale
    assert "sin datos desde hace 21\xa0s" in stale
    assert "En línea" not in stale
    live.hear({**said(clock), "names": ["one"]})
    assert b"Everything is online" in home.page(Reader("en"), "ana", "", None)


def test_a_process_that_is_gone_leaves_the_page(live: Live, home: Home, clock: ManualClock) -> None:
    live.hear(said(clock, "one", "two"))
    live.hear({**said(clock), "names": ["two"]})
    assert list(home.fragments(Reader("en"))) == ["", "two"]


def test_each_reader_gets_their_own_name_token_and_notice_and_nobody_elses(
    live: Live, home: Home, clock: ManualClock
) -> None:
    live.hear(said(clock, "one"))
    reader = Reader("en", "admin")
    first = home.page(reader, "<ana>", "token-a", Notice("Done", "well", failed=False)).decode()
    second = home.page(reader, "eva", "token-b", None).decode()
    assert "&lt;ana&gt;" in first
    assert "token-a" in first
    assert "Done" in first
    for other in ("ana", "token-a", "Done", "\x00"):
        assert other not in second
    assert "token-b" in second


def test_a_configuration_may_hold_more_than_the_panel_knows(tmp_path: Path) -> None:
    known = {"stack": "d", "cookie": "c", "socket": "s", "agent": "a", "accounts": "a", "data": "d"}
    path = tmp_path / "panel.json"
    path.write_text(json.dumps({"v": 1, **known, "gateway_secret": "s" * 32, "from_a_later_release": True}))
    assert read_config(str(path)).stack == "d"
