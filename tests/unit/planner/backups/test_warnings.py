"""What is said of backups as long as it lasts, though nobody looks."""

from __future__ import annotations

import pytest

from founderstack.model.backup import NOT_AWAY, leaves
from founderstack.planner.backups.warnings import GAP, LATE, standing

DAY = 86400.0
TAKEN = 20 * DAY + 4 * 3600
"""Half an hour after it was planned."""
ABOUT = {"stack": "diary", "schedule": "03:30"}


def test_a_backup_gets_late_and_its_chain_breaks_while_nobody_looks() -> None:
    known = {"warnings": [NOT_AWAY], "newest": TAKEN}
    assert standing(known, ABOUT, TAKEN + DAY / 2, nothing) == [NOT_AWAY]
    assert standing(known, ABOUT, TAKEN + 2 * DAY, nothing) == [LATE, NOT_AWAY]
    assert standing({**known, "warnings": [LATE]}, ABOUT, TAKEN + 2 * DAY, nothing) == [LATE]
    assert standing({"newest": TAKEN}, {**ABOUT, "archive": "/a"}, TAKEN, "/a/broken".__eq__) == [GAP]
    assert standing(known, {**ABOUT, "schedule": "never"}, TAKEN + 99 * DAY, nothing) == [NOT_AWAY]


def test_before_the_first_look_what_the_stack_file_says_is_known_and_nothing_of_no_backups() -> None:
    assert standing({}, {**ABOUT, "warnings": [NOT_AWAY]}, TAKEN, nothing) == [NOT_AWAY]
    assert standing({"warnings": [NOT_AWAY]}, {}, TAKEN, nothing) == []


def nothing(_path: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("endpoint", "bucket", "expected"),
    [
        ("https://s3.example", "b", True),
        ("https://s3.example", "", False),
        ("https://localhost:8343", "b", False),
        ("https://127.0.0.1:8343", "b", False),
        ("", "b", True),
    ],
)
def test_a_server_on_the_machine_is_lost_with_it(endpoint: str, bucket: str, expected: bool) -> None:
    assert leaves(endpoint, bucket) == expected
