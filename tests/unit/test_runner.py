"""`founder test` counts what ran, and what ran for nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from founderstack.cli.tiers import Counts, PytestTier, Tier, Tiers, counted, run_tier, slowest, tried_again
from founderstack.cli.verbs.test import tiers
from founderstack.world.os.processes import Result

TESTS = PytestTier("unit", ("pytest",))
CHOSEN = PytestTier("unit", ("pytest", "-k", "one"), may_be_empty=True)


@pytest.mark.parametrize(
    ("tier", "code", "output", "wanted"),
    [
        (TESTS, 0, "==== 12 passed in 3.40s ====", Counts(12)),
        (TESTS, 0, "==== 12 passed, 3 skipped, 1 warning in 3.40s ====", Counts(12, 0, 3)),
        (TESTS, 0, "==== 1 passed, 2 xfailed in 3.40s ====", Counts(1, 0, 2)),
        (TESTS, 1, "==== 1 failed, 12 passed, 2 errors in 63.40s (0:01:03) ====", Counts(12, 3)),
        (TESTS, 1, "a test prints: 9 passed in 1s\n==== 1 failed, 2 passed in 0.10s ====", Counts(2, 1)),
        (TESTS, -9, "killed before it could say anything", Counts(0, 1)),
        (TESTS, -9, "..F. [ 40%]\ntests/unit/test_x.py .E [ 60%]\nended: too slow", Counts(4, 2)),
        (TESTS, 4, "ERROR: file or directory not found: tests/unit", Counts(0, 1)),
        (TESTS, 5, "==== no tests ran in 0.01s ====", Counts(0, 1)),
        (CHOSEN, 5, "==== 40 deselected in 0.01s ====", Counts()),
        (Tier("lint", ("ruff",)), 0, "All checks passed!", Counts()),
        (Tier("lint", ("ruff",)), 1, "Found 3 errors.", Counts(0, 1)),
    ],
)
def test_the_result_of_a_tier_is_counted(tier: Tier, code: int, output: str, wanted: Counts) -> None:
    assert counted(tier, Result(code, output, "")) == wanted


def test_the_slowest_of_all_tiers_are_named() -> None:
    said = "==== slowest 5 durations ====\n61.20s call     tests/a.py::test_one\n5.00s setup    tests/a.py::test_two\n"
    assert slowest([said, "7.00s call     tests/b.py::test_three\n"], most=2) == [
        "The slowest tests:",
        "     61.2 s  tests/a.py::test_one",
        "      7.0 s  tests/b.py::test_three",
    ]
    assert slowest(["12 passed in 3.40s"]) == []


def test_the_last_line_is_plain() -> None:
    assert str(Counts(3) + Counts(1, 2, 4)) == "4 passed, 2 failed, 4 skipped"


def test_quick_runs_checks_and_tests_without_effects_only() -> None:
    names = [tier.name for tier in tiers(True, False, [])]
    assert names == ["lint", "format", "shell", "scripts", "types", "imports", "unit", "coverage"]


def test_everything_runs_from_the_cheapest_to_the_longest() -> None:
    quick, whole = tiers(True, False, []), tiers(False, False, [])
    assert whole[: len(quick)] == quick
    rest = [(tier.lane, tier.name) for tier in whole[len(quick) :]]
    assert rest == [("servers", "service"), ("stacks", "fault"), ("pages", "app"), ("pages", "journey")]
    assert {tier.lane for tier in quick} == {""}


def test_lanes_run_side_by_side_and_the_tiers_of_one_in_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each lane's first ends only once the other lane's has begun; each second only starts once its first ended."""
    wait = "touch {own} && for i in $(seq 200); do [ -e {other} ] && touch {done} && exit 0; sleep 0.05; done; exit 1"
    first = [
        Tier(own, ("sh", "-c", wait.format(own=own, other=other, done=f"{own}-done")), lane=own)
        for own, other in (("a", "b"), ("b", "a"))
    ]
    second = [Tier(f"{lane}2", ("test", "-e", f"{lane}-done"), lane=lane) for lane in "ab"]
    alone = Tier("alone", ("sh", "-c", "! ls a b"))
    fails = Tier("fails", ("false",), lane="b")
    wanted = [alone, first[0], second[0], first[1], second[1], fails]
    assert Tiers(str(tmp_path), {"PATH": os.environ["PATH"]}).run(wanted) == (Counts(0, 1), ("fails",))
    said = capsys.readouterr().out
    assert "side by side: a, a2 | b, b2, fails" in said
    assert {"alone", "a", "a2", "b", "b2", "fails"} <= {line[2:].partition(" ")[0] for line in said.splitlines()}


