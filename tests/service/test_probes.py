"""Probes against real servers, and against servers that lie, drip, hang or talk nonsense."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.model.process import Probe, secrets_in
from founderstack.model.protocols import Answer
from founderstack.world.net import probes
from tests.conftest import wait_until

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None)
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


Check = Callable[..., Answer]


@pytest.fixture(params=["waiting", "in an event loop"])
def check(request: pytest.FixtureRequest) -> Check:
    """Both ways to ask, which say and hear the same."""
    if request.param == "waiting":
        return probes.check
    return lambda *asked: asyncio.run(probes.ask(*asked))


def fill(text: str) -> str:
    """Every secret is its own name backwards."""
    for reference, name, _filter in secrets_in(text):
        text = text.replace(reference, name[::-1])
    return text


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that treats each connection with `answer`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _peer = listener.accept()
                except OSError:
                    return
                with connection:
                    if not done.is_set():
                        answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        try:
            yield address
        finally:
            done.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join(10)


def saying(content: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        try:
            connection.recv(4096)
            connection.sendall(content)
        except OSError:
            return

    return answer


@pytest.mark.parametrize("kind", ["http", "redis", "sql", "agent"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 40, b"\xff\xfe nonsense\r\n\r\n", b"x" * 200_000, b"HTTP/1.1\r\n\r\n", b"E\x7f\xff\xff\xff", b"{}\n"],
)
def test_nonsense_is_an_answer_that_is_not_ok(check: Check, kind: str, content: bytes) -> None:
    with server(saying(content)) as address:
        answer = check(Probe(kind, address, credential="a:b"), fill, 2.0)  # type: ignore[arg-type]
    assert not answer.ok
    assert answer.error


@pytest.mark.parametrize("kind", ["http", "redis", "sql", "agent"])
def test_a_server_that_drips_or_is_silent_is_given_up_on_in_time(check: Check, kind: str) -> None:
    pause = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            connection.sendall(b"S\0\0\x7f\0")
            while not pause.wait(0.05):
                connection.sendall(b"H")
        except OSError:
            return

    def silent(connection: socket.socket) -> None:
        pause.wait(0.6)

    for treat in (drip, silent):
        with server(treat) as address:
            answer = check(Probe(kind, address, credential="a:b"), fill, 0.3)  # type: ignore[arg-type]
        assert not answer.ok
        assert 250 <= answer.latency_ms < 1500
        assert answer.error == "no answer in time"


def test_statuses_and_headers_of_a_page(check: Check, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        seen.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    with server(answer) as address:
        probe = Probe("http", address, ask="/health", headers=(("X-Founder-Gateway", "{{secret:a.b}}"),))
        refused = check(probe, fill)
        assert (refused.ok, refused.error) == (False, "not the page it should serve: HTTP 401")
        assert check(Probe("http", address, ask="/", accept=(200, 401)), fill).ok
    assert seen[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"\r\nX-Founder-Gateway: b.a\r\n" in seen[0]


def test_nobody_there(check: Check, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        closed = "127.0.0.1:%d" % held.getsockname()[1]
        assert check(Probe("tcp", closed), fill).error == "connection refused"
    missing = str(tmp_path / "missing.sock")
    assert check(Probe("http", missing), fill).error == "its socket is not there"
    assert check(Probe("agent", missing), fill).error == "its socket is not there"
    assert check(Probe("sql", f"{tmp_path}:5432", credential="probe"), fill).error == "its socket is not there"
    assert not check(Probe("tcp", "127.0.0.1:notaport"), fill).ok


def test_a_missing_secret_is_an_answer_too(check: Check) -> None:
    def no_secret(text: str) -> str:
        raise StackError("The secret is missing", "It was removed.", "Run: founder up")

    with server(saying(b"+OK\r\n")) as address:
        answer = check(Probe("redis", address, credential="probe:cache.probe"), no_secret)
    assert (answer.ok, answer.error) == (False, "The secret is missing")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A short one, for sockets, that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="fp-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(POSTGRES is None, reason="PostgreSQL is not installed here")
def test_a_real_postgresql_is_asked_over_its_socket(check: Check) -> None:
    assert POSTGRES is not None
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    become = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    with temporary_folder() as folder:
        if become:
            shutil.chown(folder, user, "nogroup")
        initdb = [
            *become,
            str(POSTGRES.parent / "initdb"),
            "-D",
            f"{folder}/data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        command = [*become, str(POSTGRES), "-D", f"{folder}/data", "-k", str(folder), "-p", "5999", "-h", ""]
        with subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                probe = Probe("sql", f"{folder}:5999", ask="SELECT 1", credential="postgres")
                wait_until(lambda: check(probe, fill).ok, "PostgreSQL answers")
                nobody = check(Probe("sql", f"{folder}:5999", credential="nobody-of-that-name"), fill)
                assert nobody.error.startswith("the server refused: role")
                bad = check(Probe("sql", f"{folder}:5999", ask="SELECT 1/0", credential="postgres"), fill)
                assert bad.error == "the server refused: division by zero"
                hba = folder / "data" / "pg_hba.conf"
                hba.write_text("local all all scram-sha-256\n")
                running.send_signal(1)
                wait_until(lambda: "password" in check(probe, fill).error, "a password is asked for")
            finally:
                running.terminate()


@pytest.mark.skipif(REDIS is None, reason="neither Redis nor Valkey is installed here")
def test_a_real_redis_is_asked_after_signing_in(check: Check) -> None:
    with temporary_folder() as folder:
        path = f"{folder}/redis.sock"
        settings = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", str(folder)]
        acl = ["--user", "default", "off", "--user", "probe", "on", ">eborp.ehcac", "+ping"]
        command = [str(REDIS), *settings, *acl]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                good = Probe("redis", path, ask="PING", credential="probe:cache.probe")
                wait_until(lambda: check(good, fill).ok, "the server answers")
                assert check(Probe("redis", path, ask="PING"), fill).error.startswith("the server refused: NOAUTH")
                wrong = check(Probe("redis", path, ask="PING", credential="probe:other"), fill)
                assert wrong.error.startswith("the server refused: WRONGPASS")
            finally:
                running.terminate()


def sealed_server(folder: Path, status: int) -> tuple[ThreadingHTTPServer, threading.Thread]:
    """An HTTPS server with a certificate that nobody trusts."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *names, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None: ...

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    serving.socket = context.wrap_socket(serving.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    return serving, thread


def test_a_tool_elsewhere_is_asked_over_tls_by_its_name_and_may_ask_for_a_sign_in(tmp_path: Path) -> None:
    serving, thread = sealed_server(tmp_path, 401)
    try:
        target = f"localhost:{serving.server_port}"
        trusting = Probe("https", target, ask="/", accept=(200, 401), certificate=False)
        assert asyncio.run(probes.ask(trusting, fill)).ok
        strict = asyncio.run(probes.ask(replace(trusting, accept=(200,)), fill))
        assert strict.error == "not the page it should serve: HTTP 401"
        untrusted = asyncio.run(probes.ask(replace(trusting, certificate=True), fill))
        assert (untrusted.ok, untrusted.error.partition(":")[0]) == (False, "no connection")
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()
    nowhere = asyncio.run(probes.ask(Probe("https", "no-such-host.invalid:443"), fill, 4.0))
    assert (nowhere.ok, nowhere.error.partition(":")[0] in ("no connection", "no answer in time")) == (False, True)
