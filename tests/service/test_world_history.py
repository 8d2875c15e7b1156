"""The history file: what it remembers, and that it never stands in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from founderstack.model.events import Event
from founderstack.world.state.history import History


def _done(step: str, seconds: float) -> Event:
    return Event("done", step, at=1.0, seconds=seconds)


def test_an_estimate_is_the_median_of_the_last_five_good_runs(tmp_path: Path) -> None:
    history = History(f"{tmp_path}/history.sqlite")
    assert history.typical_seconds("start:postgres") is None
    for seconds in (100, 100, 1, 2, 9, 4, 3):
        history.record(_done("start:postgres", seconds))
    history.record(Event("failed", "start:postgres", at=1.0, seconds=500))
    history.record(_done("start:other", 700))
    assert history.typical_seconds("start:postgres") == 3


def test_the_newest_come_first(tmp_path: Path) -> None:
    history = History(f"{tmp_path}/history.sqlite")
    for number in range(5):
        history.record(_done(f"do:{number}", number))
    assert [event.step for event in history.recent(2)] == ["do:4", "do:3"]
    assert history.recent(1)[0] == _done("do:4", 4)


def test_what_version_0_1_kept_of_an_instance_is_told_by_its_family(tmp_path: Path) -> None:
    history = History(f"{tmp_path}/history.sqlite")
    for step in ("stop:app-1-766eb9-2", "start:app", "secrets show:panel.admin", "backup"):
        history.record(_done(step, 1))
    assert [event.step for event in history.recent(4)][::-1] == [
        "stop:app-2", "start:app", "secrets show:panel.admin", "backup",
    ]  # fmt: skip


def test_a_look_makes_no_file(tmp_path: Path) -> None:
    history = History(f"{tmp_path}/history.sqlite")
    assert history.recent(5) == []
    assert history.typical_seconds("x") is None
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("garbage", [b"garbage" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(garbage)
    history = History(str(path))
    assert history.recent(5) == []
    history.record(_done("do:x", 1))
    assert history.recent(5) == [_done("do:x", 1)]
    assert (tmp_path / "history.sqlite.damaged").read_bytes() == garbage


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    history = History(f"{tmp_path}/no/folder/history.sqlite")
    history.record(_done("do:x", 1))
    assert history.recent(5) == []
