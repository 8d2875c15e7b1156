"""Objects in a bucket of any S3 (a model.protocols.ObjectStore)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from founderstack.model.errors import StackError
from founderstack.model.protocols import Source, StoredObject
from founderstack.world.objects.bucket_words import TRIES as TRIES, Bucket as Bucket, refused, unreachable
from founderstack.world.objects.folder import CountedSource, ObjectMissing, missing
from founderstack.world.os.ambient import CA_BUNDLE

if TYPE_CHECKING:
    from minio import Minio

Answer = TypeVar("Answer")

PART_BYTES = 16 * 1024 * 1024
"""S3 takes 10,000 parts of an object: 160 GB."""
LOOKS = 2
"""The same for somebody who only looks: two seconds."""
_CONNECT_S = 10.0
_SILENCE_S = 60.0
_CONNECTIONS = 8
"""That are kept for the next question: several sets are looked at together."""
_BUSY = (429, 500, 502, 503, 504)


class S3Store:
    """Objects in a bucket. Each request is tried again for about a minute; a transfer goes on where it broke."""

    name = "s3"

    def __init__(self, bucket: Bucket) -> None:
        self._about = bucket
        self._client = client(bucket)

    @property
    def where(self) -> str:
        """The bucket's address."""
        return self._about.where

    def put(self, name: str, source: Source) -> int:
        """Store an object: S3 shows it only when all of it is there. A part that does not arrive is sent again."""
        counted = CountedSource(source)
        self._asked(
            lambda: self._client.put_object(
                self._about.bucket,
                self._key(name),
                counted,  # type: ignore[arg-type] # it only reads
                -1,
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )
        )
        return counted.bytes

    @contextmanager
    def open(self, name: str) -> Iterator[Source]:
        """Read an object; a connection that breaks is opened again where it broke."""
        reader = Reader(lambda offset: self._asked(lambda: self._get(name, offset), name), self._about)
        try:
            yield reader
        finally:
            reader.close()

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object."""
        try:
            found = self._asked(lambda: self._client.stat_object(self._about.bucket, self._key(name)), name)
        except ObjectMissing:
            return None
        except StackError:
            self._say_why(name)
            raise
        return StoredObject(name, found.size or 0, found.last_modified.timestamp() if found.last_modified else 0.0)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name begins so."""
        skip = len(self._key(""))
        found = self._asked(
            lambda: [*self._client.list_objects(self._about.bucket, prefix=self._key(prefix), recursive=True)]
        )
        for one in sorted(found, key=lambda one: str(one.object_name)):
            at = one.last_modified.timestamp() if one.last_modified else 0.0
            yield StoredObject(str(one.object_name)[skip:], one.size or 0, at)

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects."""
        for name in names:
            key = self._key(name)
            with suppress(ObjectMissing):
                self._asked(lambda key=key: self._client.remove_object(self._about.bucket, key), name)  # type: ignore[misc]

    def tidy(self, prefix: str) -> None:
        """Have the server drop up to 1,000 objects below `prefix` of which parts were sent and that never ended.

        A provider whose keys may not ask for them keeps them until its own rules remove them.
        """
        with suppress(StackError):
            below = self._key(prefix)
            found = self._asked(lambda: self._client._list_multipart_uploads(self._about.bucket, prefix=below))
            for one in found.uploads:
                # A server may understand a prefix as it likes: what is not below it is another's.
                if one.object_name.startswith(below) and one.upload_id:
                    key, upload = one.object_name, one.upload_id
                    self._asked(partial(self._client._abort_multipart_upload, self._about.bucket, key, upload))

    def _say_why(self, name: str) -> None:
        """Raise what keeps the server from answering: the answer to a question about an object has no room for it."""
        self._asked(lambda: next(iter(self._client.list_objects(self._about.bucket, prefix=self._key(name))), None))

    def _get(self, name: str, offset: int) -> Any:
        return self._client.get_object(self._about.bucket, self._key(name), offset=offset)

    def _key(self, name: str) -> str:
        return f"{self._about.prefix}/{name}" if self._about.prefix else name

    def _asked(self, question: Callable[[], Answer], name: str = "") -> Answer:
        return asked(self._about, question, name)


def asked(bucket: Bucket, question: Callable[[], Answer], name: str = "") -> Answer:
    """The answer; raises StackError with its cure where there is none, ObjectMissing where `name` is not there."""
    from xml.etree.ElementTree import ParseError

    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        return question()
    except S3Error as error:
        if error.code in ("NoSuchKey", "NoSuchObject"):
            raise missing(name, bucket.where) from None
        raise refused(bucket, error.code or "", error.message or "") from None
    except (MinioException, HTTPError, OSError, ParseError) as error:
        raise unreachable(bucket, error) from None
    except ValueError as error:
        if "XML element" in str(error):  # a page for people
            raise unreachable(bucket, error) from None
        # A bucket's name that cannot be one.
        raise refused(bucket, "", str(error)) from None


class Reader:
    """An object's bytes, over as many connections as it takes."""

    def __init__(self, connect: Callable[[int], Any], bucket: Bucket) -> None:
        self._connect = connect
        self._about = bucket
        self._offset = 0
        self._size = -1
        self._answer: Any = None

    def read(self, size: int = -1, /) -> bytes:
        from urllib3.exceptions import HTTPError

        problem: Exception | None = None
        for _again in range(self._about.tries + 1):
            if self._offset == self._size:
                return b""
            try:
                return self._next(size)
            except (HTTPError, OSError) as error:
                self.close()
                problem = error
        raise unreachable(self._about, problem or OSError())

    def _next(self, size: int) -> bytes:
        from urllib3.exceptions import ProtocolError

        if self._answer is None:
            self._answer = self._connect(self._offset)
            self._size = self._offset + int(self._answer.headers.get("Content-Length", 0))
            if self._offset == self._size:
                return b""
        # As it is stored: what was packed by whoever put it there stays packed.
        found: bytes = self._answer.read(size if size >= 0 else None, decode_content=False)
        self._offset += len(found)
        if not found and self._offset < self._size:
            raise ProtocolError("the connection was cut")
        return found

    def close(self) -> None:
        """Give the connection back."""
        if self._answer is not None:
            self._answer.close()
            self._answer.release_conn()
            self._answer = None


def client(bucket: Bucket) -> Minio:
    """What speaks S3 with the server that a bucket is on."""
    import logging

    import urllib3
    from minio import Minio

    # It would tell each retry on standard error; what a person needs to know is in the error at the end.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    retries = urllib3.Retry(
        total=bucket.tries,
        connect=bucket.tries,
        read=bucket.tries,
        backoff_factor=0.5,
        backoff_max=32,
        status_forcelist=_BUSY,
        allowed_methods=None,
        raise_on_status=False,
    )
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=_CONNECT_S, read=_SILENCE_S),
        retries=retries,
        maxsize=_CONNECTIONS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=bucket.ca or CA_BUNDLE,
    )
    address = urlsplit(bucket.endpoint)
    return Minio(
        address.netloc,
        bucket.key,
        bucket.secret,
        secure=address.scheme == "https",
        # Not asked of the server: keys for one bucket may not ask where it is.
        region=bucket.region or "us-east-1",
        http_client=pool,
    )
