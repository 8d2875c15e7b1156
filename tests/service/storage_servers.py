"""Stand-ins for a project's storage: Supabase's REST as far as a move needs it, and what its buckets hold."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests.service.supabase_source import SupabaseSource, person

KEY = "the-key-of-the-service-role"
_PAGE = 2
"""Names in one page of a list: small, so that lists have many."""

Stored = dict[tuple[str, str], bytes]


def odd_objects() -> Stored:
    """Objects whose names have lost bytes elsewhere, by bucket and name."""
    return {
        ("avatars", "plain.png"): b"a picture",
        ("avatars", "with space/and (brackets) & more.jpg"): b"another",
        ("papers", f"{person(1)}/100% sure?.pdf"): b"%PDF",
        ("papers", "a%2Fb"): b"an encoded slash that is a name",
        ("papers", "a/b"): b"a folder",
        ("papers", "a"): b"a file where a folder is",
        ("papers", "hash#and?query=1&x=+;,@$"): b"odd",
        ("papers", "empty.txt"): b"",
        ("papers", ".emptyFolderPlaceholder"): b"",
        ("papers", "~tilde"): b"like a key of ours",
        ("papers", "x" * 240): b"a long name",
        ("papers", "big.bin"): bytes(range(256)) * 4096 * 5,
    }


def fill(source: SupabaseSource, objects: Mapping[tuple[str, str], bytes]) -> None:
    """Give the source a row for each object, as its storage would have written it."""
    with source.connect() as connection:
        for number, ((bucket, name), content) in enumerate(sorted(objects.items())):
            md5 = hashlib.md5(content).hexdigest()
            metadata = {
                # What was uploaded in parts has an ETag that is no digest of its bytes.
                "eTag": f'"{md5}-2"' if name == "big.bin" else f'"{md5}"',
                "size": len(content),
                "mimetype": "image/png" if name.endswith("png") else "application/pdf",
                "cacheControl": "max-age=3600",
            }
            connection.execute(
                """insert into storage.objects (id, bucket_id, name, version, metadata, user_metadata, owner_id)
                   values (%s, %s, %s, %s, %s, %s, %s)""",
                (
                    person(20000 + number),
                    bucket,
                    name,
                    f"version-{number}",
                    None if name == "a%2Fb" else json.dumps(metadata),
                    '{"by": "Zoë", "n": 1.50}' if name == "plain.png" else None,
                    str(person(1)),
                ),
            )


@dataclass
class RestStorage:
    """The REST: which objects it has, and how it misbehaves."""

    objects: Stored
    port: int = 0
    break_after: list[int] = field(default_factory=list)
    """Each is used once: the next answer that is longer breaks off after so many bytes."""
    busy: list[int] = field(default_factory=list)
    """Each is used once: the next request is answered with this status."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of what was asked for."""
    knows_ranges: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def rest_storage(objects: Stored) -> Iterator[RestStorage]:
    """A running stand-in for `/storage/v1` of a project."""
    storage = RestStorage(objects)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"storage": storage}))
    server.daemon_threads = True
    storage.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield storage
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    storage: RestStorage
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes | memoryview, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.storage.break_after and len(body) > self.storage.break_after[0] and "object/authenticated" in self.path:
            self.wfile.write(memoryview(body)[: self.storage.break_after.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def _problem(self, status: int, code: str, error: str) -> None:
        self._answer(status, json.dumps({"statusCode": code, "error": error, "message": error}).encode())

    def _refused(self) -> bool:
        if self.storage.busy:
            self._problem(self.storage.busy.pop(0), "503", "Busy")
            return True
        if self.headers["Authorization"] != f"Bearer {KEY}" or self.headers["apikey"] != KEY:
            self._problem(400, "403", "Invalid Compact JWS")
            return True
        return False

    def do_GET(self) -> None:
        self.storage.asked.append((self.path, self.headers["Range"] or ""))
        if self._refused():
            return
        found = re.fullmatch(r"/storage/v1/object/authenticated/([^/?#]+)/([^?#]+)", self.path)
        content = self.storage.objects.get((unquote(found[1]), unquote(found[2]))) if found else None
        if content is None:
            self._problem(400, "404", "not_found")
            return
        span = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "") if self.storage.knows_ranges else None
        if span is None:
            self._answer(200, content)
        elif int(span[1]) >= len(content):
            self._answer(416, b"")
        else:
            start = int(span[1])
            range_header = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self._answer(206, memoryview(content)[start:], range_header)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        if self._refused():
            return
        bucket = unquote(self.path.rpartition("/")[2])
        names = sorted((name for where, name in self.storage.objects if where == bucket), key=str.encode)
        start = int(asked.get("cursor") or 0)
        page = {
            "hasNext": start + _PAGE < len(names),
            "nextCursor": str(start + _PAGE),
            "folders": [],
            "objects": [{"id": "x", "key": name, "name": name} for name in names[start : start + _PAGE]],
        }
        self._answer(200, json.dumps(page).encode())
