"""What the disks hold: free room of each file system, and pieces of the database's log that wait."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.walking import walk

_OCTAL = re.compile(r"\\([0-7]{3})")
"""As the kernel writes blanks in names of mount points."""
_KEPT_FREE = 256 * 1024**2
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What the system says where a disk takes nothing more."""


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


def free_mib(path: str) -> int:
    """MiB that may still be written where `path` is or will be."""
    disk = os.statvfs(_there(path))
    return disk.f_bavail * disk.f_frsize // 2**20


def no_room(path: str, error: OSError) -> StackError:
    """The error that a person reads where a disk takes nothing more (NO_ROOM): which one, what is free, what helps."""
    what, place = _("{path} cannot be written").format(path=path), _mount_point(path)
    if error.errno == errno.EROFS:
        return StackError(
            what,
            _("The disk at {place} may only be read.").format(place=place),
            _(
                "The system does that where a disk has errors: “sudo dmesg” names them. Make it writable "
                "(sudo mount -o remount,rw {place}), then run the command again."
            ).format(place=place),
        )
    return StackError(
        what,
        _("The disk is full: {mib} MiB are free at {place}. What was there before is unchanged.").format(
            mib=free_mib(path), place=place
        ),
        _make_room(),
    )


def full_one(paths: Iterable[str]) -> str:
    """The first of the paths whose disk takes nothing more, the first of all where each seems to."""
    known = [_there(path) for path in paths]
    full = (path for path in known if os.statvfs(path).f_bavail == 0 or os.statvfs(path).f_flag & os.ST_RDONLY)
    return next(full, known[0])


def _make_room() -> str:
    return _(
        "Make room there (sudo apt-get clean; sudo journalctl --vacuum-size=200M; “df -h” shows the disks), "
        "then run the command again."
    )


def _there(path: str) -> str:
    """The path, or the nearest folder above it that there is."""
    while not os.path.exists(path):
        path = os.path.dirname(path) or "/"
    return os.path.realpath(path)


def _mount_point(path: str) -> str:
    place = _there(path)
    while place != "/" and os.stat(os.path.dirname(place)).st_dev == os.stat(place).st_dev:
        place = os.path.dirname(place)
    return place


def refuse_to_fill(folder: str, count: int) -> None:
    """Raise StackError where so many bytes would take what a database on the same disk needs to go on working."""
    if spare_bytes(folder) < count:
        raise StackError(
            _("{path} cannot be written").format(path=folder),
            _("The disk is full but for what is left to the database. What was there before is unchanged."),
            _make_room(),
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
