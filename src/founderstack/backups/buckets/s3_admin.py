"""Every bucket of an S3 server with what belongs to it, asked as its administrator."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, cast
from urllib.parse import urlencode

from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.world.objects.folder import ObjectMissing
from founderstack.world.objects.s3 import PART_BYTES, Bucket, Reader, asked, client

PAPERS = ("versioning", "tagging", "policy", "cors", "lifecycle")
"""What a bucket is set to, each kept as the server tells it and given back as it is."""
_TOLD = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type")
_TOLD_AMZ = ("x-amz-meta-", "x-amz-server-side-encryption", "x-amz-website-redirect-location")
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class ObjectHead:
    """An object without its bytes."""

    bucket: str
    key: str
    size: int
    modified: float
    """Seconds since the epoch, by the server's clock."""
    etag: str
    """What the server says of its content: another content has another one."""
    headers: Mapping[str, str]
    """What is told with it, as it is given back: its type, its metadata, its tags."""

    @property
    def name(self) -> str:
        """`bucket/key`."""
        return f"{self.bucket}/{self.key}"

    @property
    def is_folder(self) -> bool:
        """True for a key that stands for a folder and has no content."""
        return self.key.endswith("/")


class ObjectChanged(StackError):
    """An object became another one while it was read."""


class ObjectStorage:
    """Reads and writes every bucket."""

    def __init__(self, server: Bucket) -> None:
        """`server`: how to sign in, with no bucket named."""
        self._server = server
        self._client = client(server)

    def buckets(self) -> list[str]:
        """Names of all."""
        found = asked(self._server, self._client.list_buckets)
        return sorted(str(bucket.name) for bucket in found)

    def keys(self, bucket: str) -> Iterator[str]:
        """Every key of a bucket, a page at a time, in the server's order."""
        listed = iter(self._client.list_objects(bucket, recursive=True))
        while (one := asked(self._in(bucket), lambda: next(listed, None))) is not None:
            yield str(one.object_name)

    @contextmanager
    def open(self, bucket: str, key: str) -> Iterator[tuple[ObjectHead, Source]]:
        """An object and its bytes; raises ObjectMissing where it is gone, ObjectChanged where it becomes another."""
        about, first = self._in(bucket), self._connected(bucket, key, 0, "")
        kept = replace(_kept(bucket, key, first.headers), headers=self._headers(bucket, key, first.headers))

        def connect(offset: int) -> Any:
            nonlocal first
            answer, first = first, None
            if answer is not None and offset == 0:
                return answer
            try:
                return self._connected(bucket, key, offset, kept.etag)
            except ObjectMissing as gone:
                raise ObjectChanged(gone.what, gone.why, gone.fix) from None

        reader = Reader(connect, about)
        try:
            yield kept, reader
        finally:
            reader.close()

    def stat(self, bucket: str, key: str) -> ObjectHead | None:
        """An object without its bytes, None where there is none."""
        try:
            found = asked(self._in(bucket), lambda: self._client._execute("HEAD", bucket, key), key)
        except ObjectMissing:
            return None
        return replace(_kept(bucket, key, found.headers), headers=self._headers(bucket, key, found.headers))

    def put(self, kept: ObjectHead, source: Source) -> None:
        """Store an object with what is told with it; it is shown when all of it is there."""
        asked(
            self._in(kept.bucket),
            lambda: self._client.put_object(
                kept.bucket,
                kept.key,
                cast(IO[bytes], source),  # type: ignore[arg-type] # it only reads
                kept.size,
                content_type=kept.headers.get("content-type", ""),
                metadata={name: value for name, value in kept.headers.items() if name != "content-type"},
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            ),
        )

    def digest(self, bucket: str, key: str) -> str:
        """SHA-256 of an object as the server gives it."""
        mark = hashlib.sha256()
        with self.open(bucket, key) as (_kept, source):
            while chunk := source.read(_CHUNK):
                mark.update(chunk)
        return mark.hexdigest()

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object; no error where there is none."""
        asked(self._in(bucket), lambda: self._client.remove_object(bucket, key), key)

    def papers(self, bucket: str) -> Mapping[str, str]:
        """What a bucket is set to, without what is as it is by itself."""
        found = {paper: self._paper(bucket, paper) for paper in PAPERS}
        return {paper: text for paper, text in found.items() if text}

    def make(self, bucket: str, papers: Mapping[str, str]) -> None:
        """Make a bucket unless it is there, and set it as it was."""
        if bucket not in self.buckets():
            asked(self._in(bucket), lambda: self._client.make_bucket(bucket))
        for paper, text in papers.items():
            if paper in PAPERS and self._paper(bucket, paper) != text:
                self._set(bucket, paper, text.encode())

    def _set(self, bucket: str, paper: str, body: bytes) -> None:
        headers: Any = {"Content-MD5": b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
        asked(
            self._in(bucket),
            lambda: self._client._execute("PUT", bucket, query_params={paper: ""}, body=body, headers=headers),
        )

    def _paper(self, bucket: str, paper: str) -> str:
        from minio.error import S3Error

        def question() -> str:
            try:
                return str(self._client._execute("GET", bucket, query_params={paper: ""}).data.decode())
            except S3Error as error:
                if (error.code or "").startswith("NoSuch") and error.code != "NoSuchBucket":
                    return ""
                raise

        text = asked(self._in(bucket), question)
        # Versioning that was never asked for is told without a word.
        return "" if paper == "versioning" and "<Status>" not in text else text

    def _connected(self, bucket: str, key: str, offset: int, etag: str) -> Any:
        from minio.error import S3Error

        def question() -> Any:
            try:
                headers: Any = {"If-Match": f'"{etag}"'} if etag else None
                return self._client.get_object(bucket, key, offset=offset, request_headers=headers)
            except S3Error as error:
                if error.code == "PreconditionFailed":
                    raise ObjectChanged(key, error.code, "") from None
                raise

        return asked(self._in(bucket), question, key)

    def _headers(self, bucket: str, key: str, found: Any) -> Mapping[str, str]:
        headers = {name.lower(): str(value) for name, value in found.items()}
        told = {name: value for name, value in headers.items() if name in _TOLD or name.startswith(_TOLD_AMZ)}
        if headers.get("x-amz-tagging-count", "0") != "0":
            tags = asked(self._in(bucket), lambda: self._client.get_object_tags(bucket, key), key)
            told["x-amz-tagging"] = urlencode(sorted((tags or {}).items()))
        return told

    def _in(self, bucket: str) -> Bucket:
        return replace(self._server, bucket=bucket)


def _kept(bucket: str, key: str, headers: Any) -> ObjectHead:
    from email.utils import parsedate_to_datetime

    told = headers.get("Last-Modified", "")
    modified = parsedate_to_datetime(told).timestamp() if told else 0.0
    etag = headers.get("ETag", "").strip('"')
    return ObjectHead(bucket, key, int(headers.get("Content-Length", 0)), modified, etag, {})
