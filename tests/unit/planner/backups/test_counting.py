"""Which set is taken where nobody names one, by every verb that takes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest

from founderstack.model.backup import FoundSet, Manifest, Proof
from founderstack.model.errors import StackError
from founderstack.model.rebuild import State
from founderstack.operations.backups.rebuild import choose
from founderstack.planner.backups.restore import pick

DAY = 86400.0
NOW = 1_800_000_000.0


def _set(name: str, taken_at: float, *missing: str, ok: bool = True) -> FoundSet:
    proof = Proof(name, NOW, ok=ok, seconds=1.0)
    return FoundSet(Manifest(name, "diary", taken_at, 1.0, "dump", "full", ()), ("s3",), (proof,), missing)


GOOD = _set("2027-01-good", NOW - 3 * DAY)
BAD = _set("2027-02-bad", NOW - 2 * DAY, ok=False)
CUT = _set("2027-03-cut", NOW - DAY, "s3: database/app.dump.age")
LATER = _set("2029-01-later", NOW + 700 * DAY)
ALL = (LATER, CUT, BAD, GOOD)


class Elsewhere:
    """A place with sets of one stack (the part of a model.rebuild.Origin that a choice asks)."""

    where = "s3://there"

    def __init__(self, *sets: FoundSet) -> None:
        self._sets = sets

    def stacks(self) -> list[str]:
        return ["diary"]

    def sets(self, stack: str) -> tuple[FoundSet, ...]:
        return self._sets

    def try_out(self, one: FoundSet) -> None:
        """The key opens it."""

    def state(self, stack: str) -> State:
        return State(there=False, set="", folder="", done=())


class Choice(Protocol):
    """How a verb chooses."""

    def __call__(self, *sets: FoundSet, wanted: str = "") -> FoundSet: ...


def _restored(*sets: FoundSet, wanted: str = "") -> FoundSet:
    return pick(sets, wanted, NOW)


def _rebuilt(*sets: FoundSet, wanted: str = "") -> FoundSet:
    return choose(Elsewhere(*sets), "", wanted, NOW).one  # type: ignore[arg-type]


@pytest.mark.parametrize("choice", [_restored, _rebuilt])
def test_the_newest_that_counts_is_whole_and_not_known_to_be_bad(choice: Choice) -> None:
    """What breaks: a clock for one night, a bucket, a set. What holds: the newest of the others is the one."""
    assert choice(*ALL) is GOOD
    assert choice(LATER, replace(BAD, proofs=()), GOOD).manifest.id == BAD.manifest.id
    for one in (LATER, BAD):
        assert choice(*ALL, wanted=one.manifest.id) is one, "whoever names it gets it"


@pytest.mark.parametrize("choice", [_restored, _rebuilt])
def test_where_none_counts_each_is_named_with_the_reason(choice: Choice) -> None:
    with pytest.raises(StackError, match="No backup can be taken unseen") as refused:
        choice(LATER, BAD)
    assert "2029-01-later: it bears a time that is still to come; 2027-02-bad: a drill" in refused.value.why
    assert "2029-01-later" in refused.value.fix
