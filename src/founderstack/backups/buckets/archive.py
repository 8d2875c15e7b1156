"""Buckets as one stream, and back: a tar that `tar -x` alone makes folders of.

For each bucket `buckets/NAME.json`, what it is set to; for each object `objects/BUCKET/KEY` with its key and what is
told with it in the header, and after it `sha256/BUCKET/KEY`, as sha256sum writes it. An object without that line was
not whole when it was read: a later one of its name may be.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from founderstack.backups.buckets.s3_admin import ObjectChanged, ObjectHead, ObjectStorage
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.objects.folder import ObjectMissing
from founderstack.world.os.thread_pipe import ThreadPipe

_CHUNK = 1024 * 1024
_TRIES = 3
"""How often an object is read that becomes another one meanwhile."""
_KEY, _TOLD, _ETAG = "FOUNDER.key", "FOUNDER.headers", "FOUNDER.etag"

LeftOut = Callable[[str, str], bool]
"""Whether a key (or, where it is "", a whole bucket) is not taken and not touched."""


@dataclass
class BucketArchive:
    """What is packed, and what was found while it was."""

    storage: ObjectStorage
    left_out: LeftOut
    objects: int = 0
    gone: list[str] = field(default_factory=list)
    """`bucket/key` of objects that were listed, and were removed or replaced again and again before they were read."""


class Taker(Protocol):
    """What is done with what an archive holds."""

    def bucket(self, name: str, papers: Mapping[str, str]) -> None:
        """A bucket, before its objects."""
        ...

    def take(self, kept: ObjectHead, source: Source) -> None:
        """An object; whether it is whole is told after it. It need not be read."""
        ...

    def keep(self, kept: ObjectHead, sha256: str) -> None:
        """The object that was taken last was whole, and this is its digest."""
        ...

    def drop(self, kept: ObjectHead) -> None:
        """The object that was taken last was not whole."""
        ...


@contextmanager
def packed(packing: BucketArchive) -> Iterator[Source]:
    """The archive, made while it is read; bounded memory, nothing on the disk."""

    def pack(writer: IO[bytes]) -> None:
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for bucket in packing.storage.buckets():
                if not packing.left_out(bucket, ""):
                    _pack_bucket(archive, packing, bucket)

    with ThreadPipe(pack) as stream:
        yield stream


def hand_out(source: Source, taker: Taker) -> tuple[str, ...]:
    """Give all that an archive holds to `taker`; names of objects that are not as their digests say.

    Reads to the end, where whoever gave the source checks it. Raises StackError where it is no such archive.
    """
    handing = _Handing(taker)
    try:
        with tarfile.open(fileobj=_reading(source), mode="r|") as archive:
            for member in archive:
                handing.member(member, lambda member=member: archive.extractfile(member))  # type: ignore[misc]
        handing.end()
        if not handing.buckets:
            raise ValueError(_("It holds no bucket"))
    except (tarfile.TarError, ValueError) as error:
        raise StackError(
            _("The objects cannot be put back"), f"{error}.", _("Take another set: founder backups")
        ) from None
    while source.read(_CHUNK):
        pass
    return tuple(handing.damaged)


def _pack_bucket(archive: tarfile.TarFile, packing: BucketArchive, bucket: str) -> None:
    papers = json.dumps(packing.storage.papers(bucket), ensure_ascii=False).encode()
    _add(archive, tarfile.TarInfo(f"buckets/{bucket}.json"), papers)
    for key in packing.storage.keys(bucket):
        if packing.left_out(bucket, key):
            continue
        if _pack_object(archive, packing.storage, bucket, key):
            packing.objects += 1
        else:
            packing.gone.append(f"{bucket}/{key}")


def _pack_object(archive: tarfile.TarFile, storage: ObjectStorage, bucket: str, key: str) -> bool:
    """True where it was read whole."""
    for _again in range(_TRIES):
        try:
            with storage.open(bucket, key) as (kept, source):
                content = _Whole(source, kept.size)
                archive.addfile(_member(kept), content)
        except (ObjectMissing, ObjectChanged):
            continue
        if not content.broken:
            name = f"objects/{kept.name}"
            line = f"{content.sha256}  {name}\n".encode()
            _add(archive, tarfile.TarInfo(f"sha256/{kept.name.rstrip('/')}"), line)
            return True
    return False


def _add(archive: tarfile.TarFile, member: tarfile.TarInfo, content: bytes) -> None:
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _member(kept: ObjectHead) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"objects/{kept.name}".rstrip("/"))
    member.type = tarfile.DIRTYPE if kept.is_folder else tarfile.REGTYPE
    member.mode = 0o700 if kept.is_folder else 0o600
    member.size = 0 if kept.is_folder else kept.size
    member.mtime = kept.modified
    told = json.dumps(kept.headers, ensure_ascii=False)
    member.pax_headers = {_KEY: kept.key, _TOLD: told, _ETAG: kept.etag}
    return member


class _Whole(io.RawIOBase):
    """An object's bytes while they are hashed; one that becomes another goes on with zeros, and is `broken`."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size
        self._mark = hashlib.sha256()
        self.broken = False

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        found = b"" if self.broken else self._next(wanted)
        self._mark.update(found)
        self._left -= wanted
        return found + bytes(wanted - len(found))

    def _next(self, wanted: int) -> bytes:
        parts, length = [], 0
        try:
            while length < wanted and (found := self._source.read(wanted - length)):
                parts.append(found)
                length += len(found)
        except (ObjectChanged, ObjectMissing):
            self.broken = True
        self.broken = self.broken or length < wanted
        return b"".join(parts)

    @property
    def sha256(self) -> str:
        return self._mark.hexdigest()


class _Handing:
    """Follows an archive from member to member."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._open: tuple[ObjectHead, str] | None = None
        self.buckets = 0
        self.damaged: list[str] = []

    def member(self, member: tarfile.TarInfo, content: Callable[[], IO[bytes] | None]) -> None:
        kind, _slash, name = member.name.partition("/")
        if kind == "buckets":
            opened = content()
            papers = json.loads(opened.read() if opened else b"{}")
            self._taker.bucket(name.removesuffix(".json"), papers)
            self.buckets += 1
        elif kind == "objects":
            self.end()
            kept = _kept(member, name)
            hashed = _Hashed(content() or io.BytesIO())
            self._taker.take(kept, hashed)
            while hashed.read(_CHUNK):
                pass
            self._open = (kept, hashed.sha256)
        elif kind == "sha256" and self._open is not None:
            opened = content()
            self._close((opened.read() if opened else b"")[:64].decode("ascii", "replace"))

    def end(self) -> None:
        """What is open now was not whole."""
        if self._open is not None:
            self._taker.drop(self._open[0])
            self._open = None

    def _close(self, noted: str) -> None:
        assert self._open is not None, "only called where one is open"
        (kept, found), self._open = self._open, None
        if noted == found:
            self._taker.keep(kept, found)
        else:
            self.damaged.append(kept.name)
            self._taker.drop(kept)


def _kept(member: tarfile.TarInfo, name: str) -> ObjectHead:
    told = member.pax_headers
    bucket, _slash, key = name.partition("/")
    return ObjectHead(
        bucket,
        told.get(_KEY, key),
        member.size,
        float(member.mtime),
        told.get(_ETAG, ""),
        json.loads(told.get(_TOLD, "{}")),
    )


class _Hashed:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._mark = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self._mark.update(found)
        return found

    @property
    def sha256(self) -> str:
        return self._mark.hexdigest()


class _Reading(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        return self._source.read(size)


def _reading(source: Source) -> Any:
    return _Reading(source)
