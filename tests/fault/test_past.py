"""The disk is full, and only the past of the services is lost for as long."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from founderstack.agent.watching.past import Past
from founderstack.model.protocols import Answer
from founderstack.world.state.probe_history import Answers
from tests.service.agents import ManualClock


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def live(past: Past, clock: ManualClock, minutes: int) -> None:
    for turn in range(minutes * 6):
        clock.advance(10)
        past.add("web", Answer(True, 3.0), clock.now(), clock.monotonic())
        if turn % 60 == 59:
            past.write(past.new(), clock.now())


def test_a_full_disk_costs_the_minutes_and_neither_the_day_nor_memory(tiny_disk: Path) -> None:
    clock, past = ManualClock(), Past(Answers(str(tiny_disk / "answers-1.sqlite")))
    live(past, clock, 60)
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * (1 << 20))
    live(past, clock, 600)
    shown = past.shown("web", clock.now())
    assert shown["uptime_24h"] == 1.0
    assert sum(bar[3] for bar in shown["bars"]) >= 660 * 6 - 1, "the day of the tile is in memory"
    assert len(past.new()) <= 12, "what could not be written is not kept"
    filler.unlink()
    live(past, clock, 60)
    again = Past(Answers(str(tiny_disk / "answers-1.sqlite")))
    again.load(clock.now())
    assert sum(bar[3] for bar in again.shown("web", clock.now())["bars"]) >= 100, "it is written again"
    assert len(past.buckets("web", 6, clock.now())) >= 50
