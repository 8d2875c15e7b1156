"""What `founder restore --to` makes of what somebody wrote."""

from __future__ import annotations

import pytest

from founderstack.cli.backups.point_in_time import said, target_of
from founderstack.model.errors import EXIT_USAGE, StackError


def test_a_moment_is_shown_in_utc_and_in_the_time_of_here() -> None:
    target = target_of("2026-11-28 14.30", "es")
    assert target.text == "2026-11-28 14:30:00.000000+00"
    assert said(target).startswith("2026-11-28 14:30:00 UTC (")


@pytest.mark.parametrize("text", ["2026-11-28 14-05", "9999-12-31 23:59:59-01:00", "yesterday"])
def test_anything_else_is_told_with_an_example(text: str) -> None:
    with pytest.raises(StackError, match="is no moment") as told:
        target_of(text, "en")
    assert told.value.exit_code == EXIT_USAGE
    assert "2026-11-24 10:30:15" in told.value.fix
