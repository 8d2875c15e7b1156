"""Numbers, languages and ways back, as they are read."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from founderstack.panel.language import language_for
from founderstack.panel.requests import next_path
from founderstack.panel.shown.words import duration, milliseconds, percent, seconds, size, stamp, utc


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0\xa0s"),
        (8.9, "8\xa0s"),
        (60, "1\xa0min"),
        (3600, "1\xa0h"),
        (3900, "1\xa0h 5\xa0min"),
        (90_000, "1\xa0d 1\xa0h"),
        (172_800, "2\xa0d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_milliseconds_have_the_languages_decimal_sign() -> None:
    assert [milliseconds(value, "en") for value in (0.42, 12.3, 1234)] == ["0.4\xa0ms", "12\xa0ms", "1.2\xa0s"]
    assert milliseconds(1234, "es") == "1,2\xa0s"
    assert (seconds(1.34, "en"), seconds(1.34, "es"), seconds(75, "es")) == ("1.3\xa0s", "1,3\xa0s", "1\xa0min")


@pytest.mark.parametrize(
    ("chosen", "stack", "accepted", "language"),
    [
        ("", "", "", "en"),
        ("", "", "es-MX,es;q=0.9,en;q=0.8", "es"),
        ("", "", "de, en;q=0.3, es;q=0.7", "es"),
        ("", "es", "en", "es"),
        ("en", "es", "es", "en"),
        ("xx", "", "fr;q=x, es", "es"),
    ],
)
def test_the_choice_comes_before_the_stack_before_the_browser(
    chosen: str, stack: str, accepted: str, language: str
) -> None:
    assert language_for(chosen, stack, accepted) == language


@given(st.text(max_size=60))
def test_the_way_back_is_always_a_plain_path_here(text: str) -> None:
    path = next_path(text)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert not set(path) & set("\\%?#:@ \r\n\t")
    assert ".." not in path.split("/")


@pytest.mark.parametrize(
    ("share", "language", "text"),
    [(1.0, "en", "100"), (0.999999, "en", "99.99"), (0.98765, "es", "98,76"), (0.5, "en", "50"), (0.0, "en", "0")],
)
def test_a_share_is_never_rounded_up(share: float, language: str, text: str) -> None:
    assert percent(share, language) == text + "\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0\xa0B"), (999, "999\xa0B"), (3_400, "3,4\xa0kB"), (12_000_000, "12\xa0MB"), (2e12, "2\xa0TB")],
)
def test_sizes_have_the_unit_that_fits(octets: float, text: str) -> None:
    assert size(octets, "es") == text


def test_times_are_told_to_machines_and_to_people_without_scripts() -> None:
    assert (stamp(1_795_550_400), utc(1_795_550_400)) == ("2026-11-24T20:00:00Z", "2026-11-24 20:00 UTC")
