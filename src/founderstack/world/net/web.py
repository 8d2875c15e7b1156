"""Requests to web servers, for what has no client library: streamed, over one connection, redirects never followed."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from founderstack.world.os.ambient import CA_BUNDLE

NO_ANSWER = (OSError, http.client.HTTPException)
"""What is raised where nobody answers, or the answer breaks off."""
_CHUNK = 256 * 1024


@dataclass
class Reply:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    """By name, in lower case."""
    _body: http.client.HTTPResponse = field(repr=False)
    _left: int | None

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, b"" at the end; raises one of NO_ANSWER where the body breaks off."""
        got = self._body.read(size if size >= 0 else None)
        if self._left is not None:
            self._left -= len(got)
            if not got and size != 0 and self._left > 0:
                raise http.client.IncompleteRead(b"", self._left)
        return got

    def text(self, most: int = 64 * 1024) -> str:
        """The beginning of the body as text."""
        return self.read(most).decode("utf-8", "replace")


class Site:
    """One server and one connection to it; for one thread. `ca` is trusted beside the machine's own authorities."""

    def __init__(self, origin: str, *, timeout_s: float = 60, ca: str = "") -> None:
        parts = urlsplit(origin)
        self.host = parts.netloc
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=_authorities())
            if ca:
                context.load_verify_locations(cafile=ca)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=timeout_s, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)

    @contextmanager
    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Iterator[Reply]:
        """The answer to one request, to be read inside the block; raises one of NO_ANSWER where there is none.

        `target` is path and query, percent-encoded.
        """
        answered = self._answer(method, target, dict(headers or {}), body)
        length = answered.getheader("content-length")
        left = int(length) if length and length.isdigit() and method != "HEAD" else None
        try:
            yield Reply(answered.status, {name.lower(): text for name, text in answered.getheaders()}, answered, left)
        finally:
            if not answered.isclosed():
                self._connection.close()  # what was not read would be taken for the next answer

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> http.client.HTTPResponse:
        kept = self._connection.sock is not None
        try:
            self._connection.request(method, target, body=body or None, headers=headers)
            return self._connection.getresponse()
        except NO_ANSWER:
            self._connection.close()
            if not kept:
                raise
        # The server may have hung up on a connection that stood idle.
        try:
            self._connection.request(method, target, body=body or None, headers=headers)
            return self._connection.getresponse()
        except NO_ANSWER:
            self._connection.close()
            raise


def _authorities() -> str | None:
    import os

    return CA_BUNDLE if os.path.exists(CA_BUNDLE) else None
