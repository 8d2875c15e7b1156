"""Folders of any depth, walked and removed: what other people have made may be deeper than Python's own stack."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def walk(top: str, onerror: Callable[[OSError], object] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """As os.walk, which calls itself for each level before Python 3.12: folder, names of folders in it, other names.

    What is taken out of the names of folders is not entered; no link is. `onerror` gets what cannot be read.
    """
    left = [top]
    while left:
        here = left.pop()
        folders: list[str] = []
        others: list[str] = []
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    (folders if _is_folder(entry) else others).append(entry.name)
        except OSError as error:
            if onerror:
                onerror(error)
            continue
        yield here, folders, others
        inside = (os.path.join(here, name) for name in reversed(folders))
        left += [path for path in inside if not os.path.islink(path)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a link to where nobody may look
        return entry.is_dir()
    return False


def empty(folder: int) -> None:
    """Remove everything in an open folder, however deep, through no link; raises OSError.

    What lies in a folder comes up one level before that one goes: so no path is ever long.
    """
    with os.scandir(folder) as entries:
        left = [entry.name for entry in entries]
    while left:
        name = left.pop()
        try:
            inner = _opened(name, folder)
        except NotADirectoryError:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            continue
        except FileNotFoundError:
            continue
        try:
            left += _lifted(inner, folder)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)


def _opened(name: str, folder: int) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except PermissionError:
        # One's own folder may be closed to oneself; root is not held up by that.
        os.chmod(name, 0o700, dir_fd=folder)
        return os.open(name, _FOLDER, dir_fd=folder)


def _lifted(inner: int, folder: int) -> list[str]:
    """Empty a folder by removing its files, and moving its folders into the one above under new names: these."""
    lifted = []
    with os.scandir(inner) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        with suppress(FileNotFoundError):
            if is_folder:
                above = f".{os.urandom(12).hex()}"
                os.rename(name, above, src_dir_fd=inner, dst_dir_fd=folder)
                lifted.append(above)
            else:
                os.unlink(name, dir_fd=inner)
    return lifted
