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
    assert standing([NOT_AWAY], ABOUT, TAKEN, TAKEN + DAY / 2) == [NOT_AWAY]
    assert standing([NOT_AWAY], ABOUT, TAKEN, TAKEN + 2 * DAY) == [LATE, NOT_AWAY]
    assert standing([LATE], ABOUT, TAKEN, TAKEN + 2 * DAY) == [LATE]
    assert standing([], ABOUT, TAKEN, TAKEN, broken=True) == [GAP]
    assert standing([], {**ABOUT, "schedule": "never"}, TAKEN, TAKEN + 99 * DAY) == []


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
