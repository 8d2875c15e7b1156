"""What a tile claims, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from founderstack import locale
from founderstack.panel.shown.tiles import LastError, Tile, summary, tile

NOW = 1_700_000_000.0


def said(**more: Any) -> dict[str, Any]:
    return {
        "title": "PostgreSQL", "group": "data", "path": "", "summary": "", "version": "15", "address": "127.0.0.1:5432",
        "restarts": True, "state": "online", "since": NOW - 7500, "latency_ms": 1.5, "error": "", "checked": NOW,
        "failures": 0, "uptime_24h": 0.99987, "p50_ms": 1.5, "p95_ms": 4.0, "last_error": None, "bars": [],
        "actions": ["restart", "stop", "logs"], "outside": False, "logs": ["postgres"], **more,
    }  # fmt: skip


def shown(key: str = "postgres", *, language: str = "en", stale_s: float = 0.0, **more: Any) -> Tile:
    return tile(key, said(**more), str, language, NOW, stale_s, "https://localhost:9443")


def test_an_online_tile_says_since_when_and_how_fast() -> None:
    found = shown()
    assert (found.word, found.since, found.p50, found.p95) == (
        "Online",
        "for 2\xa0h 5\xa0min",
        "1.5\xa0ms",
        "4.0\xa0ms",
    )
    assert (found.measured, shown(measured_s=900).measured, shown(measured_s=86_000).measured) == (
        "24\xa0h",
        "15\xa0min",
        "24\xa0h",
    )
    assert (found.uptime, found.error, found.last_error) == ("99.98\N{NO-BREAK SPACE}%", "", None)
    assert (shown(language="es").p50, shown(language="es").uptime) == ("1,5\xa0ms", "99,98\N{NO-BREAK SPACE}%")


def test_an_agent_that_knows_no_past_yet_is_no_reason_to_show_nothing() -> None:
    found = shown(uptime_24h=None, p50_ms=None, p95_ms=None, bars=None)
    assert (found.word, found.uptime, found.p50, found.chart.count) == ("Online", "", "", 0)


def test_an_error_that_is_over_is_told_with_its_age_and_one_that_lasts_is_told_once() -> None:
    before = {"at": NOW - 7200, "text": "no answer in time"}
    assert shown(last_error=before).last_error == LastError("No answer in time", "2\xa0h ago")
    lasting = shown(state="down", error="no answer in time", last_error=before)
    assert (lasting.error, lasting.last_error) == ("No answer in time", None)


def test_every_log_of_a_service_is_known_by_its_name() -> None:
    assert shown(logs=["nginx", "nginx:access"]).logs == {"nginx": "Output", "nginx:access": "access"}
    assert shown(logs=None).logs == {}


def test_a_degraded_tile_counts_its_failures_and_gives_the_error_in_place() -> None:
    found = shown(state="degraded", failures=2, error="no answer in time")
    assert found.error == "No answer in time (2 of 3 failures)"


def test_the_sentence_of_an_error_is_translated_and_the_servers_words_are_not() -> None:
    spanish = {"the server refused": "el servidor se negó"}
    error = "the server refused: FATAL: no"
    found = tile("x", said(state="down", error=error), lambda text: spanish.get(text, text), "es", NOW, 0.0)
    assert found.error == "El servidor se negó: FATAL: no"


def test_without_news_nothing_is_claimed() -> None:
    found = shown(stale_s=45)
    assert (found.state, found.word, found.since, found.last_error) == ("stale", "No news", "no data for 45\xa0s", None)


def test_stopped_on_purpose_and_not_yet_asked_are_told_apart() -> None:
    assert shown(state="stopped").word == "Stopped"
    assert shown(state="starting", since=0.0).word == "Starting"
    assert shown(state="unknown", since=0.0).since == ""


def test_what_fails_comes_first() -> None:
    tiles = [shown(state="online"), shown(state="unknown"), shown(state="down"), shown(state="degraded")]
    assert [one.state for one in sorted(tiles, key=lambda one: one.rank)] == ["down", "degraded", "unknown", "online"]
    assert sorted(tiles, key=lambda one: one.order) == sorted(tiles, key=lambda one: one.rank)


@pytest.mark.parametrize(
    ("path", "address", "link"),
    [
        ("/tools/pgadmin/", "", "/tools/pgadmin/"),
        ("", "https://localhost:8443", "https://localhost:8443"),
        ("", "https://localhost:9443", ""),
        ("//evil.example", "", ""),
        ("javascript:alert(1)", "javascript:alert(1)", ""),
        ("", "http://127.0.0.1:1", ""),
    ],
)
def test_only_safe_places_are_linked(path: str, address: str, link: str) -> None:
    assert shown(path=path, address=address).link == link


def test_a_tool_elsewhere_stands_in_a_group_that_has_a_name_in_spanish() -> None:
    found = tile("x", said(group="outside", outside=True), locale.translator("es"), "es", NOW, 0.0)
    assert found.group == "Fuera"


def test_a_tool_elsewhere_may_be_opened_without_tls() -> None:
    assert shown(address="http://grafana.example", outside=True).link == "http://grafana.example"
    assert shown(address="ftp://grafana.example", outside=True).link == ""


def test_the_page_itself_offers_no_restart_of_itself() -> None:
    assert shown(address="https://localhost:9443").actions == {"logs"}
    assert shown().changeable
    assert not shown(actions=["logs"]).changeable


def test_the_summary_names_what_is_wrong() -> None:
    fine, down = shown(), shown(state="down", title="Redis")
    assert summary([fine], str, 0).headline == "Everything is online"
    assert summary([fine, down], str, 0).headline == "Redis down"
    assert summary([fine, down], str, 0).detail == "1 of 2 online"
    assert summary([down] * 5, str, 0).headline == "Redis, Redis and 3 more down"
    assert summary([fine], str, 60).headline == "No news from the agent"
    stopped = shown(state="stopped", actions=["start"])
    assert summary([fine, stopped], str, 0).headline == "PostgreSQL stopped"
    assert summary([fine, shown(state="degraded")], str, 0).detail == "1 of 2 online · 1 degraded"
    assert summary([], str, 0).state == "unknown"
