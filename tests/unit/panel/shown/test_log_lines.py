"""What a log's page says of each line."""

from __future__ import annotations

import pytest

from founderstack.panel.shown.log_lines import level, shown


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('2026-11-24 19:00:00 UTC [812] ERROR:  relation "x" does not exist', "down"),
        ("2026-11-24 19:00:00 UTC [812] LOG:  checkpoint complete", ""),
        ("2026/11/24 19:00:00 [error] 7#7: connect() failed", "down"),
        ("2026/11/24 19:00:00 [warn] 7#7: buffered", "degraded"),
        ('{"level":"error","msg":"no"}', "down"),
        ("TypeError: x is not a function", ""),
        ("Error: listen EADDRINUSE", "down"),
        ("812:M 24 Nov 2026 19:00:00.123 # WARNING overcommit_memory is set to 0", "degraded"),
        ("GET /errors 200", ""),
        ("x" * 400 + " ERROR", ""),
    ],
)
def test_a_line_says_how_bad_it_is(line: str, found: str) -> None:
    assert level(line) == found


def test_what_is_looked_for_is_marked_and_other_lines_are_left_out() -> None:
    lines: list[list[object]] = [[None, "ready, Ready"], [1.0, "not so"], [None, "İready"]]
    assert [line["pieces"] for line in shown(lines, "READY")] == [
        [("ready", True), (", ", False), ("Ready", True)],
        [("İready", False)],
    ]
    assert [line["at"] for line in shown(lines)] == ["", "1970-01-01T00:00:01Z", ""]
    found = shown([(None, "\x1b[31mred\x1b[0m\x07"), (None, "")])
    assert [line["pieces"] for line in found] == [[("red", False)], [("", False)]]
