"""What waits to be deployed, as lines for a person and as one for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.locale import wire
from founderstack.model.source import Difference, Revision
from founderstack.operations.stack.waiting import Waiting

_SHORT = 7
_SHOWN = 10


def nothing(found: Waiting) -> str:
    """That the release that serves was made of the very same."""
    number = found.current.number if found.current else 0
    return _("Nothing to deploy: release {number} serves this already{commit}").format(
        number=number, commit=_in_brackets(found.new.revision)
    )


def lines(found: Waiting) -> Iterator[str]:
    """The commit and its author, what came since the release that serves, and what is not committed."""
    new = found.new.revision
    if new.commit:
        yield f"{paint(new.commit[:_SHORT], 'yellow')} {new.subject} ({new.author}, {new.committed[:10]})"
    if found.difference and found.current:
        yield from _between(found.difference, found.current.number)
    if new.changed:
        yield "  " + _("not committed, and part of it all the same: files: {count}").format(count=new.changed)


def document(found: Waiting) -> str:
    """The same for programs."""
    return wire.dumps({"v": 1, "nothing": found.nothing, **asdict(found)}, ensure_ascii=False)


def _between(difference: Difference, number: int) -> Iterator[str]:
    if difference.files:
        text = _("since release {number}: commits: {commits}, files: {files}, lines: +{added} −{removed}")
        yield "  " + text.format(
            number=number, commits=difference.count, files=difference.files, added=difference.added,
            removed=difference.removed,
        )  # fmt: skip
    else:
        yield "  " + _("no file of the app differs from release {number}").format(number=number)
    for commit in difference.commits[:_SHOWN]:
        yield f"    {paint(commit.commit[:_SHORT], 'yellow')} {commit.subject} ({commit.author})"
    if difference.back:
        yield "  " + _("commits of release {number} that are not in it: {count}").format(
            number=number, count=difference.back
        )


def _in_brackets(revision: Revision) -> str:
    return f" ({revision.commit[:_SHORT]} {revision.subject})" if revision.commit else ""
