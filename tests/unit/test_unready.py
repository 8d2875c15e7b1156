"""What is shown of a process that did not get ready."""

from __future__ import annotations

import pytest

from founderstack.runtimes.host.unready import once


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
