"""What the disks hold: free room of each file system, and pieces of the database's log that wait."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.walking import walk

_OCTAL = re.compile(r"\\([0-7]{3})")
"""As the kernel writes blanks in names of mount points."""
_KEPT_FREE = 256 * 1024**2


def file_systems(paths: Iterable[str]) -> list[tuple[str, float, float]]:
    """(path, MiB in all, MiB free) for each file system that the paths lie on, the first path on it; none missing."""
    found: dict[int, tuple[str, float, float]] = {}
    for path in paths:
        try:
            device, room = os.stat(path).st_dev, os.statvfs(path)
        except OSError:
            continue
        total = (room.f_blocks - room.f_bfree + room.f_bavail) * room.f_frsize / 2**20
        found.setdefault(device, (path, total, room.f_bavail * room.f_frsize / 2**20))
    return list(found.values())


def spare_bytes(path: str) -> int:
    """What may still be written where `path` lies; what a database needs to go on working is kept free."""
    disk = os.statvfs(path)
    return max(0, disk.f_bavail * disk.f_frsize - min(_KEPT_FREE, disk.f_blocks * disk.f_frsize // 20))


def lying(folder: str) -> tuple[float, int] | None:
    """When a folder was put there, and the bytes of all files in it; None where it is none."""
    try:
        # Not the time of its content, which may be that of an archive.
        at, size = os.lstat(folder).st_ctime, 0
        for current, _folders, names in walk(folder):
            size += sum(os.lstat(os.path.join(current, name)).st_size for name in names)
    except FileNotFoundError:
        return None
    return at, size


def elsewhere(path: str) -> str:
    """What keeps a folder from changing its name: it is a link, or this is mounted there or below; "" for nothing."""
    if os.path.islink(path):
        return path
    inside = os.path.join(os.path.realpath(path), "")
    return next((point for point in _mounted() if os.path.join(point, "").startswith(inside)), "")


def is_mounted(path: str) -> bool:
    """True where something is mounted right there, be it a folder of the same disk."""
    return os.path.realpath(path) in _mounted()


def _mounted() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return [_OCTAL.sub(lambda found: chr(int(found[1], 8)), line.split(" ")[4]) for line in file]


def refuse_to_fill(folder: str, count: int) -> None:
    """Raise StackError where so many bytes would take what a database on the same disk needs to go on working."""
    if spare_bytes(folder) < count:
        raise StackError(
            _("{path} cannot be written").format(path=folder),
            _("The disk is full but for what is left to the database. What was there before is unchanged."),
            _("Make room on the disk, then run the command again."),
        )


def archive_waiting(folder: str) -> int:
    """How many pieces of the log wait to be archived; 0 where there is no such folder or it may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.name.endswith(".ready") for entry in entries)
    except OSError:
        return 0


def broken_since(path: str) -> float:
    """When pieces of the log were first let go, by the note that says so (seconds since the epoch); 0 without one."""
    try:
        with open(path, encoding="ascii") as file:
            return float(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0
