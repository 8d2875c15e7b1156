"""Objects as files in a folder (a model.protocols.ObjectStore)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source, StoredObject
from founderstack.world.os.disk import refuse_to_fill
from founderstack.world.os.files import cannot_write, ensure_folder
from founderstack.world.os.walking import walk

_CHUNK = 1024 * 1024
_PARTIAL = ".partial"


class ObjectMissing(StackError):
    """There is no object of that name."""


class ObjectUnreadable(StackError):
    """It is there, and the disk does not give it."""


class CountedSource:
    """A source that counts the bytes that are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; all that is left where it is negative."""
        found = self._source.read(size)
        self.bytes += len(found)
        return found


class FolderStore:
    """Objects as files below a folder that only its owner can enter."""

    name = "local"

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        """The folder."""
        return self._folder

    def put(self, name: str, source: Source) -> int:
        """Store an object: under its name only when all of it is on the disk."""
        path, partial, size = self._path(name), self._partial(), 0
        try:
            file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                while chunk := source.read(_CHUNK):
                    if size:  # what is small finds room always: proofs, pages of contents
                        refuse_to_fill(self._folder, len(chunk))
                    size += _write_all(file, chunk)
                os.fsync(file)
            finally:
                os.close(file)
            self._make_folder(os.path.dirname(path))
            os.replace(partial, path)
            _sync(os.path.dirname(path))
        except OSError as error:
            raise cannot_write(path, error) from None
        finally:
            with suppress(OSError):
                os.unlink(partial)
        return size

    @contextmanager
    def open(self, name: str) -> Iterator[Source]:
        """Read an object."""
        try:
            file = open(self._path(name), "rb")  # noqa: SIM115 - closed below, and an error of the block is not ours
        except (FileNotFoundError, NotADirectoryError):
            raise missing(name, self.where) from None
        except OSError as error:
            raise unreadable(self._path(name), error) from None
        with file:
            yield file

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object."""
        try:
            found = os.stat(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(self._path(name), error) from None
        return StoredObject(name, found.st_size, found.st_mtime)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name begins so; what a killed writer left is not one."""

        def refuse(error: OSError) -> None:
            # A folder that is gone meanwhile holds nothing; of one that cannot be read nobody knows.
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                raise unreadable(str(error.filename), error)

        names = []
        for current, _folders, files in walk(self._path(os.path.dirname(prefix)), onerror=refuse):
            inside = os.path.relpath(current, self._folder)
            names += [file if inside == "." else f"{inside}/{file}" for file in files]
        for name in sorted(names):
            found = self.stat(name) if name.startswith(prefix) and not name.startswith(_PARTIAL) else None
            if found:
                yield found

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects, and the folders that are empty then."""
        for name in names:
            path = self._path(name)
            try:
                os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError as error:
                raise cannot_write(path, error) from None
            self._prune(os.path.dirname(path))

    def tidy(self, prefix: str) -> None:
        """Drop what killed writers left."""
        self._partial()

    def _prune(self, folder: str) -> None:
        while folder != self._folder and folder.startswith(self._folder):
            try:
                os.rmdir(folder)
            except OSError:
                return
            folder = os.path.dirname(folder)

    def _partial(self) -> str:
        """Where a file is written until it is whole; what a killed writer left there is removed."""
        folder = self._path(_PARTIAL)
        self._make_folder(folder)
        for left in os.listdir(folder):
            if not os.path.exists(f"/proc/{left.partition('-')[0]}"):
                with suppress(OSError):
                    os.unlink(f"{folder}/{left}")
        return f"{folder}/{os.getpid()}-{threading.get_native_id()}"

    def _make_folder(self, folder: str) -> None:
        if folder != self._folder and not os.path.isdir(folder):
            self._make_folder(os.path.dirname(folder))
        # An engine's own repository may lie beside the sets, and its user must reach it.
        ensure_folder(folder, mode=0o711 if folder == self._folder else 0o700)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)


def _write_all(file: int, chunk: bytes) -> int:
    left = memoryview(chunk)
    while left:
        left = left[os.write(file, left) :]
    return len(chunk)


def _sync(folder: str) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def missing(name: str, where: str) -> ObjectMissing:
    """The error for an object that is not there."""
    return ObjectMissing(
        _("{name} is missing").format(name=name),
        _("It is not in {place}.").format(place=where),
        _("Take another set: founder backups"),
    )


def unreadable(path: str, error: OSError) -> ObjectUnreadable:
    """The error for what is there and cannot be read."""
    return ObjectUnreadable(
        _("{path} cannot be read").format(path=path),
        f"{error.strerror}.",
        _("Make it readable for the user who runs this command, or run it as root (sudo)."),
    )
