"""Whole folders: a copy that every user can read and nobody but us can change, and what it holds as a digest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from founderstack.locale import _, number
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.os.files import cannot_write
from founderstack.world.os.reaching import Inside
from founderstack.world.os.walking import walk

MOST_OF_A_FILE = 4 * 1024**3
"""Bytes; every plan reads the whole source, and a file of this size alone takes it ten seconds."""
_CHUNK = 1024 * 1024
LITTER = frozenset({"node_modules", ".git", ".venv", "__pycache__"})
"""Folders that are made from the others and belong to no copy of a source."""


def copy_tree(source: str, target: str, skip: frozenset[str] = frozenset()) -> None:
    """Copy a folder: the caller owns every file, folders are 0755, files 0444, programs 0555.

    Files whose name is in `skip` are left out. Raises StackError for a symlink that leads out of the folder and for
    anything but files, folders and symlinks; the half-made copy is then the caller's to remove.
    """
    top = os.path.realpath(source)
    try:
        _copy(top, target, top, skip)
    except OSError as error:
        raise cannot_write(target, error) from None


def files_of(folder: str, skip: frozenset[str] = LITTER) -> Iterator[str]:
    """Paths, relative to the folder and in a stable order, of its files and symlinks; not of pipes and the like."""
    for here, folders, files in walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        folders[:] = sorted(name for name in folders if name not in skip and name not in links)
        for name in sorted([*files, *links]):
            path = os.path.join(here, name)
            if name not in skip and (os.path.islink(path) or os.path.isfile(path)):
                yield os.path.relpath(path, folder)


def digest_of(folder: str, paths: Iterable[str]) -> str:
    """A digest of the content, the names and the executable bits of these files of the folder."""
    whole = hashlib.blake2b(digest_size=10)
    with Inside(folder) as inside:
        for path in sorted(paths):
            whole.update(f"{_entry(inside, path)}\0{path}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _entry(inside: Inside, path: str) -> str:
    """`MODE ID` as Git writes it in a tree, so that a clean working tree and its commit have the same digest."""
    if stat.S_ISLNK(inside.mode(path)):
        return f"120000 {_blob(os.fsencode(inside.link(path)))}"
    with inside.read(path) as file:
        about = os.fstat(file.fileno())
        return f"{'100755' if about.st_mode & 0o100 else '100644'} {_blob_of_file(file, path, about.st_size)}"


def _blob(raw: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def _blob_of_file(file: BinaryIO, path: str, size: int) -> str:
    refuse_too_large(path, size)
    blob, left = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), size
    while left and (chunk := file.read(min(_CHUNK, left))):  # one that grows meanwhile has no end
        blob.update(chunk)
        left -= len(chunk)
    return blob.hexdigest()


def refuse_too_large(path: str, size: int) -> None:
    """Raise StackError for a file of the source that is too large to be one."""
    if size > MOST_OF_A_FILE:
        raise StackError(
            _("{path} is too large to be part of the app").format(path=path),
            _("It has {size} GiB; what belongs to the app's source is read again for every plan.").format(
                size=number(size / 1024**3, 1)
            ),
            _("Move it out of the app's folder, or name it in .gitignore."),
            exit_code=EXIT_PRECONDITION,
        )


def _copy(source: str, target: str, top: str, skip: frozenset[str]) -> None:
    os.mkdir(target, 0o755)
    os.chmod(target, 0o755)
    with os.scandir(source) as entries:
        for entry in entries:
            copy = os.path.join(target, entry.name)
            if entry.name in skip:
                continue
            if entry.is_symlink():
                os.symlink(_inner_link(entry.path, top), copy)
            elif entry.is_dir():
                _copy(entry.path, copy, top, skip)
            elif entry.is_file():
                _copy_file(entry.path, copy)
            else:
                raise _refused(entry.path, _("It is neither a file, a folder nor a symlink."))


def _copy_file(source: str, target: str) -> None:
    import shutil

    # The bytes only: a hard link or an open handle of the one who built it must not reach the copy.
    with (
        open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as original,
        open(target, "xb") as copy,
    ):
        shutil.copyfileobj(original, copy, 2**20)
        program = os.fstat(original.fileno()).st_mode & 0o100
        os.fchmod(copy.fileno(), 0o555 if program else 0o444)


def _inner_link(path: str, top: str) -> str:
    link = os.readlink(path)
    end = os.path.normpath(os.path.join(os.path.dirname(path), link))
    if os.path.isabs(link) or not f"{end}/".startswith(f"{top}/"):
        raise _refused(path, _("It is a symlink that leads out of its folder, to {target}.").format(target=link))
    return link


def _refused(path: str, why: str) -> StackError:
    return StackError(
        _("{path} cannot be kept").format(path=path), why, _("Change the build so that it makes plain files there.")
    )
