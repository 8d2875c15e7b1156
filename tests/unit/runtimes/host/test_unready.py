"""What is shown of a process that did not get ready."""

from __future__ import annotations

import pytest

from founderstack.runtimes.host.unready import not_ready, once


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], []),
        (["a"], ["a"]),
        (["a", "a", "a"], ["a"]),
        (["x", "a", "b", "a", "b", "a", "b"], ["a", "b"]),
        (["b", "c", "a", "b", "c", "a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "c", "}", "}"], ["a", "b", "c", "}", "}"]),
        ([str(number) for number in range(20)] * 3, [str(number) for number in range(20)]),
    ],
)
def test_what_each_life_says_again_is_shown_once(lines: list[str], shown: list[str]) -> None:
    assert list(once(lines)) == shown


def test_an_instance_is_told_by_its_title_number_and_release_and_never_by_its_id() -> None:
    error = not_ready(
        {"name": "app-2-0f3a9c-1", "title": "App", "ring": "app", "number": 1, "family": "app-1", "version": "2"},
        [],
        "refused",
        60.0,
    )
    assert error.what == "App, instance 1 of release 2 did not get ready"
    assert "“founder logs app”" in error.fix
    assert not_ready({"name": "redis", "title": "Redis"}, [], "", 60.0).what == "redis did not get ready"
