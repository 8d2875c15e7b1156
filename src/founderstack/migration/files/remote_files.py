"""Stored objects at the source, read by S3 or by Supabase's own REST."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from founderstack.locale import _
from founderstack.model.errors import EXIT_FAILED, EXIT_PRECONDITION, StackError
from founderstack.world.net.web import NO_ANSWER, Reply, Site

if TYPE_CHECKING:
    from founderstack.migration.files.remote_access import Access
    from founderstack.migration.files.upload_target import Fetch
    from founderstack.model.protocols import Clock

Answer = TypeVar("Answer")

_LONGEST_PAUSE_S = 30.0
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_NOTHING_FOLLOWS = 416


class BytesMissing(Exception):
    """There are no bytes of this name: the source has a row of the object and nothing behind it."""


class RemoteFiles:
    """The source's storage, asked again for as long as the founder has patience. Any number of threads may use it."""

    def __init__(self, access: Access, clock: Clock, *, patience_s: float = 600, ca: str = "") -> None:
        self._access = access
        self._clock = clock
        self._patience_s = patience_s
        self._ca = ca
        self._idle: deque[Site] = deque()

    def __enter__(self) -> RemoteFiles:
        """Use it in a block: its connections end with the block."""
        return self

    def __exit__(self, *_error: object) -> None:
        while self._idle:
            self._idle.pop().close()

    @property
    def where(self) -> str:
        """Its address, for a person."""
        return self._access.where

    def reading(self, bucket: str, name: str) -> Fetch:
        """How to read an object from an offset on. A connection that breaks is opened again where it broke.

        Reading raises BytesMissing where there is no such object, StackError when the source refuses or stays away.
        """

        @contextmanager
        def fetch(offset: int) -> Iterator[_Reader]:
            reader = _Reader(self, self._access.target(bucket, name), offset)
            try:
                yield reader
            finally:
                reader.close()

        return fetch

    def names(self, bucket: str) -> Iterator[str]:
        """What lies in a bucket, as the source gives it: page by page, in an order of its own."""
        page: str | None = ""
        while page is not None:
            names, page = self._access.names(self._whole(*self._access.listing(bucket, page)))
            yield from names

    def check(self, bucket: str) -> None:
        """Raise StackError where the source's storage does not let us list this bucket."""
        next(self.names(bucket), None)

    @contextmanager
    def ask(self, method: str, target: str, *, offset: int = 0, body: bytes = b"") -> Iterator[Reply]:
        """One attempt; raises BytesMissing, StackError, or one of NO_ANSWER for what may be tried again."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if body:
            headers["Content-Type"] = "application/json"
        signed = self._access.signed(method, target, headers)
        with self._site() as site, site.ask(method, target, signed, body) as reply:
            if reply.status in (200, 206, _NOTHING_FOLLOWS):
                yield reply
                return
            said = reply.text()
        if reply.status == 404 or (reply.status == 400 and '"404"' in said):  # the REST says so within a 400
            raise BytesMissing(target)
        if reply.status in _BUSY:
            raise ConnectionError(f"HTTP {reply.status}")
        raise StackError(
            _("{place} refuses: HTTP {status}").format(place=self.where, status=reply.status),
            " ".join(said.split())[:200] or _("It gave no reason."),
            _("Give a key that may read the whole storage: an S3 key pair, or the key of the service role."),
            exit_code=EXIT_PRECONDITION,
        )

    def patiently(self, question: Callable[[], Answer]) -> Answer:
        """The answer, asked for again with growing pauses; raises StackError when patience ends."""
        ends, pause = self._clock.monotonic() + self._patience_s, 0.5
        while True:
            try:
                return question()
            except NO_ANSWER as error:
                if self._clock.monotonic() + pause > ends:
                    raise StackError(
                        _("{place} does not answer").format(place=self.where),
                        str(error) or type(error).__name__,
                        _("When it answers again, the same command goes on where it stopped."),
                        exit_code=EXIT_FAILED,
                    ) from error
            self._clock.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _whole(self, method: str, target: str, body: bytes) -> bytes:
        def once() -> bytes:
            with self.ask(method, target, body=body) as reply:
                return reply.read()

        return self.patiently(once)

    @contextmanager
    def _site(self) -> Iterator[Site]:
        """A connection that nobody else uses meanwhile."""
        site = self._idle.pop() if self._idle else Site(self._access.origin, ca=self._ca)
        try:
            yield site
        finally:
            self._idle.append(site)


class _Reader:
    """The bytes of one object from an offset on (a model.protocols.Source)."""

    def __init__(self, remote: RemoteFiles, target: str, offset: int) -> None:
        self._remote = remote
        self._target = target
        self._at = offset
        self._open: ExitStack | None = None
        self._reply: Reply | None = None

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, b"" at the end."""
        return self._remote.patiently(lambda: self._once(size))

    def close(self) -> None:
        """Hang up where something was left unread."""
        if self._open:
            self._open.close()
        self._open = self._reply = None

    def _once(self, size: int) -> bytes:
        try:
            reply = self._reply or self._connect()
            chunk = b"" if reply.status == _NOTHING_FOLLOWS else reply.read(size)
        except NO_ANSWER:
            self.close()
            raise
        self._at += len(chunk)
        return chunk

    def _connect(self) -> Reply:
        self._open = ExitStack()
        self._reply = reply = self._open.enter_context(self._remote.ask("GET", self._target, offset=self._at))
        skip = self._at if reply.status == 200 else 0  # a server that knows no ranges begins anew
        while skip and (chunk := reply.read(min(skip, 1024 * 1024))):
            skip -= len(chunk)
        return reply
