"""Whether a process does what it promises: one question over its own protocol, answered within a deadline.

The protocols are spoken by hand because this runs in the resident part: psycopg alone would cost 150 ms of
imports and 15 MB of memory that stays, for one `SELECT 1` every ten seconds.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.process import Probe, secret
from founderstack.model.protocols import Answer

Fill = Callable[[str], str]

_MOST_BYTES = 65_536
_MOST_ERROR = 200


def check(probe: Probe, fill: Fill, attempt_s: float = 5.0) -> Answer:
    """The answer to one attempt; a refusal, silence or nonsense is an answer that is not ok, never an exception.

    `fill` replaces secret references. Errors are one of a few fixed sentences, with the server's own words after
    ": ", so that a page in another language can translate the first part.
    """
    began = time.monotonic()
    try:
        with _Line(probe, began + attempt_s) as line:
            error = _ASK[probe.kind](line, probe, fill)
    except TimeoutError:
        error = _("no answer in time")
    except ConnectionRefusedError:
        error = _("connection refused")
    except FileNotFoundError:
        error = _("its socket is not there")
    except PermissionError:
        error = _("its socket may not be entered")
    except ConnectionError:
        error = _("the connection was closed")
    except OSError as problem:
        error = _said(_("no connection"), problem.strerror or type(problem).__name__)
    except (ValueError, struct.error, LookupError):
        error = _("an answer that makes no sense")
    except StackError as problem:
        error = problem.what
    return Answer(ok=not error, latency_ms=round((time.monotonic() - began) * 1000, 1), error=error)


class _Line:
    """A connection whose every wait counts against one deadline, so that a server that drips cannot hold it."""

    def __init__(self, probe: Probe, deadline: float) -> None:
        self._deadline = deadline
        self._received = b""
        self._socket = self._connect(_address(probe))

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        if not 0 <= size <= _MOST_BYTES:
            raise ValueError(size)
        while len(self._received) < size:
            self._more()
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def until_newline(self) -> bytes:
        """The next line, without its end."""
        while b"\n" not in self._received:
            if len(self._received) > _MOST_BYTES:
                raise ValueError(len(self._received))
            self._more()
        taken, _newline, self._received = self._received.partition(b"\n")
        return taken.rstrip(b"\r")

    def _more(self) -> None:
        self._socket.settimeout(self._left())
        chunk = self._socket.recv(16_384)
        if not chunk:
            raise ConnectionResetError
        self._received += chunk

    def _connect(self, address: str | tuple[str, int]) -> socket.socket:
        if isinstance(address, tuple):
            return socket.create_connection(address, timeout=self._left())
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._left())
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _address(probe: Probe) -> str | tuple[str, int]:
    if probe.kind == "sql" and probe.target.startswith("/"):
        folder, _colon, port = probe.target.rpartition(":")
        return f"{folder}/.s.PGSQL.{int(port)}"
    if probe.target.startswith("/"):
        return probe.target
    host, _colon, port = probe.target.rpartition(":")
    return host, int(port)


def _tcp(line: _Line, probe: Probe, fill: Fill) -> str:
    return ""


def _sql(line: _Line, probe: Probe, fill: Fill) -> str:
    """PostgreSQL's protocol 3: sign in as a role that the server knows by its system user, then a simple query.

    Source: https://www.postgresql.org/docs/15/protocol-message-formats.html, checked against 15.
    """
    user = probe.credential.removeprefix("os:").partition(":")[0]
    settings = b"user\0" + user.encode() + b"\0database\0postgres\0application_name\0founder\0\0"
    line.send(struct.pack("!ii", len(settings) + 8, 196_608) + settings)
    error = _sql_answer(line)
    if error:
        return error
    question = (probe.ask or "SELECT 1").encode() + b"\0"
    line.send(b"Q" + struct.pack("!i", len(question) + 4) + question)
    error = _sql_answer(line)
    line.send(b"X" + struct.pack("!i", 4))
    return error


def _sql_answer(line: _Line) -> str:
    """The error in the messages up to "ready for the next query", or ""."""
    while True:
        kind, size = struct.unpack("!ci", line.exactly(5))
        body = line.exactly(size - 4)
        if kind == b"E":
            return _said(_("the server refused"), _sql_message(body))
        if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
            return _("the server asks for a password")
        if kind == b"Z":
            return ""


def _sql_message(body: bytes) -> str:
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    return fields.get(b"M", b"").decode("utf-8", "replace")


def _redis(line: _Line, probe: Probe, fill: Fill) -> str:
    user, _colon, secret_name = probe.credential.partition(":")
    if secret_name:
        line.send(_redis_command("AUTH", user, fill(secret(secret_name))))
        reply = line.until_newline()
        if reply[:1] != b"+":
            return _redis_refusal(reply)
    line.send(_redis_command(*(probe.ask or "PING").split()))
    reply = line.until_newline()
    return _redis_refusal(reply) if reply[:1] not in (b"+", b":", b"$", b"*") else ""


def _redis_command(*words: str) -> bytes:
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(parts)


def _redis_refusal(reply: bytes) -> str:
    if reply[:1] != b"-":
        raise ValueError(reply)
    return _said(_("the server refused"), reply[1:].decode("utf-8", "replace"))


def _http(line: _Line, probe: Probe, fill: Fill) -> str:
    host = "localhost" if probe.target.startswith("/") else probe.target
    headers = {"Host": host, "User-Agent": "founder-probe", "Accept": "*/*", "Connection": "close"}
    headers |= {name: fill(value) for name, value in probe.headers}
    lines = [f"GET {probe.ask or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    line.send("\r\n".join(lines).encode("latin-1"))
    version, status = line.until_newline().split(b" ", 2)[:2]
    if not version.startswith(b"HTTP/1."):
        raise ValueError(version)
    return "" if int(status) in probe.accept else _said(_("not the page it should serve"), f"HTTP {int(status)}")


def _agent(line: _Line, probe: Probe, fill: Fill) -> str:
    line.send(b'{"v":1,"verb":"ping","args":{}}\n')
    return "" if json.loads(line.until_newline())["ok"] is True else _("an answer that makes no sense")


def _said(sentence: str, words: str) -> str:
    """`sentence: words`, the words cut short and without control characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return f"{sentence}: {printable[:_MOST_ERROR].strip()}"


_ASK: dict[str, Callable[[_Line, Probe, Fill], str]] = {
    "sql": _sql,
    "redis": _redis,
    "http": _http,
    "tcp": _tcp,
    "agent": _agent,
}
