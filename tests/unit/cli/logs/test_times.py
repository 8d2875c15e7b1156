"""When a line was written is read as each program writes it, and when it is wanted as people write it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from founderstack.cli.logs.span import Span, time_of
from founderstack.cli.logs.times import timed, written_at

MADRID = timezone(timedelta(hours=1))
AT = datetime(2026, 11, 30, 10, 15, 20, tzinfo=UTC).timestamp()
NOW = AT


@pytest.fixture(autouse=True)
def winter_in_madrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose zone is not UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Madrid")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-30 10:15:20.000 UTC [812] app@app LOG:  duration: 1 ms",
        '{"time":"2026-11-30T10:15:20+00:00","client":"127.0.0.1","uri":"/?at=2020-01-01T00:00:00Z"}',
        "2026/11/30 11:15:20 [error] 12#12: *1 connect() failed",
        "812:M 30 Nov 2026 11:15:20.000 * Ready to accept connections",
        "I1130 11:15:20.000000 master_server.go:122 started",
        '{"level":30,"time":1796033720000,"msg":"ready"}',
        '{"ts": 1796033720, "msg": "ready"}',
        "[2026-11-30 11:15:20 +0100] [1] [INFO] Listening",
        "2026-11-30 11:15:20,000 P00   INFO: archive-push command begin",
    ],
)
def test_each_program_says_when_in_its_own_way(line: str) -> None:
    assert written_at(line, 2026) == AT


@pytest.mark.parametrize(
    "line", ["", "ready in 20 ms", "99/99/99 11:15:20", "2026-13-40 10:15:20 UTC x", "1:M 30 Foo 2026 11:15:20 x"]
)
def test_a_line_that_tells_no_time_has_none(line: str) -> None:
    assert written_at(line, 2026) is None


def test_what_goes_on_with_a_line_was_said_with_it_and_what_comes_before_with_the_first() -> None:
    lines = ["Traceback", "2026-11-30 10:15:20 UTC broken", "  at app.js:1", "2026-11-30 10:15:30 UTC well"]
    assert [at - AT for at, _line in timed(lines, 0.0)] == [0, 0, 0, 10]
    assert list(timed(["ready", "steady"], 7.0)) == [(7.0, "ready"), (7.0, "steady")]


@pytest.mark.parametrize(
    ("text", "ago"),
    [("90s", 90), ("10m", 600), ("10min", 600), ("2h", 7200), ("1h30m", 5400), ("2 d", 172800), ("1w", 604800)],
)
def test_so_long_ago(text: str, ago: int) -> None:
    assert time_of(text, NOW, "en") == NOW - ago


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28 09:00", datetime(2026, 11, 28, 9, tzinfo=MADRID)),
        ("2026-11-28", datetime(2026, 11, 28, tzinfo=MADRID)),
        ("2026-11-28T09:00Z", datetime(2026, 11, 28, 9, tzinfo=UTC)),
        ("11:00", datetime(2026, 11, 30, 11, tzinfo=MADRID)),
        ("23:00", datetime(2026, 11, 29, 23, tzinfo=MADRID)),
        ("2026-07-01 09:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_time_or_a_date_of_the_machines_own_zone(text: str, moment: datetime) -> None:
    assert time_of(text, NOW, "en") == moment.timestamp()


def test_a_date_as_spanish_writes_it() -> None:
    assert time_of("3/11/2026 09:00", NOW, "es") == datetime(2026, 11, 3, 9, tzinfo=MADRID).timestamp()


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "10x", "m", "-5m", "2026-02-30", "25:00", "10m ago", "9" * 40 + "m"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_of(text, NOW, "en") is None


def test_a_span_holds_its_ends() -> None:
    span = Span(1.0, 2.0)
    assert [span.holds(at) for at in (0.9, 1.0, 2.0, 2.1)] == [False, True, True, False]
    assert Span().open
    assert not span.open
