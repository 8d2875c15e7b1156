"""Files as one stream: tar, whose later entry of a name wins over an earlier one. Back again: world.tar.unpacking."""

from __future__ import annotations

import fnmatch
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.os.disk import spare_bytes
from founderstack.world.os.reaching import Reached, end_of
from founderstack.world.os.sqlite_files import ASIDE
from founderstack.world.os.thread_pipe import ThreadPipe
from founderstack.world.os.walking import walk
from founderstack.world.tar.holes import entry_of

_TRIES = 3
"""How often a file is read that changes while it is."""
_SYSTEM = ("/bin", "/dev", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
"""What a system brings along: a link that leads there loses nothing."""
_LINKS = 20
"""So many links are named of one archive; that there are more is said."""


@dataclass
class TarContents:
    """What is packed, and what was found while it was."""

    entries: Iterable[tuple[str, str]]
    """(name in the archive, path)."""
    scratch: str
    """Folder for the moment's copy of a SQLite file; on the disk that the file itself lies on, in clear as it is."""
    databases: tuple[str, ...] = ()
    """Names of the SQLite files among them, which are copied by SQLite. Of every other file its bytes count, whatever
    they are: what people bring is not ours to interpret."""
    files: int = 0
    changed: list[str] = field(default_factory=list)
    """Files that were still changing at the last try: they hold parts of several moments."""
    untaken: list[str] = field(default_factory=list)
    """What could not be taken as it should be, each in a sentence; all else is there."""
    tops: tuple[str, ...] = ()
    """Folders and files all of which is backed up: links that lead out of them are counted. () for no such look."""
    outside: list[str] = field(default_factory=list)
    """The first of these links, each in a sentence: they are there, and what they lead to is not."""
    leaving: int = 0
    """How many of these links there are."""
    copied: list[str] = field(default_factory=list)
    """Databases whose copy by SQLite holds what lies in the companions as well."""
    reached: Reached = field(default_factory=Reached)
    """How files are opened: their folders may be others' to change."""


def below(folder: str, names: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Entries for everything in these folders or files, relative to `folder`; what is not there is left out.

    `exclude` are patterns as in a shell, of a name or of a path relative to `folder`. One of these that is a link of
    root's or ours counts as what it leads to; everybody else's are links. Raises StackError where it leads nowhere.
    """
    for name in names:
        path = os.path.normpath(os.path.join(folder, name))
        end = _end_of(path)
        if end != path:
            if os.path.normpath(name) != ".":
                yield os.path.relpath(path, folder), end
            if os.path.isdir(end):
                for inner, found in _below(end, end, exclude):
                    yield os.path.normpath(os.path.join(name, inner)), found
        elif os.path.islink(path) or os.path.isfile(path):
            yield os.path.relpath(path, folder), path
        else:
            yield from _below(folder, path, exclude)


def tops_of(folder: str, names: Sequence[str]) -> tuple[str, ...]:
    """What `below` takes of a folder, by its name, and by where a link of root's or ours leads."""
    paths = [os.path.normpath(os.path.join(folder, name)) for name in names]
    ends = []
    for path in paths:
        with suppress(OSError):  # what is not there holds nothing, and a link that leads nowhere is told by `below`
            ends.append(end_of(path))
    return tuple(dict.fromkeys((*paths, *ends)))


def _end_of(path: str) -> str:
    try:
        return end_of(path)
    except OSError as error:
        if not os.path.islink(path):
            return path
        raise StackError(
            _("{path} cannot be read").format(path=path),
            _("It is a link to {target}: {error}.").format(target=os.readlink(path), error=error.strerror),
            _("Bring back what it leads to, for example by mounting its disk, or remove the link."),
        ) from None


def _below(folder: str, top: str, exclude: Sequence[str]) -> Iterator[tuple[str, str]]:
    unread: list[OSError] = []
    for current, folders, files in walk(top, onerror=unread.append):
        folders[:] = sorted(one for one in folders if not _left_out(folder, current, one, exclude))
        if current != folder:
            yield os.path.relpath(current, folder), current
        links = [one for one in folders if os.path.islink(os.path.join(current, one))]
        for file in sorted([*files, *links]):
            if not _left_out(folder, current, file, exclude):
                path = os.path.join(current, file)
                yield os.path.relpath(path, folder), path
    # Not left out: whoever packs it finds out why, and names it.
    for path in (str(error.filename) for error in unread):
        yield os.path.relpath(path, folder), path


@contextmanager
def packed(packing: TarContents) -> Iterator[Source]:
    """The archive, made while it is read. What vanishes meanwhile is left out; what cannot be read is named."""

    def pack(writer: IO[bytes]) -> None:
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for name, path in packing.entries:
                if not any(name == database + ending for database in packing.copied for ending in ASIDE):
                    _add(archive, packing, name, path)

    with closing(packing.reached), ThreadPipe(pack) as stream:
        yield stream


def _add(archive: tarfile.TarFile, packing: TarContents, name: str, path: str) -> None:
    try:
        folder, last = packing.reached.folder_of(path), os.path.basename(path)
        found = os.lstat(last, dir_fd=folder)
        link = os.readlink(last, dir_fd=folder) if stat.S_ISLNK(found.st_mode) else ""
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        packing.untaken.append(_unread(path, error))
        return
    member = _member(name, found)
    if link:
        member.type, member.linkname = tarfile.SYMTYPE, link
        _put(archive, member)
        _note_link(packing, path, link)
    elif stat.S_ISDIR(found.st_mode):
        member.type = tarfile.DIRTYPE
        _put(archive, member)
        try:
            os.scandir(path).close()
        except OSError as error:
            packing.untaken.append(_unread(path, error))
    elif stat.S_ISREG(found.st_mode):
        packing.files += 1
        if name not in packing.databases or not _add_sqlite(archive, packing, name, path, found):
            _add_file(archive, packing, name, path)


def _note_link(packing: TarContents, path: str, link: str) -> None:
    """Judged by names alone, so that nothing is followed: a link on the way is noted itself."""
    target = os.path.normpath(os.path.join(os.path.dirname(path), link))
    if not packing.tops or any(target == top or target.startswith(f"{top}/") for top in (*packing.tops, *_SYSTEM)):
        return
    packing.leaving += 1
    if len(packing.outside) < _LINKS:
        packing.outside.append(
            _("{path} is a link to {target}: what lies there is in no backup.").format(path=path, target=target)
        )


def _add_file(archive: tarfile.TarFile, packing: TarContents, name: str, path: str) -> None:
    for _again in range(_TRIES):
        try:
            folder, last = packing.reached.folder_of(path), os.path.basename(path)
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
        except FileNotFoundError:
            return
        except OSError as error:
            packing.untaken.append(_unread(path, error))
            return
        with open(file, "rb"):
            before = os.fstat(file)
            if not stat.S_ISREG(before.st_mode):
                return  # a pipe by now
            try:
                member, content = entry_of(_member(name, before), file, before)
            except OSError as error:
                packing.untaken.append(_unread(path, error))
                return
            _put(archive, member, content)
            if content.error is not None:
                packing.untaken.append(_unread(path, content.error))
                return
            after = os.fstat(file)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return
    packing.changed.append(name)


def _add_sqlite(archive: tarfile.TarFile, packing: TarContents, name: str, path: str, found: os.stat_result) -> bool:
    """Add a database that somebody may be writing to, as of one moment; False, with the reason noted, where SQLite
    cannot: then its bytes are better than nothing, and its companions belong to them."""
    import tempfile

    from founderstack.world.os import sqlite_files

    with tempfile.NamedTemporaryFile(dir=packing.scratch, prefix="sqlite-") as copy:
        try:
            sqlite_files.copy(path, copy.name, spare_bytes(packing.scratch))
        except (sqlite_files.SqliteFailed, OSError) as error:
            packing.untaken.append(
                _("{path} was taken as it lies there, because SQLite cannot copy it: {error}.").format(
                    path=path, error=error
                )
            )
            return False
        member = _member(name, found)
        with open(copy.name, "rb") as opened:
            member.size = os.fstat(opened.fileno()).st_size
            _put(archive, member, opened)
    packing.copied.append(name)
    return True


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, content: Source | None = None) -> None:
    archive.addfile(member, content)
    archive.members.clear()  # type: ignore[attr-defined] # else a million files are a gigabyte of memory


def _unread(path: str, error: OSError) -> str:
    return _("{path} cannot be read: {error}.").format(path=path, error=error.strerror or error)


def _member(name: str, found: os.stat_result) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode = stat.S_IMODE(found.st_mode)
    member.mtime = found.st_mtime
    return member


def _left_out(folder: str, current: str, name: str, exclude: Sequence[str]) -> bool:
    path = os.path.relpath(os.path.join(current, name), folder)
    return any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(path, pattern) for pattern in exclude)
