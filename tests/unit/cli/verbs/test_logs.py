"""`founder logs`: in the order of time, across rotations, from when and about what somebody asks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from founderstack.cli.dispatch import dispatch
from founderstack.cli.logs import reading
from founderstack.testing.clock import FakeClock

NAMES = ("app-1-0f3a9c-1", "postgres")


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the logs of a stack with an app that writes JSON and a database."""
    folder, state = tmp_path / "mine", tmp_path / "home" / "diary"
    for made in (folder, state / "applied", state / "log"):
        made.mkdir(parents=True)
    (folder / "founder.toml").write_text('name = "diary"\nlanguage = "en"\n')
    (state / "stack.json").write_text(json.dumps({"file": str(folder / "founder.toml")}))
    for name in NAMES:
        (state / "applied" / f"{name}.json").write_text(json.dumps({"name": name}))
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    written(state / "log/postgres.log", "20:40 started", "20:50 ready", "21:10 checkpoint")
    written(state / "log/app-1-0f3a9c-1.log", "20:45 boot", "20:55 Error: none", "21:05 served")
    return state / "log"


def written(path: Path, *lines: str) -> None:
    """A log with these lines, each of an hour and minute of one day, in UTC; last written when its last line says."""
    path.write_text("".join(f"2026-11-28 {line[:5]}:00 UTC {line[6:]}\n" for line in lines))
    last = datetime.fromisoformat(f"2026-11-28T{lines[-1][:5]}:00+00:00").timestamp()
    os.utime(path, (last, last))


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The ends of the lines that a command shows."""
    assert dispatch(["logs", *words]) == 0
    return [line.rpartition(" UTC ")[2] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("logs")
def test_several_services_in_the_order_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert said([], capsys) == ["started", "boot", "ready", "Error: none", "served", "checkpoint"]
    assert said(["-n", "1"], capsys) == ["served", "checkpoint"]


@pytest.mark.usefixtures("logs")
def test_from_when_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    since, until = ["--since", "2026-11-28 20:50Z"], ["--until", "2026-11-28 21:05Z"]
    assert said([*since, *until], capsys) == ["ready", "Error: none", "served"]
    assert said([*since, "postgres"], capsys) == ["ready", "checkpoint"]
    assert said([*until, "-n", "1"], capsys) == ["ready", "served"]


@pytest.mark.usefixtures("logs")
def test_what_lines_hold_small_letters_mean_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["--grep", "error|check"], capsys) == ["Error: none", "checkpoint"]
    assert said(["--grep", "Check"], capsys) == []


def test_what_was_put_aside_counts(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(logs / "postgres.log.1", "19:00 old", "19:30 older start")
    written(logs / "postgres.log.2", "18:00 ancient start")
    assert said(["postgres", "--grep", "start", "-n", "9"], capsys) == ["ancient start", "older start", "started"]
    assert said(["postgres", "--since", "2026-11-28 19:10Z"], capsys) == [
        "older start", "started", "ready", "checkpoint",
    ]  # fmt: skip
    assert said(["postgres", "-n", "4"], capsys) == ["older start", "started", "ready", "checkpoint"]


@pytest.mark.usefixtures("logs")
def test_for_machines_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    dispatch(["logs", "postgres", "--json", "--grep", "ready"])
    (document,) = map(json.loads, capsys.readouterr().out.splitlines())
    at = datetime(2026, 11, 28, 20, 50, tzinfo=UTC).timestamp()
    assert document == {"v": 1, "service": "postgres", "at": at, "line": "2026-11-28 20:50:00 UTC ready"}


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (["--since", "soon"], "“--since soon” is no time", 'founder logs --since "2026-11-28 09:00"'),
        (["--until", "10 sheep"], "“--until 10 sheep” is no time", "founder logs --until"),
        (["--since", "1h", "--until", "2h"], "--since 1h is later than --until 2h", "Exchange them"),
        (["--grep", "(a"], "“--grep (a” is no regular expression", "\\(a"),
        (["-f", "--until", "1h"], "--follow and --until do not go together", "Leave one"),
    ],
)
@pytest.mark.usefixtures("logs")
def test_what_cannot_be_understood_says_how_it_is_written(
    words: list[str], what: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(["logs", *words]) == 64
    err = capsys.readouterr().err
    assert what in err
    assert fix in err


@pytest.mark.usefixtures("logs")
def test_where_nothing_fits_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    dispatch(["logs", "--grep", "nowhere"])
    assert capsys.readouterr().err == "Nothing that they have said fits.\n"


def test_following_goes_on_where_reading_ended_and_across_a_rotation(logs: Path) -> None:
    path = logs / "postgres.log"
    sources, clock = {"postgres": str(path)}, FakeClock()
    ends = {"postgres": reading.end_of(str(path))}
    with path.open("a") as file:
        file.write("2026-11-28 21:20:00 UTC more\nhalf a li")
    coming = reading.follow(sources, ends, clock)
    assert next(coming).line.endswith("more")
    path.rename(logs / "postgres.log.1")
    path.write_text("anew\n")
    assert next(coming).line == "anew"
