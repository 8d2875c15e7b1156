"""What can be done with an archive of objects: look whether it is whole, lay it out as files, put it back."""

from __future__ import annotations

import os
from collections.abc import Mapping

from founderstack.backups.buckets.archive import LeftOut
from founderstack.backups.buckets.s3_admin import ObjectHead, ObjectStorage
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.os.files import cannot_write

_CHUNK = 1024 * 1024
_ASIDE = "%"
"""Added to a name that is taken: an object's that is also the folder of others, or is the same path as another's."""
_NAME_BYTES, _PIECE = 240, 60
"""A longer name than a folder can have, with some room for what is added, becomes folders of so many letters each."""


class ArchiveCheck:
    """Reads everything and keeps nothing (a backups.buckets.archive.Taker)."""

    def bucket(self, name: str, papers: Mapping[str, str]) -> None:
        """Nothing to do."""

    def take(self, kept: ObjectHead, source: Source) -> None:
        """It is read to its end by whoever hands it out."""

    def keep(self, kept: ObjectHead, sha256: str) -> None:
        """Nothing to do."""

    def drop(self, kept: ObjectHead) -> None:
        """Nothing to do."""


class FolderWriter:
    """Makes a file of each object, `FOLDER/BUCKET/KEY` (a backups.buckets.archive.Taker)."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""

    def bucket(self, name: str, papers: Mapping[str, str]) -> None:
        """A folder for it."""
        self._make_folder(self._inside(name))

    def take(self, kept: ObjectHead, source: Source) -> None:
        """Write it."""
        self._path = self._inside(kept.name)
        if kept.is_folder:
            self._make_folder(self._path.rstrip("/"))
            return
        self._make_folder(os.path.dirname(self._path))
        self._path = _free(self._path)
        try:
            with open(self._path, "wb") as file:
                while chunk := source.read(_CHUNK):
                    file.write(chunk)
            os.utime(self._path, (kept.modified, kept.modified))
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def keep(self, kept: ObjectHead, sha256: str) -> None:
        """It is there already."""

    def drop(self, kept: ObjectHead) -> None:
        """Half a file is none."""
        if not kept.is_folder:
            os.unlink(self._path)

    def _make_folder(self, folder: str) -> None:
        if folder == self._folder or os.path.isdir(folder):
            return
        self._make_folder(os.path.dirname(folder))
        try:
            if os.path.lexists(folder):
                os.rename(folder, _free(folder))
            os.mkdir(folder, 0o700)
        except OSError as error:
            raise cannot_write(folder, error) from None

    def _inside(self, name: str) -> str:
        """Where an object goes; the folder was empty, so that no link of anybody's leads out of it."""
        if ".." in name.split("/") or "\0" in name:
            raise StackError(
                _("The objects cannot be put back"),
                _("{name} would lie outside of {folder}.").format(name=name, folder=self._folder),
                _("Take another set: founder backups"),
            )
        return "/".join([self._folder, *(piece for part in name.split("/") for piece in _pieces(part))])


def _free(path: str) -> str:
    while os.path.lexists(path):
        path += _ASIDE
    return path


def _pieces(part: str) -> list[str]:
    """A part of a key as the names of folders in each other."""
    if len(os.fsencode(part)) <= _NAME_BYTES:
        return [part]
    return [part[at : at + _PIECE] for at in range(0, len(part), _PIECE)]


class BucketWriter:
    """Makes buckets what they were, object by object (a backups.buckets.archive.Taker).

    Each object is replaced at once and read again from the server; one that is still what it was is not written. What
    a bucket holds besides is removed by `end`. Safe to repeat.
    """

    def __init__(self, storage: ObjectStorage, left_out: LeftOut) -> None:
        self._storage = storage
        self._left_out = left_out
        self._names: dict[str, set[str]] = {}
        self._written = False
        self.wrong: list[str] = []
        """`bucket/key` of objects that the server gives otherwise than they were given to it."""

    def bucket(self, name: str, papers: Mapping[str, str]) -> None:
        """Make it where it is not."""
        self._storage.make(name, papers)
        self._names[name] = set()

    def take(self, kept: ObjectHead, source: Source) -> None:
        """Put it."""
        there = self._storage.stat(kept.bucket, kept.key)
        same = there is not None and (there.size, there.etag, there.headers) == (kept.size, kept.etag, kept.headers)
        self._written = not (same and kept.etag)
        if self._written:
            self._storage.put(kept, source)

    def keep(self, kept: ObjectHead, sha256: str) -> None:
        """See that the server has it."""
        self._names.setdefault(kept.bucket, set()).add(kept.key)
        if self._written and not kept.is_folder and self._storage.digest(kept.bucket, kept.key) != sha256:
            self.wrong.append(kept.name)

    def drop(self, kept: ObjectHead) -> None:
        """Half an object is none."""
        self._storage.remove(kept.bucket, kept.key)

    def end(self) -> None:
        """Remove what was not there then."""
        for bucket, names in self._names.items():
            folders = {name[: at + 1] for name in names for at, letter in enumerate(name) if letter == "/"}
            gone = [key for key in self._storage.keys(bucket) if key not in names and key not in folders]
            for key in gone:
                if not self._left_out(bucket, key):
                    self._storage.remove(bucket, key)
