"""Which version the tool goes to, and what it is said to bring."""

from __future__ import annotations

import pytest

from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.planner.versions import news, number, target

TAGS = ("v0.2.0", "v0.10.1", "v0.9.3", "v1.0.0-rc.1", "vendor", "v2")
CHANGELOG = """\
# Changelog

## [Unreleased]

- Not yet.

## [0.3.0] - 2026-12-24

- Blue.

## [0.2.1] - 2026-12-01

- Green,
  with leaves.

## [0.2.0] - 2026-11-30

- Red.
"""


def test_the_newest_is_the_one_with_the_highest_numbers_and_no_release_to_come() -> None:
    assert target("0.2.0", TAGS) == "0.10.1"


def test_where_there_is_nothing_newer_it_stays() -> None:
    assert target("0.10.1", TAGS) == "0.10.1"
    assert target("1.0.0", TAGS) == "1.0.0"
    assert target("0.2.0", ()) == "0.2.0"


@pytest.mark.parametrize("wanted", ["0.9.3", "v0.9.3"])
def test_one_may_be_named(wanted: str) -> None:
    assert target("0.2.0", TAGS, wanted) == "0.9.3"


@pytest.mark.parametrize(
    ("wanted", "said"), [("0.9.4", "0.10.1, 0.9.3, 0.2.0"), ("newest", "0.10.1"), ("0.2.0", "founder upgrade --back")]
)
def test_what_nobody_knows_or_is_older_is_refused_with_what_there_is(wanted: str, said: str) -> None:
    with pytest.raises(StackError) as refused:
        target("0.9.3", TAGS, wanted)
    assert said in f"{refused.value.why} {refused.value.fix}"
    assert refused.value.exit_code == EXIT_PRECONDITION


def test_the_changelog_is_told_from_the_version_after_this_one_to_the_new_one() -> None:
    told = news(CHANGELOG, "0.2.0", "0.3.0")
    assert told == ("## [0.3.0] - 2026-12-24", "- Blue.", "## [0.2.1] - 2026-12-01", "- Green,", "  with leaves.")
    assert news(CHANGELOG, "0.3.0", "0.3.0") == ()


def test_what_is_no_release_has_no_number() -> None:
    assert [number(name) for name in ("v1.2.3", "1.2", "v1.2.3-rc.1", "1.2.3\n")] == [(1, 2, 3), None, None, None]
