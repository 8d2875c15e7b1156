"""Which conditions hold, and who is told of them when."""

from __future__ import annotations

from hypothesis import given, strategies as st

from founderstack.model.alerts import Condition, Letter, Limits
from founderstack.planner.alerts.rules import (
    AlertFacts,
    BackupFacts,
    DiskFacts,
    Ledger,
    ServiceFacts,
    conditions,
    decide,
)

LIMITS = Limits()
NOW = 1_800_000_000.0


def keys(facts: AlertFacts) -> list[str]:
    return [condition.key for condition in conditions(facts, LIMITS)]


def condition(key: str, **more: object) -> Condition:
    said = "x"
    return Condition(key, said, said, said, **more)  # type: ignore[arg-type]


class Told:
    """A ledger over time: what was told at each minute."""

    def __init__(self) -> None:
        self.ledger: Ledger = {}
        self.now = NOW
        self.letters: list[Letter] = []

    def minutes(self, count: int, *held: Condition) -> None:
        for _ in range(count):
            self.now += 60
            self.ledger, letter = decide(self.ledger, held, LIMITS, self.now)
            if letter:
                self.letters.append(letter)

    def said(self) -> list[str]:
        return [
            f"{word} {one.key}"
            for letter in self.letters
            for word, group in (("begun", letter.begun), ("lasting", letter.lasting), ("over", letter.over))
            for one in group
        ]


def test_nothing_is_wrong_with_a_healthy_stack() -> None:
    well = AlertFacts(
        (ServiceFacts("app", "App"),), (DiskFacts("/", 40, 9000, 500),), 0, BackupFacts(newest=NOW, proven=NOW)
    )
    assert keys(well) == []
    assert keys(AlertFacts()) == []


def test_each_thing_that_can_go_wrong_has_a_condition_of_its_own() -> None:
    bad = BackupFacts(
        failed=("The place cannot be reached", "Connection refused"),
        late_s=7200,
        unproven_s=7200,
        bad={"20261124": "table users has 3 rows, not 4"},
        gone={"s3": 3},
        off_machine=False,
        chain_broken=NOW,
    )
    found = conditions(
        AlertFacts((ServiceFacts("postgres", "PostgreSQL", 121, "refused"),), (DiskFacts("/srv", 9, 80),), 64, bad),
        LIMITS,
    )
    assert [one.key for one in found] == [
        "service:postgres",
        "disk:/srv",
        "archive:queue",
        "backup:failed",
        "backup:late",
        "backup:gone:s3",
        "backup:bad:20261124",
        "backup:unproven",
        "backup:chain",
        "backup:off-machine",
    ]
    for one in found:
        for said in (one.what, one.why, one.fix):
            assert said
            assert "{" not in said


def test_limits_are_limits() -> None:
    assert keys(AlertFacts((ServiceFacts("app", "App", 119),))) == []
    assert keys(AlertFacts(disks=(DiskFacts("/", 10, 100),))) == []
    assert keys(AlertFacts(disks=(DiskFacts("/", 50, 100, 73),))) == []
    assert keys(AlertFacts(disks=(DiskFacts("/", 50, 100, 72),))) == ["disk:/"]
    assert keys(AlertFacts(archive_waiting=63)) == []


def test_what_lasts_is_told_once_and_again_each_day() -> None:
    told = Told()
    told.minutes(60 * 24 * 2 + 30, condition("a"))
    assert told.said() == ["begun a", "lasting a", "lasting a"]


def test_a_notice_is_told_once() -> None:
    told = Told()
    told.minutes(60 * 24 * 3, condition("a", severity="notice"))
    assert told.said() == ["begun a"]


def test_what_is_over_is_told_once_and_only_after_a_calm() -> None:
    told = Told()
    told.minutes(5, condition("a"))
    told.minutes(2)
    assert told.said() == ["begun a"]
    told.minutes(1000)
    assert told.said() == ["begun a", "over a"]


def test_what_begins_at_once_is_one_letter() -> None:
    told = Told()
    told.minutes(3, condition("a"), condition("b"))
    assert len(told.letters) == 1
    assert told.said() == ["begun a", "begun b"]


def test_what_comes_and_goes_makes_no_storm() -> None:
    told = Told()
    for _ in range(12 * 24):  # every five minutes, for a day
        told.minutes(2, condition("a"))
        told.minutes(3)
    assert len(told.letters) <= 12


def test_a_day_later_it_is_as_new() -> None:
    told = Told()
    told.minutes(1, condition("a"))
    told.minutes(60 * 26)
    assert told.ledger == {}


def test_a_clock_that_jumps_tells_at_most_once_more() -> None:
    told = Told()
    told.minutes(5, condition("a"))
    told.now -= 10 * 86_400
    told.minutes(5, condition("a"))
    told.now += 20 * 86_400
    told.minutes(5, condition("a"))
    assert len(told.letters) <= 3
    told.now -= 86_400
    told.minutes(90)
    assert told.said()[-1] == "over a"


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=80))
def test_ends_follow_beginnings_and_what_holds_was_told(minutes: list[set[str]]) -> None:
    told = Told()
    open_now: set[str] = set()
    for held in minutes:
        before = len(told.said())
        told.minutes(1, *(condition(key) for key in sorted(held)))
        for line in told.said()[before:]:
            word, key = line.split()
            assert (key in open_now) == (word != "begun")
            open_now = open_now | {key} if word == "begun" else open_now - {key} if word == "over" else open_now
        assert held <= open_now
