"""Where the app keeps people's files: received whole or not at all, hashed on the way, resumed where it is possible."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Protocol

from founderstack.model.protocols import ObjectStore, Source
from founderstack.world.os.files import cannot_write, remove_tree

_CHUNK = 1024 * 1024
_INCOMING = ".incoming"

Fetch = Callable[[int], AbstractContextManager[Source]]
"""Reads an object from an offset on."""


@dataclass(frozen=True)
class StoredUpload:
    """What lies on the shelf under a key."""

    bytes: int
    sha256: str
    md5: str


class Shelf(Protocol):
    """A place for files by key; every method may be called again."""

    @property
    def where(self) -> str:
        """Its address, for a person."""
        ...

    def free_bytes(self) -> int | None:
        """Room that is left, None where nobody knows."""
        ...

    def receive(self, key: str, token: str, fetch: Fetch) -> StoredUpload:
        """Store what `fetch` gives. `token` names this very content: what an earlier call left of it is kept."""
        ...

    def look(self, key: str) -> StoredUpload | None:
        """Read a file again, whole; None where there is none."""
        ...

    def remove(self, key: str) -> None:
        """Take a file away; no error where there is none."""
        ...

    def tidy(self) -> None:
        """Drop what was begun and will not be finished."""
        ...


class FolderShelf:
    """Files in a folder of the app's, owned by whoever owns the folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        """The folder."""
        return self._folder

    def free_bytes(self) -> int | None:
        """Room on its disk for a process without privileges."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def receive(self, key: str, token: str, fetch: Fetch) -> StoredUpload:
        """Write into a file beside the others, then rename it: a name always stands for a whole file."""
        path, part = self._path(key), os.path.join(self._folder, _INCOMING, token)
        sums = _Sums()
        try:
            self._make_folder(os.path.dirname(part))
            self._make_folder(os.path.dirname(path))
            with open(part, "a+b") as file:
                file.seek(0)
                while chunk := file.read(_CHUNK):
                    sums.add(chunk)
                with fetch(sums.bytes) as source:
                    while chunk := source.read(_CHUNK):
                        file.write(chunk)
                        sums.add(chunk)
                file.flush()
                self._own(file.fileno())
                os.fsync(file.fileno())
            os.replace(part, path)
            _sync_folder(os.path.dirname(path))
        except OSError as error:
            if error.filename is None and error.errno is None:
                raise
            raise cannot_write(path, error) from None
        return sums.received()

    def look(self, key: str) -> StoredUpload | None:
        """Read it again."""
        sums = _Sums()
        try:
            with open(self._path(key), "rb") as file:
                while chunk := file.read(_CHUNK):
                    sums.add(chunk)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        return sums.received()

    def remove(self, key: str) -> None:
        """Take it away."""
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(self._path(key))

    def tidy(self) -> None:
        """Empty the place of unfinished files."""
        remove_tree(os.path.join(self._folder, _INCOMING))

    def _make_folder(self, folder: str) -> None:
        if folder == self._folder or os.path.isdir(folder):
            return
        self._make_folder(os.path.dirname(folder))
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            self._own(folder)

    def _own(self, what: int | str) -> None:
        owner = os.stat(self._folder)
        if os.geteuid() == 0:
            os.chown(what, owner.st_uid, owner.st_gid)
        if isinstance(what, int):
            os.fchmod(what, 0o600)

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key)


class BucketShelf:
    """Files in a bucket; an object that broke off begins anew."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def where(self) -> str:
        """The bucket's address."""
        return self._store.where

    def free_bytes(self) -> int | None:
        """A bucket does not say."""
        return None

    def receive(self, key: str, token: str, fetch: Fetch) -> StoredUpload:
        """Send it in parts; the bucket shows the object when all of them are there."""
        with fetch(0) as source:
            counted = _Summed(source)
            self._store.put(key, counted)
        return counted.sums.received()

    def look(self, key: str) -> StoredUpload | None:
        """Read it again."""
        if self._store.stat(key) is None:
            return None
        sums = _Sums()
        with self._store.open(key) as source:
            while chunk := source.read(_CHUNK):
                sums.add(chunk)
        return sums.received()

    def remove(self, key: str) -> None:
        """Take it away."""
        self._store.delete([key])

    def tidy(self) -> None:
        """A bucket shows nothing unfinished."""


class _Sums:
    def __init__(self) -> None:
        self.bytes = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)  # what S3 calls an object's ETag

    def add(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        self._sha256.update(chunk)
        self._md5.update(chunk)

    def received(self) -> StoredUpload:
        return StoredUpload(self.bytes, self._sha256.hexdigest(), self._md5.hexdigest())


class _Summed:
    """A source that is hashed while somebody else reads it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.sums = _Sums()

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._source.read(size)
        self.sums.add(chunk)
        return chunk


def _sync_folder(folder: str) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
