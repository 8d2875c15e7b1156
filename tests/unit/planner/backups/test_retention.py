"""Retention by count and calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from founderstack.model.backup import FoundSet, Manifest, Proof
from founderstack.planner.backups.retention import Keep, expired, restored_from

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _set(at: datetime, *, ok: bool | None = None) -> FoundSet:
    name = at.strftime("%Y%m%dT%H%M%SZ")
    proofs = () if ok is None else (Proof(name, at.timestamp() + 60, ok=ok, seconds=1.0),)
    return FoundSet(Manifest(name, "diary", at.timestamp(), 1.0, "dump", "full", ()), ("local",), proofs)


def _left(sets: list[FoundSet], keep: Keep) -> list[str]:
    gone = {one.manifest.id for one in expired(sets, keep, NOW.timestamp())}
    return [one.manifest.id[:8] for one in sets if one.manifest.id not in gone]


def _nights(count: int) -> list[FoundSet]:
    return [_set(NOW - timedelta(days=days)) for days in range(count)]


def test_the_newest_ones_stay() -> None:
    assert _left(_nights(10), Keep(3)) == ["20261124", "20261123", "20261122"]


def test_the_last_set_of_each_day_week_and_month_stays() -> None:
    hourly = [_set(NOW - timedelta(hours=hours)) for hours in range(24 * 3)]
    assert len(_left(hourly, Keep(1, daily=3))) == 3
    left = _left(_nights(100), Keep(1, weekly=3, monthly=3))
    assert left == ["20261124", "20261122", "20261115", "20261031", "20260930"]


def test_a_week_and_a_month_are_of_their_year() -> None:
    sets = [_set(NOW - timedelta(days=days)) for days in (0, 364, 365)]
    weeks = {datetime.fromtimestamp(one.manifest.taken_at, UTC).isocalendar().week for one in sets}
    assert ({one.manifest.id[4:6] for one in sets}, weeks) == ({"11"}, {48}), "one month and one week, of two years"
    assert _left(sets, Keep(1, weekly=2)) == ["20261124", "20251125"]
    assert _left(sets, Keep(1, monthly=2)) == ["20261124", "20251125"]


def test_a_set_that_lacks_something_does_not_push_out_those_that_lack_nothing() -> None:
    lacking = [
        replace(one, manifest=replace(one.manifest, lacks=("The database app is not in it: …",)))
        for one in (_set(NOW - timedelta(hours=hours)) for hours in range(30))
    ]
    whole = [_set(NOW - timedelta(hours=hours, minutes=30)) for hours in (9, 40, 100)]
    gone = {one.manifest.id for one in expired([*lacking, *whole], Keep(2, daily=2), NOW.timestamp())}
    assert whole[0].manifest.id not in gone, "it stands for its day, though others came later"
    assert whole[1] not in expired([*lacking, *whole[1:]], Keep(1), NOW.timestamp()), "it is the newest that is whole"


def test_days_without_a_set_do_not_count() -> None:
    sparse = [_set(NOW - timedelta(days=30 * number)) for number in range(5)]
    assert len(_left(sparse, Keep(1, daily=4))) == 4


def test_the_last_proven_set_stays_whatever_is_asked_for() -> None:
    sets = [*_nights(5), _set(NOW - timedelta(days=400), ok=True), _set(NOW - timedelta(days=500), ok=True)]
    assert _left(sets, Keep(1)) == ["20261124", "20251020"]


def test_a_drill_that_failed_keeps_nothing() -> None:
    assert _left([*_nights(2), _set(NOW - timedelta(days=400), ok=False)], Keep(1)) == ["20261124"]


def test_a_set_from_the_future_counts_for_nothing_and_stays() -> None:
    sets = [_set(NOW + timedelta(days=365)), *_nights(3)]
    assert _left(sets, Keep(2)) == ["20271124", "20261124", "20261123"]


def _safety(at: datetime, replaced_by: FoundSet) -> FoundSet:
    found = _set(at)
    return replace(found, manifest=replace(found.manifest, replaced_by=replaced_by.manifest.id))


def test_restores_that_are_tried_one_after_the_other_push_out_neither_what_was_there_nor_what_they_came_from() -> None:
    good, *others = _nights(5)
    attempts = [_safety(NOW + timedelta(minutes=minute), good) for minute in range(1, 9)]
    after = _set(NOW + timedelta(minutes=10))
    sets, now = [after, *attempts, good, *others], NOW.timestamp() + 3600
    held = restored_from(sets, now)
    assert held == {good.manifest.id}
    gone = expired(sets, Keep(1, daily=2), now, held)
    assert gone == (*reversed(others[1:]),), "of today the last regular one, the one it came from, and of yesterday one"
    assert expired([one for one in sets if one not in gone], Keep(1, daily=2), now, held) == ()


def test_a_safety_set_does_not_stand_for_its_day() -> None:
    regular, safety = _set(NOW - timedelta(days=1, hours=2)), _safety(NOW - timedelta(days=1), _set(NOW))
    assert expired([_set(NOW), safety, regular], Keep(1, daily=2), NOW.timestamp()) == ()


def test_safety_sets_stay_for_a_month_and_the_newest_three_for_good() -> None:
    night = _set(NOW)
    old = [_safety(NOW - timedelta(days=days), night) for days in (29, 31, 32, 33, 34)]
    assert expired([night, *old], Keep(1), NOW.timestamp()) == (old[4], old[3])
    recent = [_safety(NOW - timedelta(days=days), night) for days in range(1, 30)]
    assert expired([night, *recent], Keep(1), NOW.timestamp()) == ()


def test_the_newest_proven_set_stays_beside_a_safety_set_that_is_proven() -> None:
    night, proven = _set(NOW), _set(NOW - timedelta(days=9), ok=True)
    safety = replace(_safety(NOW - timedelta(days=1), night), proofs=proven.proofs)
    assert expired([night, safety, proven], Keep(1), NOW.timestamp()) == ()


ages = st.lists(st.floats(0, 1000), max_size=40, unique_by=lambda days: int(days * 86400))
keeps = st.builds(Keep, st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


@given(ages, keeps, st.integers(0, 40))
def test_newest_and_newest_proven_always_stay_and_nothing_changes_the_second_time(
    days: list[float], keep: Keep, proven: int
) -> None:
    sets = [_set(NOW - timedelta(days=age), ok=True if n == proven else None) for n, age in enumerate(days)]
    gone = {one.manifest.id for one in expired(sets, keep, NOW.timestamp())}
    left = [one for one in sets if one.manifest.id not in gone]
    if sets:
        assert max(sets, key=lambda one: one.manifest.taken_at) in left
    assert len(left) >= min(keep.last, len(sets))
    assert all(one in left for one in sets if one.proof)
    assert expired(left, keep, NOW.timestamp()) == ()
