"""What the app's page shows of releases and of what waits to become one, decided from what the agent said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from founderstack.panel.shown.words import Translate

_SHORT = 7
MOST_SHOWN = 8
"""Commits that are listed at once."""


@dataclass(frozen=True)
class Commit:
    """A commit as people know it."""

    short: str
    subject: str
    author: str
    at: float
    """0 where nobody knows."""


@dataclass(frozen=True)
class ReleaseLine:
    """A release in the list."""

    number: int
    commit: Commit | None
    at: float
    by: str
    serves: bool
    note: str
    """What beside the commit went into it."""


@dataclass(frozen=True)
class PendingDeploy:
    """What a deploy would bring."""

    nothing: bool
    commit: Commit | None
    serves: int
    """The number of the release that serves, 0 before the first."""
    counts: tuple[str, ...]
    """How much it is, in words."""
    lines: tuple[str, str]
    """`+120`, `−14`; empty where no line differs."""
    commits: tuple[Commit, ...]
    """Those that touch the app, without `commit` itself."""
    more: str
    notes: tuple[str, ...]
    """What somebody may not expect."""


def releases(answer: Mapping[str, Any], _: Translate) -> list[ReleaseLine]:
    """Newest first."""
    lines = [_release(one, int(answer["current"]), _) for one in answer["releases"]]
    return sorted(lines, key=lambda line: line.number, reverse=True)


def waiting(answer: Mapping[str, Any], _: Translate) -> PendingDeploy:
    """From what `founder deploy --preview --json` says."""
    current, difference = answer["current"] or {}, answer["difference"] or {}
    head = _commit(answer["new"]["revision"])
    listed = [_commit(one) for one in difference.get("commits", ())[:MOST_SHOWN]]
    commits = tuple(one for one in listed if one and one != head)
    left = int(difference.get("count", 0)) - len(listed)
    return PendingDeploy(
        nothing=bool(answer["nothing"]),
        commit=head,
        serves=int(current.get("number", 0)),
        counts=_counts(difference, _) if difference else (),
        lines=_lines(difference),
        commits=commits,
        more=_("and {count} more").format(count=left) if left > 0 else "",
        notes=tuple(_notes(answer, current, difference, _)),
    )


def _release(one: Mapping[str, Any], current: int, _: Translate) -> ReleaseLine:
    revision = one.get("revision") or {"commit": one.get("ref", "")}
    changed = int(revision.get("changed") or 0)
    return ReleaseLine(
        number=int(one["number"]),
        commit=_commit(revision),
        at=_moment(str(one.get("created", ""))),
        by=str(one.get("by", "")),
        serves=one["number"] == current,
        note=_not_committed(changed, _) if changed else "",
    )


def _commit(said: Mapping[str, Any]) -> Commit | None:
    if not said.get("commit"):
        return None
    subject, author = str(said.get("subject", "")), str(said.get("author", ""))
    return Commit(str(said["commit"])[:_SHORT], subject, author, _moment(str(said.get("committed", ""))))


def _counts(difference: Mapping[str, Any], _: Translate) -> tuple[str, ...]:
    commits, files = int(difference["count"]), int(difference["files"])
    return (
        _("1 commit") if commits == 1 else _("{count} commits").format(count=commits),
        _("1 file") if files == 1 else _("{count} files").format(count=files),
    )


def _notes(
    answer: Mapping[str, Any], current: Mapping[str, Any], difference: Mapping[str, Any], _: Translate
) -> Sequence[str]:
    changed, back = int(answer["new"]["revision"]["changed"]), int(difference.get("back", 0))
    notes = [_not_committed(changed, _)] if changed else []
    if back:
        notes.append(_("It goes back: {count} commits of what serves are not in it.").format(count=back))
    if current and not difference and not answer["nothing"]:
        notes.append(_("Git cannot say what differs from what serves."))
    return notes


def _not_committed(changed: int, _: Translate) -> str:
    return _("1 file is not committed") if changed == 1 else _("{count} files are not committed").format(count=changed)


def _lines(difference: Mapping[str, Any]) -> tuple[str, str]:
    added, removed = difference.get("added", 0), difference.get("removed", 0)
    return (f"+{added}", f"\N{MINUS SIGN}{removed}") if added or removed else ("", "")


def _moment(iso: str) -> float:
    try:
        return datetime.fromisoformat(iso).timestamp()
    except ValueError:
        return 0.0
