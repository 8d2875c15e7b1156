"""What is said of a bucket that refuses or does not answer: each answer by a server that gives it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest

from founderstack.model.errors import EXIT_FAILED, EXIT_PRECONDITION, StackError
from founderstack.world.objects.s3 import Bucket, S3Store
from tests.app.servers import free_port

pytestmark = pytest.mark.timeout(60)


class Refusing(ThreadingHTTPServer):
    """Gives every question the same answer."""

    status = 200
    body = b""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = self.server
        assert isinstance(server, Refusing)
        self.send_response(server.status)
        self.send_header("Content-Type", "application/xml" if server.body.startswith(b"<?xml") else "text/plain")
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(server.body)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def log_message(self, *_words: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def refusing() -> Iterator[Refusing]:
    with Refusing(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _xml(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>No.</Message></Error>'.encode()


@pytest.mark.parametrize(
    ("status", "body", "what", "why", "fix", "code"),
    [
        (503, b"<h1>no</h1>", "cannot be reached", "answers with status 503", "provider works", EXIT_FAILED),
        (503, b"", "cannot be reached", "answers with status 503", "provider works", EXIT_FAILED),
        (429, b"", "cannot be reached", "answers with status 429", "provider works", EXIT_FAILED),
        (503, _xml("SlowDown"), "refuses", "SlowDown No.", "later", EXIT_PRECONDITION),
        (403, b"", "refuses", "answers with status 403", "Allow this key", EXIT_PRECONDITION),
        (403, _xml("InvalidAccessKeyId"), "refuses", "InvalidAccessKeyId", "set backup.s3_key", EXIT_PRECONDITION),
        (403, _xml("SignatureDoesNotMatch"), "refuses", "Signature", "set backup.s3_secret", EXIT_PRECONDITION),
        (404, b"gone", "not answer as an S3", "answers with status 404", "s3_endpoint", EXIT_PRECONDITION),
        (404, _xml("NoSuchBucket"), "refuses", "NoSuchBucket", "s3_bucket", EXIT_PRECONDITION),
        (200, b"<html>sign in</html>", "not answer as an S3", "cannot be read", "s3_endpoint", EXIT_PRECONDITION),
    ],
)
def test_each_refusal_is_told_in_words_with_its_cure(
    refusing: Refusing, status: int, body: bytes, what: str, why: str, fix: str, code: int
) -> None:
    refusing.status, refusing.body = status, body
    store = S3Store(Bucket(f"http://127.0.0.1:{refusing.server_port}", "bucket", "key", "secret", tries=0))
    asked: list[Callable[[], object]] = [lambda: list(store.list(""))]
    # A bucket that is gone has no object, and an answer without a body none either: these are told by the next step.
    if status != 200:
        asked.append(lambda: store.put("x", BytesIO(b"x")))
    if status not in (200, 404):
        asked.append(lambda: store.stat("x"))
    for ask in asked:
        with pytest.raises(StackError) as raised:
            ask()
        told = raised.value
        assert (what in told.what, why in told.why, fix in told.fix, told.exit_code) == (True, True, True, code), (
            told.why
        )
        assert not any(word in told.why for word in ("XML", "None", "Errno", "HTTPConnection"))


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("http://127.0.0.1:{free}", "127.0.0.1:{free}: Connection refused."),
        ("http://nowhere.invalid", "The name nowhere.invalid is not known."),
        ("https://127.0.0.1:{plain}", "127.0.0.1:{plain} does not speak TLS as it should"),
    ],
)
def test_an_address_that_nothing_answers_at_is_told_in_words(refusing: Refusing, endpoint: str, why: str) -> None:
    ports = {"free": free_port(), "plain": refusing.server_port}
    store = S3Store(Bucket(endpoint.format(**ports), "bucket", "key", "secret", tries=0))
    with pytest.raises(StackError, match="cannot be reached") as raised:
        list(store.list(""))
    assert why.format(**ports) in raised.value.why
    assert "Errno" not in raised.value.why
