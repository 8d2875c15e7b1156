"""Files of others, opened by root: who may write to a folder must not lead us out of it by a link."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO, Self

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting: a pipe of that name would never open."""
_ONE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 40
"""As many as the kernel follows."""


class Reached:
    """Opens folders one in the other. A link on the way is followed where it is root's or ours; the last folder stays
    open, because the next file mostly lies in it too."""

    def __init__(self) -> None:
        self._path = ""
        self._folder = -1

    def folder_of(self, path: str) -> int:
        """The folder that holds `path`, good until the next call; raises OSError."""
        wanted = os.path.dirname(os.path.join(os.getcwd(), path))
        if wanted != self._path:
            self.close()
            self._folder, self._path = _opened(wanted), wanted
        return self._folder

    def close(self) -> None:
        """Let go of the last folder."""
        if self._folder >= 0:
            os.close(self._folder)
        self._folder, self._path = -1, ""


class Inside:
    """Reaches what lies in one folder by paths relative to it, through no link at all, whoever may write there."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._top = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._path = ""
        self._folder = os.dup(self._top)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        os.close(self._folder)
        os.close(self._top)

    def mode(self, path: str) -> int:
        """What kind of thing it is, and its permissions (`st_mode`); raises OSError."""
        return os.stat(os.path.basename(path), dir_fd=self.folder_of(path), follow_symlinks=False).st_mode

    def link(self, path: str) -> str:
        """Where a link leads; raises OSError."""
        return os.readlink(os.path.basename(path), dir_fd=self.folder_of(path))

    def read(self, path: str) -> BinaryIO:
        """Open a file; raises OSError where it is none (any more)."""
        opened = os.open(os.path.basename(path), os.O_RDONLY | _FILE, dir_fd=self.folder_of(path))
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise OSError(errno.EINVAL, "It is not a file", path)
        return open(opened, "rb")

    def write(self, path: str) -> BinaryIO:
        """Make a file, and the folders on the way; raises OSError where it is there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
        return open(os.open(os.path.basename(path), flags, 0o644, dir_fd=self.folder_of(path, make=True)), "wb")

    def make_link(self, path: str, target: str) -> None:
        """Make a link, and the folders on the way; raises OSError where it is there."""
        os.symlink(target, os.path.basename(path), dir_fd=self.folder_of(path, make=True))

    def folder_of(self, path: str, *, make: bool = False) -> int:
        """The folder that holds `path`, good until the next call; raises OSError where a link is on the way."""
        wanted = os.path.dirname(path)
        if wanted == self._path:
            return self._folder
        here = os.dup(self._top)
        for part in wanted.split("/") if wanted else ():
            above = here
            try:
                here = _entered(above, part, make=make)
            finally:
                os.close(above)
        os.close(self._folder)
        self._path, self._folder = wanted, here
        return here


def _entered(above: int, part: str, *, make: bool) -> int:
    if part in ("", ".", ".."):
        raise OSError(errno.EINVAL, "It is not below the folder", part)
    try:
        return os.open(part, _FOLDER, dir_fd=above)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(part, 0o755, dir_fd=above)
    return os.open(part, _FOLDER, dir_fd=above)


def end_of(path: str) -> str:
    """Where a link of root's or ours leads; `path` itself where it is none. Raises OSError where it leads nowhere."""
    found = os.lstat(path)
    if not stat.S_ISLNK(found.st_mode) or found.st_uid not in (0, os.geteuid()):
        return path
    end = _opened(path)
    try:
        return os.readlink(f"/proc/self/fd/{end}")
    finally:
        os.close(end)


def _opened(path: str) -> int:
    """What lies at an absolute path, to look at it and to open what is in it."""
    here, left, links = os.open("/", _ONE), path.split("/")[::-1], 0
    try:
        while left:
            if (part := left.pop()) in ("", "."):
                continue
            above, here = here, os.open(part, _ONE, dir_fd=here)
            found = os.fstat(here)
            if not stat.S_ISLNK(found.st_mode):
                os.close(above)
                continue
            link, here = here, above
            try:
                target = os.readlink("", dir_fd=link)
            finally:
                os.close(link)
            links += 1
            if found.st_uid not in (0, os.geteuid()) or links > _LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            left += target.split("/")[::-1]
            if target.startswith("/"):
                above, here = here, os.open("/", _ONE)
                os.close(above)
    except BaseException:
        os.close(here)
        raise
    return here
