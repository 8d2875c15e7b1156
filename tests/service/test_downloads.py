"""Programs from their makers: only what its digest says is kept, whatever happens on the way."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from founderstack.model.actions import Download
from founderstack.model.errors import StackError
from founderstack.world.install.downloads import download
from tests.conftest import wait_until

pytestmark = pytest.mark.timeout(120)

SCRIPT = b"#!/bin/sh\necho it runs\n"


def _archive(name: str = "made-1.0/program") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(SCRIPT)
        archive.addfile(member, io.BytesIO(SCRIPT))
    return gzip.compress(packed.getvalue(), mtime=0)


class _Server(ThreadingHTTPServer):
    def __init__(self, body: bytes, *, cut: int = 0, stall: bool = False) -> None:
        self.body, self.cut, self.stall, self.asked = body, cut, stall, 0
        self.go_on = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved", ""))
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body[: len(self.server.body) - self.server.cut])
        self.wfile.flush()
        if self.server.stall:
            self.server.go_on.wait(60)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def _serving(body: bytes, *, cut: int = 0, stall: bool = False) -> Iterator[tuple[_Server, str]]:
    with _Server(body, cut=cut, stall=stall) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.05))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()


def _made(url: str, body: bytes, program: str) -> Download:
    return Download("made-1.0", url, hashlib.sha256(body).hexdigest(), program)


def _bring(action: Download, path: Path) -> list[str]:
    said: list[str] = []
    assert download(action, str(path), progress=said.append) == str(path)
    return said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the program shall be; nothing else is left beside it."""
    os.mkdir(tmp_path / "programs")
    return tmp_path / "programs/made-1.0"


def _runs(path: Path) -> bool:
    return subprocess.run([path], capture_output=True, check=True).stdout == b"it runs\n"


@pytest.mark.parametrize("moved", ["", "/moved"])
def test_an_archive_is_brought_once_also_through_a_redirect(path: Path, moved: str) -> None:
    body = _archive()
    with _serving(body) as (server, origin):
        action = _made(f"{origin}{moved}/made.tar.gz", body, "made-1.0/program")
        assert _bring(action, path) == ["0 MiB of made-1.0"]
        assert _runs(path / "made-1.0/program")
        asked = server.asked
        assert _bring(action, path) == []
        assert server.asked == asked, "what is there is not asked for again"
    assert [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")] == ["made-1.0"]


def test_a_program_by_itself_gets_its_name(path: Path) -> None:
    with _serving(SCRIPT) as (_server, origin):
        _bring(_made(f"{origin}/made-linux-amd64", SCRIPT, "bin/made"), path)
    assert _runs(path / "bin/made")


def test_another_version_takes_the_place_of_what_is_there(path: Path) -> None:
    other = SCRIPT.replace(b"it runs", b"the other one")
    for body in (SCRIPT, other):
        with _serving(body) as (_server, origin):
            _bring(_made(f"{origin}/made", body, "made"), path)
    assert (path / "made").read_bytes() == other


@pytest.mark.parametrize(
    ("served", "cut", "program", "told"),
    [
        (b"something else", 0, "made", "What was downloaded as made-1.0 is not what it should be"),
        (SCRIPT, 5, "made", "is not what it should be|cannot be downloaded"),
        (_archive(), 0, "made-1.0/other", "made-1.0/other is not in what was downloaded"),
        (_archive("../outside"), 0, "made-1.0/program", "cannot be put back"),
    ],
)
def test_of_what_is_wrong_nothing_is_kept(path: Path, served: bytes, cut: int, program: str, told: str) -> None:
    end = ".tar.gz" if served.startswith(b"\x1f\x8b") else ""
    known = served if end else SCRIPT
    with (
        _serving(served, cut=cut) as (_server, origin),
        pytest.raises(StackError, match=told) as error,
    ):
        download(_made(f"{origin}/made{end}", known, program), str(path), progress=lambda _line: None)
    assert error.value.fix
    assert [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")] == []


def test_where_nobody_answers_the_address_is_named(path: Path) -> None:
    with pytest.raises(StackError, match="cannot be downloaded") as error:
        download(_made("http://127.0.0.1:1/made", SCRIPT, "made"), str(path), progress=lambda _line: None)
    assert error.value.why.startswith("http://127.0.0.1:1/made says: ")


_CHILD = """
import sys
from founderstack.model.actions import Download
from founderstack.world.install.downloads import download
download(Download(*sys.argv[2:]), sys.argv[1], progress=lambda line: print(line, flush=True))
"""


def test_what_a_kill_leaves_is_made_anew(path: Path) -> None:
    with _serving(SCRIPT, cut=5, stall=True) as (server, origin):
        action = _made(f"{origin}/made", SCRIPT, "made")
        argv = [sys.executable, "-c", _CHILD, str(path), action.name, action.url, action.sha256, action.program]
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        wait_until(lambda: server.asked == 1, "the download has begun")
        wait_until(lambda: os.path.isdir(f"{path}.new"), "its folder is there")
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert not path.exists()
    with _serving(SCRIPT) as (_server, origin):
        _bring(_made(f"{origin}/made", SCRIPT, "made"), path)
    assert _runs(path / "made")
    assert not os.path.exists(f"{path}.new")
