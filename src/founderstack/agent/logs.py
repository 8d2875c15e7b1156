"""What a process says: the end of its logs, and each new line as it comes."""

from __future__ import annotations

import asyncio
import glob
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from founderstack.agent.watching.records import Record
from founderstack.model.state_folder import StateFolder

MOST_LINES = 2000
LOOK_S = 0.5
_MOST_BYTES = 512 * 1024
"""What is read of a log's end, however long its lines are."""
_LONGEST_LINE = 4000
_HAS_TIME = re.compile(r".{0,80}?\d\d:\d\d:\d\d")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")

Line = tuple[float | None, str]
"""(when it was written, where that is known and the line does not say it itself, and its text)"""


def logs_of(state_dir: str, record: Record) -> dict[str, str]:
    """Name → path of each log of a process: its output under its own name, its files as `NAME:FILE`."""
    found = {record.name: StateFolder(state_dir).output(record.name)}
    for path in record.log_files:
        found[f"{record.name}:{os.path.splitext(os.path.basename(path))[0]}"] = path
    return found


def last_lines(path: str, count: int) -> tuple[list[Line], Place]:
    """The last lines of a file, oldest first, and where reading goes on; none where there is no file."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            file.seek(max(status.st_size - _MOST_BYTES, 0))
            content = file.read(_MOST_BYTES)
    except OSError:
        return [], Place(0, 0)
    whole, newline, _rest = content.rpartition(b"\n")
    read = status.st_size - min(status.st_size, _MOST_BYTES) + len(whole) + len(newline)
    lines = whole.split(b"\n")[-count:] if whole and count > 0 else []
    return [_shown(line) for line in lines], Place(status.st_ino, read)


def room(path: str) -> int:
    """The bytes that a log takes, with what was put aside of it (`path.1` …)."""
    found = 0
    try:
        with os.scandir(os.path.dirname(path)) as entries:
            for entry in entries:
                if f"{entry.name}.".startswith(f"{os.path.basename(path)}.") and entry.is_file(follow_symlinks=False):
                    found += entry.stat(follow_symlinks=False).st_size
    except OSError:  # rotated away meanwhile
        return found
    return found


def build_log(state_dir: str, digest: str, since: float = 0.0) -> str:
    """The file that the newest build of that digest wrote to since then; "" where there is none."""
    paths = glob.glob(f"{glob.escape(state_dir)}/log/build/*-{glob.escape(digest)}.log") if digest else []
    newest = max(paths, key=written, default="")
    return newest if newest and written(newest) >= since else ""


def written(path: str) -> float:
    """When a file was written to last, 0 where there is none."""
    try:
        return os.stat(path).st_mtime
    except OSError:  # begun anew meanwhile
        return 0.0


async def new_lines(path: str, place: Place) -> AsyncGenerator[list[Line], None]:
    """Each burst of new lines from `place` on; an empty one twice a second while nothing comes.

    A file that was renamed or cut is read anew from its beginning.
    """
    while True:
        lines, place = more(path, place)
        yield lines
        if not lines:
            await asyncio.sleep(LOOK_S)


@dataclass(frozen=True)
class Place:
    """How far a file was read."""

    inode: int = 0
    offset: int = 0


def more(path: str, place: Place, *, timed: bool = True) -> tuple[list[Line], Place]:
    """What was added since `place`, and how far it is read now; the lines' times only where they are new (`timed`)."""
    try:
        status = os.stat(path)
        start = place.offset if (status.st_ino == place.inode and status.st_size >= place.offset) else 0
        if status.st_size == start:
            return [], Place(status.st_ino, start)
        with open(path, "rb") as file:
            file.seek(start)
            content = file.read(_MOST_BYTES)
    except OSError:
        return [], place
    whole, newline, _rest = content.rpartition(b"\n")
    if not newline and len(content) == _MOST_BYTES:  # one line without an end: shown in pieces
        whole, newline = content, b""
    if not whole and not newline:
        return [], Place(status.st_ino, start)
    # The file was looked at half a second ago, so that its last change is the time of every new line.
    lines = [_shown(line, status.st_mtime if timed else None) for line in whole.split(b"\n")]
    return lines, Place(status.st_ino, start + len(whole) + len(newline))


def _shown(line: bytes, at: float | None = None) -> Line:
    """A line as it may be shown: without what steers a terminal."""
    text = _COLOURS.sub("", line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip("\r"))
    readable = (letter if letter == "\t" or letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return None if _HAS_TIME.match(text) else at, "".join(readable)
