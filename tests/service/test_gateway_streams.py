"""What the gateway lets through to an app and back: events at once, long silences, large bodies, odd clients."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from founderstack.catalogue import _node
from founderstack.model.stack import RING_SLOTS
from founderstack.world.install import environments
from tests.conftest import enterable_folder, wait_until
from tests.service.gateways import HOST, Stack, gateway, listens, stack_in

pytestmark = pytest.mark.timeout(180)

LEAST_WAIT_S = 0.15
"""Between two events: what is kept back arrives with the next one, and is told by that."""


async def _ticks() -> AsyncIterator[bytes]:
    for number in range(5):
        yield f"data: {number} {time.time()}\n\n".encode()
        await asyncio.sleep(LEAST_WAIT_S)


async def _events(_request: Request) -> Response:
    return StreamingResponse(_ticks(), media_type="text/event-stream")


async def _page(_request: Request) -> Response:
    return StreamingResponse(_ticks(), media_type="text/html")


async def _quiet(_request: Request) -> Response:
    async def quiet() -> AsyncIterator[bytes]:
        yield b"data: first\n\n"
        await asyncio.sleep(3)
        yield b"data: last\n\n"

    return StreamingResponse(quiet(), media_type="text/event-stream")


async def _upload(request: Request) -> Response:
    """When the first of the body arrived, and how long it is."""
    length, first = 0, 0.0
    async for chunk in request.stream():
        first = first or time.time()
        length += len(chunk)
    return PlainTextResponse(f"{length} {first}")


async def _told(request: Request) -> Response:
    if request.headers.get("range"):
        return PlainTextResponse("rang", 206, {"Content-Range": "bytes 0-3/10"})
    return PlainTextResponse(f"{request.method} {request.headers.get('x-request-id', '')}", headers={"X-Own": "yes"})


async def _refused(_request: Request) -> Response:
    return PlainTextResponse("the app's own words", 429)


async def _talk(socket_: WebSocket) -> None:
    await socket_.accept()
    async for text in socket_.iter_text():
        await socket_.send_text(text)


APP = Starlette(
    routes=[
        Route("/events", _events),
        Route("/page", _page),
        Route("/quiet", _quiet),
        Route("/upload", _upload, methods=["POST", "PUT"]),
        Route("/told", _told, methods=["GET", "HEAD", "POST"]),
        Route("/refused", _refused),
        WebSocketRoute("/talk", _talk),
    ]
)


@contextmanager
def serving(shared_home: Path, settings: str = "", timeout_s: int = 2) -> Iterator[Stack]:
    """The gateway in front of that app."""
    folder = enterable_folder("founder-streams-")
    text = f'[app]\nstart = "x"\nlisten = "socket"\n{settings}[gateway]\ntimeout_s = {timeout_s}\n'
    made = stack_in(folder, shared_home, text, app=True)
    path = f"{folder}/app.sock"
    server = uvicorn.Server(uvicorn.Config(APP, uds=path, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    with ExitStack() as parts:
        parts.callback(thread.join)
        parts.callback(lambda: setattr(server, "should_exit", True))
        wait_until(lambda: os.path.exists(path) and listens(path), "the app listens")
        os.makedirs(ring := made.resolved.views["gateway"].places.ring("app"))
        for slot in range(RING_SLOTS):
            os.symlink(path, f"{ring}/{slot}.sock")
        parts.enter_context(gateway(made))
        yield made
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture(scope="module")
def stack(shared_home: Path) -> Iterator[Stack]:
    with serving(shared_home) as made:
        yield made


def _context(made: Stack) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=f"{made.folder}/tls/ca.crt")


def _client(made: Stack) -> httpx.Client:
    return httpx.Client(verify=_context(made), base_url=f"https://{HOST}:{made.port('https')}", timeout=20)


def _delays(made: Stack, path: str) -> list[float]:
    """Seconds from when each piece was sent until it was here."""
    with _client(made) as client, client.stream("GET", path, headers={"Accept": "*/*"}) as answer:
        return [time.time() - float(line.split()[2]) for line in answer.iter_lines() if line]


@pytest.mark.parametrize("path", ["/events", "/page"])
def test_what_an_app_sends_piece_by_piece_arrives_at_once(stack: Stack, path: str) -> None:
    delays = _delays(stack, path)
    assert len(delays) == 5
    assert sorted(delays)[2] < LEAST_WAIT_S / 2, delays


def test_an_app_may_have_its_answers_kept_for_slow_visitors(shared_home: Path) -> None:
    with serving(shared_home, "buffer_answers = true\n") as made:
        assert max(_delays(made, "/page")) > LEAST_WAIT_S, "it arrives in lumps"


def test_what_stays_open_may_be_silent_for_longer_than_a_page(stack: Stack) -> None:
    with _client(stack) as client:
        with client.stream("GET", "/quiet", headers={"Accept": "text/event-stream"}) as answer:
            assert [line for line in answer.iter_lines() if line] == ["data: first", "data: last"]
        with pytest.raises(httpx.RemoteProtocolError), client.stream("GET", "/quiet") as answer:
            assert "data: last" not in [*answer.iter_lines()]
    with connect(f"wss://{HOST}:{stack.port('https')}/talk", ssl=_context(stack)) as talk:
        for text in ("one", "two"):
            talk.send(text)
            assert talk.recv(timeout=10) == text
        with pytest.raises(TimeoutError):
            talk.recv(timeout=3)
        talk.send("after the silence")
        assert talk.recv(timeout=10) == "after the silence"


def test_how_long_it_may_be_silent_is_a_setting(shared_home: Path) -> None:
    with (
        serving(shared_home, "idle_s = 5\n", timeout_s=1) as made,
        connect(f"wss://{HOST}:{made.port('https')}/talk", ssl=_context(made)) as talk,
        pytest.raises(ConnectionClosed),
    ):
        talk.recv(timeout=20)


def test_a_body_is_as_large_as_the_app_says(shared_home: Path, stack: Stack) -> None:
    large = b"x" * (2 * 2**20)
    with serving(shared_home, "body_limit_mib = 1\n") as made, _client(made) as client:
        refused = client.post("/upload", content=large)
        assert refused.status_code == 413
        assert all(text in refused.text for text in ("That is too large", "Es demasiado grande"))
        assert client.post("/upload", content=large[: 2**20]).status_code == 200
        assert client.post("/upload", content=iter([large])).status_code == 413, "also where nobody said how long it is"
    with _client(stack) as client:
        assert client.post("/upload", content=large).text.startswith(f"{len(large)} ")


@pytest.mark.parametrize("streamed", [True, False])
def test_a_body_reaches_the_app_while_it_comes_where_it_says_so(shared_home: Path, streamed: bool) -> None:
    def body() -> Iterator[bytes]:
        yield b"x" * 100_000
        time_of_second.wait(1)
        yield b"x"

    time_of_second = threading.Event()
    with serving(shared_home, f"stream_bodies = {str(streamed).lower()}\n") as made, _client(made) as client:
        length, first = client.post("/upload", content=body()).text.split()
        assert length == "100001"
        assert (time.time() - float(first) > 0.8) == streamed


def test_the_apps_own_answer_to_too_many_is_its_own(stack: Stack) -> None:
    with _client(stack) as client:
        assert client.get("/refused").text == "the app's own words"


def test_every_request_has_a_number_for_the_app_the_log_and_whoever_asks(stack: Stack) -> None:
    with _client(stack) as client:
        answer = client.get("/told", headers={"X-Request-ID": "forged"})
    number = answer.headers["x-request-id"]
    assert answer.text == f"GET {number}"
    assert len(number) == 32
    log = Path(f"{stack.resolved.views['gateway'].places.log('nginx')}/access.log")
    wait_until(lambda: f'"id":"{number}"' in log.read_text(), "the log has it")


def _spoken(made: Stack, said: bytes) -> bytes:
    """What the gateway answers to these very bytes."""
    with (
        closing(socket.create_connection((HOST, made.port("https")), timeout=20)) as plain,
        _context(made).wrap_socket(plain, server_hostname=HOST) as wrapped,
    ):
        wrapped.sendall(said)
        got = b""
        while piece := wrapped.recv(65_536):
            got += piece
        return got


def test_an_old_client_is_answered(stack: Stack) -> None:
    answer = _spoken(stack, f"GET /told HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.partition(b"\r\n\r\n")[2].startswith(b"GET ")


def test_a_body_in_chunks_and_one_that_asks_first_are_taken(stack: Stack) -> None:
    head = f"POST /upload HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
    chunked = _spoken(stack, f"{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".encode())
    assert b"\r\n\r\n5 " in chunked
    asked = _spoken(stack, f"{head}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc".encode())
    assert asked.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_head_and_ranges_are_the_apps_to_answer(stack: Stack) -> None:
    with _client(stack) as client:
        head = client.head("/told")
        assert (head.status_code, head.headers["x-own"], head.text) == (200, "yes", "")
        ranged = client.get("/told", headers={"Range": "bytes=0-3"})
        assert (ranged.status_code, ranged.text, ranged.headers["content-range"]) == (206, "rang", "bytes 0-3/10")


EARLY = """
require('http').createServer((_request, answer) => {
  answer.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => answer.end('ok'))
}).listen(process.env.PORT)
"""


def test_an_early_hint_of_a_node_app_does_no_harm(shared_home: Path) -> None:
    """Nginx before 1.29 would take it for the answer."""
    with serving(shared_home) as made, ExitStack() as parts:
        places = made.resolved.views["gateway"].places
        node, path = places.node(_node.VERSION), f"{made.folder}/early.sock"
        environments.node_runtime(node, _node.VERSION, python=places.python, progress=lambda _line: None)
        shim = files("founderstack.catalogue").joinpath("app_files", "listen.cjs")
        env = {"LISTEN_UDS": path, "PORT": "3000", "NODE_OPTIONS": f"--require {shim}"}
        server = parts.enter_context(subprocess.Popen([f"{node}/bin/node", "-e", EARLY], env=env))
        parts.callback(server.terminate)
        wait_until(lambda: os.path.exists(path) and listens(path), "the app listens")
        ring = places.ring("app")
        for slot in range(RING_SLOTS):
            os.unlink(f"{ring}/{slot}.sock")
            os.symlink(path, f"{ring}/{slot}.sock")
        with _client(made) as client:
            answer = client.get("/")
            assert (answer.status_code, answer.text) == (200, "ok")
