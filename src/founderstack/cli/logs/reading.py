"""Lines of log files: what was said before, across rotations, and what comes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from founderstack.cli.logs.span import Span
from founderstack.cli.logs.times import timed
from founderstack.model.protocols import Clock

_LOOK_S = 0.2


@dataclass(frozen=True)
class Said:
    """One line."""

    at: float
    name: str
    """Whose."""
    line: str


@dataclass(frozen=True)
class Place:
    """How far a file was read."""

    inode: int
    offset: int


@dataclass(frozen=True)
class Wanted:
    """Which lines are asked for."""

    span: Span
    matches: Callable[[str], bool] | None
    last: int | None
    """No more than so many of each source, the newest; None for all."""


def before(sources: Mapping[str, str], wanted: Wanted, ends: Mapping[str, Place]) -> list[Said]:
    """What the sources (name → path) have said up to these ends, in the order of time."""
    found = [Said(at, name, line) for name, path in sources.items() for at, line in _of(path, wanted, ends[name])]
    return sorted(found, key=lambda said: said.at)  # stable: lines of one moment stay in their order


def end_of(path: str) -> Place:
    """Where a file ends now."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return Place(0, 0)
    return Place(status.st_ino, status.st_size)


def follow(sources: Mapping[str, str], ends: Mapping[str, Place], clock: Clock) -> Iterator[Said]:
    """Each new line of each file; a file that was renamed or cut is read anew from its beginning."""
    places = dict(ends)
    while True:
        for name, path in sources.items():
            lines, places[name] = _new_lines(path, places[name])
            yield from (Said(at, name, line) for at, line in timed(lines, clock.now()))
        clock.wait(_LOOK_S)


def _of(path: str, wanted: Wanted, end: Place) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for file in _newest_first(path):
        if wanted.last is not None and len(found) >= wanted.last:
            break
        try:
            status = os.stat(file)
            if status.st_mtime < wanted.span.since:
                break  # what is older still was rotated earlier
            lines = _lines(file, end.offset if status.st_ino == end.inode else None)
        except FileNotFoundError:  # rotated away meanwhile
            continue
        found = _fitting(lines, status.st_mtime, wanted) + found
    return found if wanted.last is None else found[len(found) - min(wanted.last, len(found)) :]


def _newest_first(path: str) -> Iterator[str]:
    """The file, and what was put aside of it: supervisor and the agent both write `path.1`, `path.2` …"""
    yield path
    number = 1
    while os.path.exists(f"{path}.{number}"):
        yield f"{path}.{number}"
        number += 1


def _fitting(lines: list[str], last_written: float, wanted: Wanted) -> list[tuple[float, str]]:
    if wanted.span.open and not wanted.matches and wanted.last is not None:
        lines = lines[len(lines) - min(wanted.last, len(lines)) :]  # of the others nobody asks the time
    return [
        (at, line)
        for at, line in timed(lines, last_written)
        if wanted.span.holds(at) and (not wanted.matches or wanted.matches(line))
    ]


def _lines(path: str, size: int | None) -> list[str]:
    """The lines of a file, of its first `size` bytes; what is not UTF-8 is shown as far as it goes."""
    with open(path, "rb") as file:
        return file.read(-1 if size is None else size).decode(errors="replace").splitlines()


def _new_lines(path: str, place: Place) -> tuple[list[str], Place]:
    now = end_of(path)
    offset = place.offset if now.inode == place.inode and now.offset >= place.offset else 0
    if now.offset == offset:
        return [], Place(now.inode, offset)
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            whole, _newline, _rest = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return [], place
    if not whole:
        return [], Place(now.inode, offset)
    return whole.decode(errors="replace").splitlines(), Place(now.inode, offset + len(whole) + 1)
