"""What world.tar.packing packed, put back: below a folder, through no link, whoever else may write there."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.os.disk import refuse_to_fill
from founderstack.world.os.files import cannot_write
from founderstack.world.os.process_streams import readable

_CHUNK = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o7777
_PLAIN = 0o777
"""Without an owner of its own a file becomes ours: what ran as somebody else must not run as root from then on."""


def unpack(source: Source, folder: str, *, uid: int = -1, gid: int = -1) -> int:
    """Put everything back below `folder`, as this user's; the number of files.

    The folder itself stays whose it is: who shall have it gets it when all is there, and not before. Raises StackError
    for an entry that would lie outside and where the disk is full.
    """
    count = 0
    try:
        os.makedirs(folder, exist_ok=True)
        with _opened(folder, uid, gid) as placing, _members(source) as archive:
            for member in _each(archive):
                placing.put(member, archive)
                count += member.isfile()
            placing.settle()
    except OSError as error:
        raise cannot_write(folder, error) from None
    return count


def refuse_unfit(source: Source, name: str) -> None:
    """Read an archive of this name to its end; raises what `unpack` would, of all that an archive can be blamed for."""
    links: set[str] = set()
    with _members(source) as archive:
        for member in _each(archive):
            parts = _parts(member.name, name)
            through = len(parts) if member.isdir() else len(parts) - 1
            if links and any("/".join(parts[: end + 1]) in links for end in range(through)):
                raise _outside(member.name, name)
            (links.add if member.issym() else links.discard)(member.name)


@contextmanager
def _members(source: Source) -> Iterator[tarfile.TarFile]:
    """The archive; what follows its end is read as well, because there its digest is checked."""
    try:
        with tarfile.open(fileobj=readable(source), mode="r|") as archive:
            yield archive
    except tarfile.TarError as error:
        raise StackError(
            _("The files cannot be put back"), f"{error}.", _("Take another set: founder backups")
        ) from None
    while source.read(_CHUNK):
        pass


def _each(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Its entries; the archive forgets them, for a million are a gigabyte of memory."""
    while (member := archive.next()) is not None:
        yield member
        archive.members.clear()  # type: ignore[attr-defined]


@contextmanager
def _opened(folder: str, uid: int, gid: int) -> Iterator[_Placing]:
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _Placing(folder, top, uid, gid)
    finally:
        os.close(top)


class _Placing:
    """Makes what an archive says. Each folder on the way is opened in the one before it, never by its whole path."""

    def __init__(self, folder: str, top: int, uid: int, gid: int) -> None:
        self._where = folder
        self._top = top
        self._uid = uid
        self._gid = gid
        self._folders: list[tuple[tarfile.TarInfo, list[str]]] = []
        """One in the other: an archive has all of a folder before what is beside it."""
        self._unlooked = 0
        """Bytes that were written since room was looked at."""

    def put(self, member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        """Make one entry; a file or link that is there already gives way to it."""
        *above, name = parts = _parts(member.name, self._where)
        self._settle_but(parts)
        if member.isdir():
            with self._within(parts, member.name):
                self._folders.append((member, parts))
            return
        with self._within(above, member.name) as folder:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            if member.issym():
                os.symlink(member.linkname, name, dir_fd=folder)
                os.chown(name, self._uid, self._gid, dir_fd=folder, follow_symlinks=False)
                return
            with open(os.open(name, _FRESH, 0o600, dir_fd=folder), "wb") as opened:
                self._fill(opened, member, archive)
                opened.flush()
                self._dress(opened.fileno(), member)

    def _fill(self, opened: IO[bytes], member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        """Write what the file holds; holes stay holes."""
        content: Any = archive.extractfile(member)
        if content is None:
            return
        pieces = getattr(member, "sparse", None) or [(0, member.size)]
        for start, length in pieces:
            content.raw.seek(start)
            opened.seek(start)
            while length and (chunk := content.raw.read(min(length, _CHUNK))):
                self._look_at_room(len(chunk))
                opened.write(chunk)
                length -= len(chunk)
        opened.truncate(member.size)

    def _look_at_room(self, count: int) -> None:
        self._unlooked += count
        if self._unlooked > _CHUNK:
            refuse_to_fill(self._where, self._unlooked)
            self._unlooked = 0

    def settle(self) -> None:
        """Give the last folders their modes and times."""
        self._settle_but(())

    def _settle_but(self, entered: Sequence[str]) -> None:
        """Give folders their modes and times, the inner ones first; those that are entered wait for their files."""
        while self._folders and list(entered[: len(self._folders[-1][1])]) != self._folders[-1][1]:
            member, parts = self._folders.pop()
            with self._within(parts, member.name) as folder:
                self._dress(folder, member)

    def _dress(self, file: int, member: tarfile.TarInfo) -> None:
        os.fchown(file, self._uid, self._gid)
        os.fchmod(file, member.mode & (_MODE if self._uid >= 0 else _PLAIN))
        os.utime(file, (member.mtime, member.mtime))

    @contextmanager
    def _within(self, parts: Sequence[str], name: str) -> Iterator[int]:
        """The folder of these names, one in the other, made where it is missing."""
        here = os.dup(self._top)
        try:
            for part in parts:
                above, here = here, self._entered(here, part, name)
                os.close(above)
            yield here
        finally:
            os.close(here)

    def _entered(self, above: int, part: str, name: str) -> int:
        try:
            return os.open(part, _FOLDER, dir_fd=above)
        except FileNotFoundError:
            os.mkdir(part, dir_fd=above)
        except NotADirectoryError:
            raise _outside(name, self._where) from None
        made = os.open(part, _FOLDER, dir_fd=above)
        os.fchown(made, self._uid, self._gid)
        return made


def _parts(name: str, folder: str) -> list[str]:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise _outside(name, folder)
    return parts


def _outside(name: str, folder: str) -> StackError:
    return StackError(
        _("The files cannot be put back"),
        _("{name} would lie outside of {folder}.").format(name=name, folder=folder),
        _("Take another set: founder backups"),
    )
