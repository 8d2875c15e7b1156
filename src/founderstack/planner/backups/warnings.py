"""What must be known of backups as long as it lasts, also while nobody looks into the places. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from founderstack.locale import N_
from founderstack.planner.backups.schedule import overdue_s

LATE = N_("The newest backup is older than planned.")
LATE_AFTER_S = 3600.0
"""A backup takes its time, and is begun some minutes later than planned."""

GAP = N_("The backups have a gap: the database cannot be brought to every moment")


def standing(
    index: Mapping[str, Any], about: Mapping[str, Any], now: float, exists: Callable[[str], bool]
) -> list[str]:
    """Warnings as they were when somebody looked, with those that came to be by themselves since.

    `index` is what that look left, `about` what the stack file tells the agent; none where the stack makes no backups.
    """
    if not about.get("schedule"):
        return []
    known, newest = index.get("warnings", about.get("warnings")), float(index.get("newest") or 0.0)
    warnings = list(known) if isinstance(known, list) else []
    late = bool(newest) and overdue_s(str(about["schedule"]), newest, now, str(about.get("stack", ""))) > LATE_AFTER_S
    broken = bool(about.get("archive")) and exists(f"{about['archive']}/broken")
    more = [text for text, holds in ((LATE, late), (GAP, broken)) if holds and text not in warnings]
    return [*more, *warnings]
