"""What must be known of backups as long as it lasts, also while nobody looks into the places. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from founderstack.locale import N_
from founderstack.planner.backups.schedule import overdue_s

LATE = N_("The newest backup is older than planned.")
LATE_AFTER_S = 3600.0
"""A backup takes its time, and is begun some minutes later than planned."""


GAP = N_("The backups have a gap: the database cannot be brought to every moment")


def standing(
    told: Sequence[str], about: Mapping[str, Any], newest: float, now: float, *, broken: bool = False
) -> list[str]:
    """Warnings as they were when somebody looked, with those that came to be by themselves since.

    `about` has the agent's `schedule` and `stack`; `newest` is when the newest set was taken, 0 for never; `broken`
    says that pieces of the log of changes were let go.
    """
    late = bool(newest) and overdue_s(str(about["schedule"]), newest, now, str(about.get("stack", ""))) > LATE_AFTER_S
    more = [text for text, holds in ((LATE, late), (GAP, broken)) if holds and text not in told]
    return [*more, *told]
