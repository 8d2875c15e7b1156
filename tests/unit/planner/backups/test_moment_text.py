"""A moment is read in one way or not at all."""

from __future__ import annotations

import pytest

from founderstack.planner.backups.moment_text import read_moment


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2026-11-28 14:30:15", "en", "2026-11-28T14:30:15+00:00"),
        ("2026-11-28T14:30:15.123456Z", "en", "2026-11-28T14:30:15.123456+00:00"),
        ("2026-11-28 14:30:15.5+02", "en", "2026-11-28T12:30:15.500000+00:00"),
        ("2026-11-28 14:30 -05:30", "en", "2026-11-28T20:00:00+00:00"),
        ("2026-11-28", "en", "2026-11-28T00:00:00+00:00"),
        ("2026-11-28 14.30", "en", "2026-11-28T14:30:00+00:00"),
        ("2026-11-28 14h30", "es", "2026-11-28T14:30:00+00:00"),
        ("28/11/2026 14:30", "en", "2026-11-28T14:30:00+00:00"),
        ("11/28/2026, 2:30 pm", "en", "2026-11-28T14:30:00+00:00"),
        ("12/11/2026 9.05", "es", "2026-11-12T09:05:00+00:00"),
        ("12/11/2026 12:05 a.m.", "es", "2026-11-12T00:05:00+00:00"),
    ],
)
def test_iso_and_the_ways_of_both_languages_are_read(text: str, language: str, expected: str) -> None:
    found = read_moment(text, language)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "14:30", "2026-11-28 14-05", "2026-11-28 14", "2026-11-28 1430", "2026-11-28 25:00",
        "2026-11-28 14:30.5", "2026-13-01", "9999-12-31 23:59:59", "9999-12-31 23:59-01:00", "0001-01-01",
        "12/11/2026 14:30", "2026-11-28 14:30 pm", "2026-11-28 14:30 CET", "2026-W48-6", "2026-11-28 14:30 +25:00",
    ],
)  # fmt: skip
def test_what_could_mean_two_things_or_none_is_refused(text: str) -> None:
    assert read_moment(text, "en") is None
