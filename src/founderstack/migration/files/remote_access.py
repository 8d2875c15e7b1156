"""How the source's storage is asked: S3 as Supabase speaks it, or its own REST. Values in, requests out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

from founderstack.model.protocols import Clock

Question = tuple[str, str, bytes]
"""Method, target (path and query, percent-encoded), body."""
_PAGE = 1000
_NOTHING = sha256(b"").hexdigest()


class Access(Protocol):
    """One way to a storage."""

    @property
    def where(self) -> str:
        """Its address, for a person: no key in it."""
        ...

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        ...

    def target(self, bucket: str, name: str) -> str:
        """Where an object's bytes are."""
        ...

    def listing(self, bucket: str, page: str) -> Question:
        """How to ask for the names in a bucket; `page` is "" at first."""
        ...

    def names(self, body: bytes) -> tuple[Sequence[str], str | None]:
        """The names in an answer, and the page that follows."""
        ...

    def signed(self, method: str, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers with the proof of who asks."""
        ...


@dataclass(frozen=True)
class RestAccess:
    """Supabase's own REST, with the key of the service role.

    Source: https://supabase.com/docs/reference/api (object/authenticated, object/list-v2), supabase/storage 4fa61fb.
    """

    url: str
    """`https://PROJECT.supabase.co`, or where a self-hosted gateway is."""
    key: str = field(repr=False)

    @property
    def where(self) -> str:
        return f"{self.url.rstrip('/')}/storage/v1"

    @property
    def origin(self) -> str:
        return _origin(self.url)

    def target(self, bucket: str, name: str) -> str:
        return f"{self._path}/object/authenticated/{quote(bucket, safe='')}/{_path(name)}"

    def listing(self, bucket: str, page: str) -> Question:
        asked = {"prefix": "", "limit": _PAGE, "with_delimiter": False} | ({"cursor": page} if page else {})
        return "POST", f"{self._path}/object/list-v2/{quote(bucket, safe='')}", json.dumps(asked).encode()

    def names(self, body: bytes) -> tuple[Sequence[str], str | None]:
        answer = json.loads(body)
        follows = answer.get("nextCursor") if answer.get("hasNext") else None
        return [one.get("key") or one["name"] for one in answer.get("objects", ())], follows

    def signed(self, method: str, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {**headers, "Authorization": f"Bearer {self.key}", "apikey": self.key}

    @property
    def _path(self) -> str:
        return f"{urlsplit(self.url).path.rstrip('/')}/storage/v1"


@dataclass(frozen=True)
class S3Access:
    """S3 with its address as path: `https://PROJECT.storage.supabase.co/storage/v1/s3`.

    Client libraries refuse an endpoint with a path, so requests are made here and only signed by one.
    Source: https://supabase.com/docs/guides/storage/s3/authentication
    """

    endpoint: str
    region: str
    key: str
    secret: str = field(repr=False)
    clock: Clock = field(repr=False)

    @property
    def where(self) -> str:
        return self.endpoint

    @property
    def origin(self) -> str:
        return _origin(self.endpoint)

    def target(self, bucket: str, name: str) -> str:
        return f"{self._path}/{quote(bucket, safe='')}/{_path(name)}"

    def listing(self, bucket: str, page: str) -> Question:
        asked = {"list-type": "2", "max-keys": str(_PAGE)}
        asked |= {"continuation-token": page} if page else {}
        return "GET", f"{self._path}/{quote(bucket, safe='')}?{urlencode(sorted(asked.items()), quote_via=quote)}", b""

    def names(self, body: bytes) -> tuple[Sequence[str], str | None]:
        from xml.etree import ElementTree

        root = ElementTree.fromstring(_without_entities(body))  # noqa: S314
        space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        names = [one.findtext(f"{space}Key") or "" for one in root.iter(f"{space}Contents")]
        follows = root.findtext(f"{space}NextContinuationToken")
        return names, follows or None

    def signed(self, method: str, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        from datetime import UTC, datetime

        from minio.credentials.credentials import Credentials
        from minio.signer import sign_v4_s3

        url = urlsplit(f"{self.origin}{target}")
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        stamped = {"Host": url.netloc, "x-amz-content-sha256": _NOTHING, "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self.region,
            headers={**headers, **stamped},
            credentials=Credentials(access_key=self.key, secret_key=self.secret),
            content_sha256=_NOTHING,
            date=now,
        )
        return {name: str(value) for name, value in signed.items()}

    @property
    def _path(self) -> str:
        return urlsplit(self.endpoint).path.rstrip("/")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _path(name: str) -> str:
    """A name as the path of a URL: every part encoded, so that `%2F`, `?` and `#` in it stay what they are."""
    return quote(name, safe="/")


def _without_entities(body: bytes) -> bytes:
    """The body where it declares no entities: those could grow without end."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a list of objects with a document type")
    return body
