"""What Git says of the app's source: which commit it lies at, and what came since another one. It only reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from founderstack.model.source import Difference, Revision
from founderstack.world.source.git import git
from founderstack.world.source.sources import in_work_tree, resolve_ref

MOST_COMMITS = 30
_FORMAT = "%H%x1f%s%x1f%an%x1f%cI"
_UNDER_HERE = ("--", ".")


def revision(folder: str, ref: str = "") -> Revision:
    """The commit that `ref` names, or the one checked out with how many files differ; empty without Git."""
    if not os.path.isdir(folder) or not in_work_tree(folder):
        return Revision()
    if ref:
        return _commits(folder, "-1", resolve_ref(folder, ref))[0]
    if git(folder, "check-ignore", "--quiet", ".").code == 0:
        return Revision()  # a folder that the repository around it does not keep
    found = _commits(folder, "-1", "HEAD") or [Revision()]
    return replace(found[0], changed=_uncommitted(folder))


def difference(folder: str, old: str, new: str = "") -> Difference | None:
    """What the commit `new`, or the folder as it is, has that `old` has not; None where Git does not know `old`."""
    if not old or not os.path.isdir(folder) or git(folder, "cat-file", "-e", f"{old}^{{commit}}").code != 0:
        return None
    head = new or "HEAD"
    files, added, removed = _lines(folder, old, *([new] if new else []))
    listed = ("ls-files", "-z", "--others", "--exclude-standard", *_UNDER_HERE)
    untracked = 0 if new else len(_names(git(folder, *listed).out))
    return Difference(
        commits=tuple(_commits(folder, f"-{MOST_COMMITS}", f"{old}..{head}", *_UNDER_HERE)),
        count=_count(folder, f"{old}..{head}"),
        back=_count(folder, f"{head}..{old}"),
        files=files + untracked,
        added=added,
        removed=removed,
    )


def _commits(folder: str, *which: str) -> list[Revision]:
    said = git(folder, "log", "--no-show-signature", "--no-color", f"--format={_FORMAT}", *which)
    rows = [line.split("\x1f") for line in said.out.split("\n")] if said.code == 0 else []
    return [Revision(row[0], row[1], row[2], row[3]) for row in rows if len(row) == 4]


def _count(folder: str, span: str) -> int:
    said = git(folder, "rev-list", "--count", span, *_UNDER_HERE)
    return int(said.out) if said.code == 0 else 0


def _uncommitted(folder: str) -> int:
    arguments = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", *_UNDER_HERE)
    return len(_names(git(folder, *arguments).out))


def _lines(folder: str, *between: str) -> tuple[int, int, int]:
    """(files, lines that came, lines that went); of what is no text only the file counts."""
    plain = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
    said = git(folder, "diff", "--numstat", "-z", *plain, *between, *_UNDER_HERE)
    rows = [row.split("\t") for row in _names(said.out)]
    counted = [(row[0], row[1]) for row in rows if len(row) == 3]
    added, removed = (sum(int(row[side]) for row in counted if row[side].isdigit()) for side in (0, 1))
    return len(counted), added, removed


def _names(said: str) -> Sequence[str]:
    return [name for name in said.split("\0") if name]
