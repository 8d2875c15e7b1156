"""Which stored backup a recovery begins with, or why the moment cannot be reached."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from founderstack.locale import _, joined
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.point_in_time import Gap, StoredBackup, Target
from founderstack.planner.backups.schedule import ahead


def beginning(
    every: Sequence[StoredBackup], gaps: Sequence[Gap], target: Target, now: float, major: str = ""
) -> StoredBackup:
    """The backup to begin with: the newest that ended before the target, in the nearest repository.

    Raises StackError where there is none, where the moment has not come yet, where the log of changes that would
    lead there was let go, and where only a server of another major version could read it; says what can be done.
    """
    readable = [one for one in every if major in ("", one.major)]
    # By a clock that was ahead: better than nothing, and newer than no other.
    backups = [one for one in readable if not ahead(one.ended, now)] or readable
    if every and not backups:
        raise _of_another_major(every, major)
    if not backups:
        raise StackError(
            _("There is nothing to go back to"),
            _("No backup is stored in any repository."),
            _("Run: founder backup"),
            exit_code=EXIT_PRECONDITION,
        )
    if target.label:
        return _named(readable, target.label)
    if target.kind != "time":
        return _nearest(backups)
    if target.at > now:
        raise _unreachable(target, _("That moment has not come yet."), backups, gaps)
    # A backup's end is told in whole seconds, and the recovery must pass it.
    before = [backup for backup in backups if backup.ended + 1 <= target.at]
    if not before:
        raise _unreachable(target, _("The first backup ended later."), backups, gaps)
    chosen = _nearest(before)
    for gap in gaps:
        # A backup from within the gap's first minute does not lead out of it; the one that ends it does. The moment
        # that a gap begins with can be reached: a server was taken back to it.
        if gap.began < target.at and (not gap.ended or chosen.ended < gap.ended):
            why = _(
                "The log of changes from {began} on was let go, or the server was taken back to before that moment."
            )
            raise _unreachable(target, why.format(began=_said(gap.began)), backups, gaps)
    return chosen


def reachable(backups: Sequence[StoredBackup], gaps: Sequence[Gap], now: float) -> tuple[tuple[float, float], ...]:
    """Stretches of time (from, to) in seconds since the epoch within which every moment can be reached."""
    if not backups:
        return ()
    first = min(backup.ended for backup in backups) + 1
    stretches = []
    for gap in sorted(gaps, key=lambda one: one.began):
        if first < gap.began:
            stretches.append((first, gap.began))
        later = [backup.ended + 1 for backup in backups if gap.ended and backup.ended >= gap.ended]
        if not later:
            return tuple(stretches)
        first = max(first, min(later))
    return (*stretches, (first, now))


_WEEK_S, _DAY_S = 7 * 86400.0, 86400.0


def kind_of_backup(asked: str, stored: Sequence[StoredBackup], now: float, *, broken: bool) -> str:
    """What to take into a repository that holds these: at least a full one a week and a differential one a day.

    So that no chain gets long; and after the log of changes was let go, a full one first of all.
    """
    full = [one.ended for one in stored if one.kind == "full" and one.ended <= now]
    if asked == "full" or broken or not full or max(full) < now - _WEEK_S:
        return "full"
    short = [one.ended for one in stored if one.kind != "incr" and one.ended <= now]
    return "diff" if asked == "diff" or max(short) < now - _DAY_S else "incr"


def needed(backups: Sequence[StoredBackup], labels: set[str]) -> set[str]:
    """Those labels, and the labels of all that they build upon."""
    return labels | {need for backup in backups if backup.label in labels for need in backup.needs}


def _of_another_major(every: Sequence[StoredBackup], major: str) -> StackError:
    return StackError(
        _("These backups are of PostgreSQL {theirs}, and this server is {ours}").format(
            theirs=", ".join(sorted({one.major for one in every})), ours=major
        ),
        _("pgBackRest keeps the server's own files, which only the same major version can read."),
        _("Restore a set by its dump, which later versions read as well: founder restore"),
        exit_code=EXIT_PRECONDITION,
    )


def _named(backups: Sequence[StoredBackup], label: str) -> StoredBackup:
    found = [backup for backup in backups if backup.label == label]
    if not found:
        raise StackError(
            _("The backup {label} is not stored any more").format(label=label),
            _("No repository of pgBackRest that can be reached holds it."),
            _("Restore the same set from its dump, or take another: founder backups"),
            exit_code=EXIT_PRECONDITION,
        )
    return _nearest(found)


def _nearest(backups: Sequence[StoredBackup]) -> StoredBackup:
    return max(backups, key=lambda backup: (backup.ended, -backup.repository))


def _unreachable(target: Target, why: str, backups: Sequence[StoredBackup], gaps: Sequence[Gap]) -> StackError:
    last = max(target.at, max(backup.ended for backup in backups))
    stretches = reachable(backups, gaps, last)
    told = joined(
        "; ",
        (
            _("{first} to {last}").format(first=_said(first), last=_("now") if last_of == last else _said(last_of))
            for first, last_of in stretches
        ),
    )
    return StackError(
        _("{moment} cannot be reached").format(moment=target.text or _said(target.at)),
        why,
        _("Choose a moment within: {stretches}").format(stretches=told or _("none yet")),
        exit_code=EXIT_PRECONDITION,
    )


def _said(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
