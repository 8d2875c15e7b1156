"""Where a recovery begins, which moments can be reached, and what kind of backup is taken next."""

from __future__ import annotations

import pytest

from founderstack.model.errors import StackError
from founderstack.model.point_in_time import Gap, StoredBackup, Target
from founderstack.planner.backups.point_in_time import beginning, kind_of_backup, needed, reachable

DAY = 86400.0
NOW = 1_800_000_000.0


def stored(label: str, ended: float, *, repository: int = 1, kind: str = "full", major: str = "15") -> StoredBackup:
    needs = () if kind == "full" else ("F1",)
    return StoredBackup(label, repository, kind, ended - 10, ended, needs, major, 10**6, 10**5)  # type: ignore[arg-type]


def at(moment: float) -> Target:
    return Target("time", moment, "that moment")


FIRST, SECOND = stored("F1", NOW - 2 * DAY), stored("F2", NOW - DAY)


def test_a_recovery_begins_with_the_newest_backup_that_ended_before() -> None:
    assert beginning([FIRST, SECOND], [], at(NOW - DAY - 1), NOW) is FIRST
    assert beginning([FIRST, SECOND], [], at(NOW - DAY + 1), NOW) is SECOND
    assert beginning([FIRST, SECOND], [], at(NOW - DAY + 0.5), NOW) is FIRST, "its end is told in whole seconds"
    assert beginning([FIRST, SECOND], [], Target("newest"), NOW) is SECOND


def test_a_backup_from_the_future_is_the_newest_for_nobody_and_better_than_none() -> None:
    later = stored("F9", NOW + 700 * DAY)
    assert beginning([FIRST, SECOND, later], [], Target("newest"), NOW) is SECOND
    assert beginning([later], [], Target("newest"), NOW) is later
    assert beginning([SECOND, later], [], Target("backup", label="F9"), NOW) is later
    with pytest.raises(StackError, match="cannot be reached") as refused:
        beginning([FIRST, SECOND, later], [], at(NOW - 3 * DAY), NOW)
    assert "2028" not in refused.value.fix


def test_of_two_repositories_the_one_on_this_machine_is_read() -> None:
    there = stored("F2", NOW - DAY, repository=2)
    assert beginning([there, SECOND], [], Target("newest"), NOW) is SECOND


def test_a_backup_is_found_by_its_label() -> None:
    assert beginning([FIRST, SECOND], [], Target("backup", label="F1"), NOW) is FIRST
    with pytest.raises(StackError, match="not stored any more"):
        beginning([FIRST, SECOND], [], Target("backup", label="F9"), NOW)


@pytest.mark.parametrize("moment", [NOW + 1, NOW - 3 * DAY])
def test_what_has_not_come_yet_or_lies_before_all_is_refused_with_what_can_be_reached(moment: float) -> None:
    with pytest.raises(StackError, match="cannot be reached") as refused:
        beginning([FIRST, SECOND], [], at(moment), NOW)
    assert "2027-01-13" in refused.value.fix


def test_without_a_backup_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(StackError, match="nothing to go back to"):
        beginning([], [], Target("newest"), NOW)


def test_another_major_version_is_refused_with_the_dump_as_the_cure() -> None:
    with pytest.raises(StackError, match="of PostgreSQL 15, and this server is 17") as refused:
        beginning([FIRST], [], Target("newest"), NOW, "17")
    assert "dump" in refused.value.fix
    assert beginning([FIRST, stored("F3", NOW - 9, major="17")], [], Target("newest"), NOW, "17").label == "F3"


def test_a_gap_is_refused_until_the_next_full_backup() -> None:
    gap = Gap(NOW - 1.5 * DAY, NOW - DAY)
    assert beginning([FIRST, SECOND], [gap], at(NOW - 1.6 * DAY), NOW) is FIRST
    assert beginning([FIRST, SECOND], [gap], at(NOW - 0.5 * DAY), NOW) is SECOND
    with pytest.raises(StackError, match="cannot be reached"):
        beginning([FIRST, SECOND], [gap], at(NOW - 1.2 * DAY), NOW)


def test_the_moment_that_a_server_was_taken_back_to_can_be_gone_back_to_again() -> None:
    to = NOW - 1.5 * DAY
    left_out = [Gap(to, NOW - DAY)]
    assert beginning([FIRST, SECOND], left_out, at(to), NOW) == FIRST
    with pytest.raises(StackError):
        beginning([FIRST], left_out, at(to + 0.000001), NOW)


def test_what_can_be_reached_has_the_gaps_left_out() -> None:
    assert reachable([], [], NOW) == ()
    assert reachable([FIRST], [], NOW) == ((FIRST.ended + 1, NOW),)
    closed = Gap(NOW - 1.5 * DAY, SECOND.ended)
    assert reachable([FIRST, SECOND], [closed], NOW) == ((FIRST.ended + 1, closed.began), (SECOND.ended + 1, NOW))
    assert reachable([FIRST], [Gap(NOW - DAY, 0.0)], NOW) == ((FIRST.ended + 1, NOW - DAY),)


def test_no_chain_gets_long_and_a_broken_one_begins_anew() -> None:
    assert kind_of_backup("incr", [], NOW, broken=False) == "full"
    assert kind_of_backup("incr", [stored("F", NOW - 3600)], NOW, broken=False) == "incr"
    assert kind_of_backup("diff", [stored("F", NOW - 3600)], NOW, broken=False) == "diff"
    assert kind_of_backup("incr", [stored("F", NOW - 2 * DAY)], NOW, broken=False) == "diff"
    assert kind_of_backup("incr", [stored("F", NOW - 8 * DAY)], NOW, broken=False) == "full"
    assert kind_of_backup("incr", [stored("F", NOW - 3600)], NOW, broken=True) == "full"
    assert kind_of_backup("incr", [stored("F", NOW + 9 * DAY)], NOW, broken=False) == "full", (
        "by a clock that was ahead"
    )


def test_what_a_kept_backup_builds_upon_is_kept() -> None:
    assert needed([FIRST, stored("I1", NOW, kind="incr")], {"I1"}) == {"I1", "F1"}
