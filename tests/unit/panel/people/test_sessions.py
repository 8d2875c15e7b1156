"""Sessions end by themselves: when idle, when old, and when there are too many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.panel.people.sessions import FRESH_S, IDLE_S, LONGEST_S, MOST_EACH, Sessions
from founderstack.panel.people.store import Store


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
def sessions(clock: ManualClock) -> Iterator[Sessions]:
    with closing(Store(":memory:")) as store:
        yield Sessions(store, clock)


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


def test_too_many_sessions_of_one_account_end_its_oldest_and_nobody_elses(
    sessions: Sessions, clock: ManualClock
) -> None:
    founders = sessions.open("founder", "mark", "", "")
    cookies = []
    for _ in range(510):
        clock.wait(1)
        cookies.append(sessions.open("ana", "mark", "", ""))
    assert [cookie for cookie in cookies if sessions.find(cookie)] == cookies[-MOST_EACH:]
    assert sessions.find(founders)


def test_a_renewed_session_has_another_cookie_and_is_fresh_for_ten_minutes(
    sessions: Sessions, clock: ManualClock
) -> None:
    first = sessions.open("ana", "mark", "203.0.113.7", "Firefox")
    clock.wait(FRESH_S + 1)
    stale = sessions.find(first)
    assert stale
    assert not sessions.is_fresh(stale)
    second = sessions.renew(stale, "mark")
    assert sessions.find(first) is None
    fresh = sessions.find(second)
    assert fresh
    assert sessions.is_fresh(fresh)
    assert (fresh.created, fresh.address) == (stale.created, stale.address), "its week is not begun anew"
    assert sessions.tool_session(first) != sessions.tool_session(second), "what a tool held for it is over"
    clock.wait(-FRESH_S)
    assert not sessions.is_fresh(fresh), "a clock that jumped back makes nothing fresh"


def test_all_sessions_but_one_can_be_ended(sessions: Sessions) -> None:
    kept, other, anas = (sessions.open(user, "mark", "", "") for user in ("founder", "founder", "ana"))
    mine = sessions.find(kept)
    assert sessions.close_all("founder", lambda session: session == mine) == 1
    assert [bool(sessions.find(cookie)) for cookie in (kept, other, anas)] == [True, False, True]


def test_a_browsers_mark_is_good_for_its_account_alone(sessions: Sessions) -> None:
    mark = sessions.browser_mark("founder")
    assert sessions.known_browser(mark, "founder")
    for forged in (mark.replace(".", "x.", 1), mark[:-1], "", ".", "x"):
        assert sessions.known_browser(forged, "founder") == ""
    assert sessions.known_browser(mark, "ana") == ""


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