def test_long_repetitions_run_only_when_asked_for() -> None:
    assert [tier.name for tier in tiers(False, True, [])] == ["soak"]
    every = [tier for tier in tiers(False, False, []) if isinstance(tier, PytestTier)]
    assert all(any("not soak" in word for word in tier.command) for tier in every)


def test_a_path_among_the_arguments_replaces_the_tiers() -> None:
    chosen = ["tests/unit/test_runner.py::test_the_last_line_is_plain", "-x"]
    (only,) = tiers(False, False, chosen)
    assert only.command[-2:] == tuple(chosen)


def test_other_arguments_go_to_every_tier_of_tests() -> None:
    assert all(tier.command[-2:] == ("-k", "port") for tier in tiers(True, False, ["-k", "port"])[6:])


FAILS_ONCE = """
from pathlib import Path

def test_good():
    pass

def test_once():
    seen = Path(__file__).with_name("seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
FAILS_ALWAYS = "def test_bad():\n    assert False\n"


@pytest.mark.parametrize(
    ("text", "first", "wanted"),
    [
        (FAILS_ONCE, Counts(1, 1), Counts(2, 0)),
        (FAILS_ONCE + FAILS_ALWAYS, Counts(1, 2), Counts(2, 1)),
        (FAILS_ALWAYS, Counts(0, 1), Counts(0, 1)),
    ],
)
def test_what_failed_is_tried_once_more_alone(tmp_path: Path, text: str, first: Counts, wanted: Counts) -> None:
    (tmp_path / "test_small.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = (sys.executable, "-m", "pytest", "-o", f"cache_dir={tmp_path}/cache", str(tmp_path))
    tier = PytestTier("small", command, second_try=True)
    environment = {"PATH": os.environ["PATH"]}
    assert counted(tier, run_tier(tier, "/", environment)) == first
    again = tried_again(tier, first, "/", environment)
    assert again is not None
    assert again[0] == wanted


@pytest.mark.parametrize(
    ("tier", "first"),
    [
        (PytestTier("unit", ("false",)), Counts(0, 1)),
        (Tier("lint", ("false",)), Counts(0, 1)),
        (PytestTier("app", ("false",), second_try=True), Counts(8, 0)),
        (PytestTier("app", ("false",), second_try=True), Counts(8, 4)),
    ],
)
def test_no_second_try_without_a_few_failed_tests_among_real_servers(tier: Tier, first: Counts) -> None:
    assert tried_again(tier, first, "/", {}) is None


def test_a_run_that_broke_off_is_not_forgiven_by_a_second_one() -> None:
    silent = PytestTier("app", (sys.executable, "-c", ""), second_try=True)
    again = tried_again(silent, Counts(8, 1), "/", {})
    assert again is not None
    assert again[0] == Counts(8, 1)


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ((5,), ("no test was found by these arguments",)),
        ((5, 5), ("no test was found by these arguments",)),
        ((5, 0), ()),  # a name is in one tier
        ((0,), ()),
    ],
)
def test_arguments_that_find_no_test_prove_nothing(
    tmp_path: Path, codes: tuple[int, ...], wanted: tuple[str, ...]
) -> None:
    asked = [
        PytestTier(f"tier{place}", ("sh", "-c", f"exit {code}"), 60, may_be_empty=True)
        for place, code in enumerate(codes)
    ]
    lint = Tier("lint", ("true",))
    assert Tiers(str(tmp_path), {"PATH": os.environ["PATH"]}).run([lint, *asked])[1] == wanted
