"""The objects of a stack's own S3, as part of a set: taken, looked through, laid out as files, put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from founderstack.backups.buckets.archive import BucketArchive, LeftOut, hand_out, packed
from founderstack.backups.buckets.archive_readers import ArchiveCheck, BucketWriter, FolderWriter
from founderstack.backups.buckets.s3_admin import ObjectStorage
from founderstack.locale import _, shortened
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.objects.s3 import Bucket


@dataclass(frozen=True)
class NotTaken:
    """Where backups lie that would otherwise hold the backups before them (a backups.buckets.archive.LeftOut)."""

    buckets: tuple[str, ...]
    beginning: str = ""
    """Of `bucket/key`, "" for none."""

    def __call__(self, bucket: str, key: str) -> bool:
        """Whether this object, or with "" this bucket, is none of the app's."""
        return bucket in self.buckets or bool(self.beginning and f"{bucket}/{key}".startswith(self.beginning))


@dataclass(frozen=True)
class Objects:
    """What one component keeps in buckets."""

    about: str
    """The component's name."""
    server: Bucket
    """How to sign in to it, with no bucket named."""
    left_out: LeftOut
    """What is no data of the app."""

    @property
    def name(self) -> str:
        """Of the archive in the set."""
        return f"objects/{self.about}.tar"

    @contextmanager
    def packed(self) -> Iterator[tuple[Source, BucketArchive]]:
        """The archive as a stream, and which objects were removed or replaced again and again while it was read."""
        packing = BucketArchive(ObjectStorage(self.server), self.left_out)
        with packed(packing) as stream:
            yield stream, packing

    def lay_out(self, source: Source, folder: str) -> None:
        """Make a file of each object below a folder that is empty."""
        _refuse_damage(hand_out(source, FolderWriter(folder)))

    def put_back(self, source: Source) -> None:
        """Make the buckets what they were; safe to repeat."""
        taker = BucketWriter(ObjectStorage(self.server), self.left_out)
        _refuse_damage(hand_out(source, taker))
        if taker.wrong:
            raise StackError(
                _("Objects did not come back as they were taken"),
                shortened(taker.wrong, 5),
                _("Run the command again; if it stays so: founder logs {name}").format(name=self.about),
            )
        taker.end()


def look_through(source: Source) -> tuple[str, ...]:
    """Read an archive to its end; names of objects that are not as they were when they were taken."""
    return hand_out(source, ArchiveCheck())


def refuse_damaged(source: Source) -> None:
    """Read an archive to its end; raises StackError where an object is not as it was taken."""
    _refuse_damage(look_through(source))


def _refuse_damage(names: tuple[str, ...]) -> None:
    if names:
        raise StackError(
            _("Objects in the backup are not as they were taken"),
            shortened(names, 5),
            _("Take another set: founder backups"),
        )
