"""When a backup is due: every clock that a machine can have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from founderstack.planner.backups.schedule import (
    FIRST_AFTER_S,
    JITTER_S,
    Attempts,
    due,
    following,
    jitter,
    latest,
    overdue_s,
)

NIGHT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC).timestamp()
LATE = jitter("diary", 86400)
HOUR, DAY = 3600.0, 86400.0


def _good(at: float) -> Attempts:
    return Attempts(first_seen=1.0, good=at, last=at)


def test_it_is_due_once_a_day_at_its_time_and_a_little_later() -> None:
    before = _good(NIGHT - DAY + LATE)
    assert not due("03:30", before, NIGHT + LATE - 1, "diary")
    assert due("03:30", before, NIGHT + LATE, "diary")
    assert not due("03:30", before.began(NIGHT + LATE).ended(well=True), NIGHT + LATE + 60, "diary")


def test_stacks_do_not_begin_at_the_same_moment() -> None:
    delays = {round(jitter(f"stack-{number}", DAY)) for number in range(50)}
    assert len(delays) > 30
    assert max(delays) < JITTER_S
    assert jitter("diary", DAY) == LATE


def test_what_was_missed_is_made_up_for_once() -> None:
    asleep = _good(NIGHT - 5 * DAY)
    morning = NIGHT + 5 * HOUR
    assert due("03:30", asleep, morning, "diary")
    assert not due("03:30", asleep.began(morning).ended(well=True), morning + HOUR, "diary")
    assert due("03:30", asleep.began(morning).ended(well=True), NIGHT + DAY + LATE, "diary")


def test_every_so_many_hours() -> None:
    last = latest("every 6h", NIGHT, "diary")
    assert not due("every 6h", _good(last), last + 6 * HOUR - 1, "diary")
    assert due("every 6h", _good(last), last + 6 * HOUR, "diary")
    assert following("every 6h", last, "diary") == last + 6 * HOUR


def test_a_new_stack_is_backed_up_soon() -> None:
    new = Attempts(first_seen=NIGHT)
    assert not due("03:30", new, NIGHT + FIRST_AFTER_S - 1, "diary")
    assert due("03:30", new, NIGHT + FIRST_AFTER_S, "diary")
    assert not due("03:30", Attempts(), NIGHT, "diary"), "nobody has seen it yet"


def test_a_failure_is_tried_again_with_longer_and_longer_waits() -> None:
    attempts = _good(NIGHT - DAY)
    now, waits = NIGHT + LATE, []
    for _again in range(7):
        attempts = attempts.began(now).ended(well=False)
        begun = now
        while not due("03:30", attempts, now, "diary"):
            now += 60
        waits.append(now - begun)
    assert waits == [300, 600, 1200, 2400, 3600, 3600, 3600]
    assert attempts.began(now).ended(well=True).failures == 0


@pytest.mark.parametrize("ahead", [2 * HOUR, 400 * DAY])
def test_a_clock_that_was_ahead_does_not_stop_backups(ahead: float) -> None:
    for attempts in (_good(NIGHT + ahead), Attempts(1.0, 0.0, NIGHT + ahead, 2)):
        assert due("03:30", attempts, NIGHT + LATE, "diary")


def test_a_clock_that_goes_back_a_little_takes_no_second_backup() -> None:
    assert not due("03:30", _good(NIGHT + LATE + 600), NIGHT + LATE + 60, "diary")


def test_never_is_never() -> None:
    assert not due("never", _good(NIGHT - 400 * DAY), NIGHT, "diary")
    assert following("never", NIGHT, "diary") is None
    assert overdue_s("never", 0.0, NIGHT, "diary") == 0


def test_a_week_begins_on_monday() -> None:
    monday = datetime.fromtimestamp(latest("weekly", NIGHT, "diary"), UTC)
    assert (monday.isoweekday(), monday.hour) == (1, 5)
    assert due("weekly", _good(monday.timestamp() - HOUR), NIGHT, "diary")
    assert not due("weekly", _good(monday.timestamp() + HOUR), NIGHT, "diary")


def test_how_late_it_is() -> None:
    noon = NIGHT + timedelta(hours=8).total_seconds()
    assert overdue_s("03:30", NIGHT + LATE, noon, "diary") == 0
    assert overdue_s("03:30", NIGHT - DAY + LATE, noon, "diary") == pytest.approx(8 * HOUR - LATE)
    assert overdue_s("03:30", NIGHT - 3 * DAY + LATE, noon, "diary") == pytest.approx(2 * DAY + 8 * HOUR - LATE)


def test_what_is_urgent_does_not_wait_for_its_time_but_for_a_failure_before_it() -> None:
    done = _good(NIGHT + LATE)
    assert not due("03:30", done, NIGHT + HOUR, "diary")
    assert due("03:30", done, NIGHT + HOUR, "diary", urgent=True)
    assert not due("03:30", done, NIGHT + LATE + 10, "diary", urgent=True)
    assert not due("03:30", done.ended(well=False), NIGHT + LATE + 200, "diary", urgent=True)
    assert due("03:30", done.ended(well=False), NIGHT + LATE + 301, "diary", urgent=True)
    assert not due("never", done, NIGHT + HOUR, "diary", urgent=True)
    assert not due("03:30", Attempts(first_seen=NIGHT), NIGHT + 60, "diary", urgent=True)
