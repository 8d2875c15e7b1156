"""What a way back is decided by, and what is said where a repository does not answer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from founderstack.model.errors import StackError
from founderstack.model.point_in_time import Gap, Stock, StoredBackup, Target
from founderstack.operations.backups.point_in_time import decide
from founderstack.testing.world import FakeWorld


@dataclass
class FakeMoments:
    """Repositories as they answer (the part of a model.point_in_time.PointInTime that a decision asks)."""

    stock: Stock
    major: str = "15"

    def stored(self) -> Stock:
        return self.stock

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def free_mib(self) -> int:
        return 10_000


@pytest.mark.parametrize("target", [Target("newest"), Target("time", 1.0, "then"), Target("backup", label="F1")])
def test_a_repository_that_does_not_answer_is_not_an_empty_one(target: Target) -> None:
    """What breaks: the place with the backups. What the founder sees: that, and not that there never were any."""
    world = FakeWorld()
    with pytest.raises(StackError) as refused:
        decide(world.site("[backup]\n"), FakeMoments(Stock((), {2: "no answer"})), target, replaces=True)  # type: ignore[arg-type]
    assert refused.value.why == "Repository 2 does not say what it holds: no answer"
    with pytest.raises(StackError, match="nothing to go back to"):
        decide(world.site("[backup]\n"), FakeMoments(Stock()), target, replaces=True)  # type: ignore[arg-type]


def test_what_another_repository_holds_is_enough() -> None:
    world = FakeWorld()
    now = world.clock.now()
    here = StoredBackup("F1", 1, "full", now - 20, now - 10, (), "15", 10**6, 10**5)
    moments = FakeMoments(Stock((here,), {2: "away"}))
    assert decide(world.site("[backup]\n"), moments, Target("newest"), replaces=True).begin is here  # type: ignore[arg-type]
