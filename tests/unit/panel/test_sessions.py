"""Sessions end by themselves: when idle, when old, and when there are too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.panel.sessions import IDLE_S, LONGEST_S, Sessions
from founderstack.panel.store import Store


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


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sessions(clock: ManualClock) -> Sessions:
    return Sessions(Store(":memory:"), clock)


def test_an_idle_session_ends(sessions: Sessions, clock: ManualClock) -> None:
    cookie = sessions.open("ana", "mark", "", "")
    clock.wait(IDLE_S - 1)
    assert sessions.find(cookie)
    clock.wait(IDLE_S - 1)
    assert sessions.find(cookie), "being seen keeps it"
    clock.wait(IDLE_S + 1)
    assert sessions.find(cookie) is None


def test_a_page_that_only_listens_does_not_keep_a_session(sessions: Sessions, clock: ManualClock) -> None:
    cookie = sessions.open("ana", "mark", "", "")
    for _ in range(int(IDLE_S // 600) + 1):
        clock.wait(600)
        sessions.find(cookie, seen=False)
    assert sessions.find(cookie) is None


def test_even_a_busy_session_ends_after_a_week(sessions: Sessions, clock: ManualClock) -> None:
    cookie = sessions.open("ana", "mark", "", "")
    for _ in range(int(LONGEST_S // 3600)):
        clock.wait(3600)
        assert sessions.find(cookie)
    clock.wait(1)
    assert sessions.find(cookie) is None


def test_sessions_and_form_tokens_survive_in_the_store(tmp_path: Path, clock: ManualClock) -> None:
    store = Store(str(tmp_path / "panel.sqlite"))
    first = Sessions(store, clock)
    cookie = first.open("ana", "mark", "203.0.113.7", "Firefox")
    token = first.form_token(cookie)
    store.close()
    store = Store(str(tmp_path / "panel.sqlite"))
    second = Sessions(store, clock)
    found = second.find(cookie)
    assert found
    assert (found.user, found.address) == ("ana", "203.0.113.7")
    assert second.form_token(cookie) == token
    store.close()


def test_the_many_make_room_for_the_new(sessions: Sessions, clock: ManualClock) -> None:
    cookies = []
    for _ in range(510):
        clock.wait(1)
        cookies.append(sessions.open("ana", "mark", "", ""))
    assert sessions.find(cookies[0]) is None
    assert sessions.find(cookies[-1])
    assert sum(sessions.find(cookie) is not None for cookie in cookies) == 500


def test_tokens_differ_by_purpose_and_by_cookie(sessions: Sessions) -> None:
    tokens = {sessions.form_token("a"), sessions.form_token("b"), sessions.tool_session("a"), "a"}
    assert len(tokens) == 4


def test_a_store_that_cannot_be_written_keeps_sessions_in_memory(tmp_path: Path, clock: ManualClock) -> None:
    store = Store(str(tmp_path / "no such folder" / "panel.sqlite"))
    sessions = Sessions(store, clock)
    assert sessions.find(sessions.open("ana", "mark", "", ""))
    store.close()
    broken = Sessions(store, clock)
    assert broken.find(broken.open("ana", "mark", "", ""))
