"""Which version of the tool to go to, and what it brings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError

_NUMBER = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_HEADING = re.compile(r"## \[([^\]]{1,40})\]")


@dataclass(frozen=True)
class Upgrade:
    """A change from one version of the tool to another."""

    old: str
    new: str
    news: tuple[str, ...] = field(default=())
    """What the changelog says of the versions between them, newest first."""


def number(name: str) -> tuple[int, int, int] | None:
    """The order of a version or of its tag, None where the name is none; what goes before a release is none."""
    found = _NUMBER.fullmatch(name)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def target(current: str, tags: Iterable[str], wanted: str = "") -> str:
    """The version to go to: the newest, or the one that is wanted; `current` where there is nothing newer.

    Raises StackError where nobody knows the wanted one, or where it is older.
    """
    known = sorted({found for tag in tags if (found := number(tag))})
    here = number(current) or (0, 0, 0)
    if not wanted:
        return _text(max([*known, here]))
    asked = number(wanted)
    if asked is None or asked not in {*known, here}:
        newest = ", ".join(_text(one) for one in reversed(known[-5:])) or _("none")
        raise StackError(
            _("Nobody knows a version {version}").format(version=wanted),
            _("The newest that its repository has: {versions}.").format(versions=newest),
            _("Name one of them, or leave --to out for the newest."),
            exit_code=EXIT_PRECONDITION,
        )
    if asked < here:
        raise StackError(
            _("Version {version} is older than this one, {current}").format(version=_text(asked), current=current),
            _("A version reads what older ones have written, and not the other way round."),
            _("To go back to the version before: founder upgrade --back"),
            exit_code=EXIT_PRECONDITION,
        )
    return _text(asked)


def news(changelog: str, old: str, new: str) -> tuple[str, ...]:
    """The lines of a changelog on all versions after `old`, up to `new`, with a heading for each."""
    after, upto = number(old) or (0, 0, 0), number(new) or (0, 0, 0)
    lines: list[str] = []
    told = False
    for line in changelog.splitlines():
        if found := _HEADING.match(line):
            version = number(found[1])
            told = version is not None and after < version <= upto
        if told and line.strip():
            lines.append(line)
    return tuple(lines)


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
