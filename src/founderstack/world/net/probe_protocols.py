"""What is said to a server to learn whether it does what it promises, without a connection: bytes in, bytes out. Pure.

The protocols are spoken by hand because this runs in the resident part: psycopg alone would cost 150 ms of
imports and 15 MB of memory that stays, for one `SELECT 1` every ten seconds.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Generator

from founderstack.locale import _, joined
from founderstack.model.process import Probe, secret

Fill = Callable[[str], str]
Dialog = Generator[bytes | int | None, bytes, str]
"""Yields bytes to say, a number of bytes to be given, or None for a line (without its end); returns the error or ""."""

_MOST_BYTES = 65_536
_MOST_ERROR = 200


class Talk:
    """One dialog under way. Say `to_say()`, give `hear` what comes back, until `ended`."""

    def __init__(self, probe: Probe, fill: Fill) -> None:
        self.ended = False
        self.error = ""
        self._dialog = _DIALOGS[probe.kind](probe, fill)
        self._said = b""
        self._heard = b""
        self._want: bytes | int | None = b""
        self._go_on(None)

    def to_say(self) -> bytes:
        """What is to be said now; nothing where the server's turn is next."""
        said, self._said = self._said, b""
        return said

    def hear(self, chunk: bytes) -> None:
        """Take in what the server said; raises ValueError, LookupError or struct.error for nonsense."""
        self._heard += chunk
        while not self.ended and (given := self._wanted()) is not None:
            self._go_on(given)

    def _go_on(self, given: bytes | None) -> None:
        try:
            self._want = self._dialog.send(given)  # type: ignore[arg-type]  # None begins it
            while isinstance(self._want, bytes):
                self._said += self._want
                self._want = self._dialog.send(b"")
        except StopIteration as end:
            self.ended, self.error = True, end.value

    def _wanted(self) -> bytes | None:
        """What the dialog waits for, as soon as it is there."""
        if isinstance(self._want, int):
            if not 0 <= self._want <= _MOST_BYTES:
                raise ValueError(self._want)
            if len(self._heard) < self._want:
                return None
            given, self._heard = self._heard[: self._want], self._heard[self._want :]
            return given
        line, newline, rest = self._heard.partition(b"\n")
        if not newline:
            if len(self._heard) > _MOST_BYTES:
                raise ValueError(len(self._heard))
            return None
        self._heard = rest
        return line.rstrip(b"\r")


def said(sentence: str, words: str) -> str:
    """`sentence: words`, the words cut short and without control characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return joined(": ", (sentence, printable[:_MOST_ERROR].strip()))


def _tcp(probe: Probe, fill: Fill) -> Dialog:
    return ""
    yield


def _sql(probe: Probe, fill: Fill) -> Dialog:
    """PostgreSQL's protocol 3: sign in as a role that the server knows by its system user, then a simple query.

    Source: https://www.postgresql.org/docs/15/protocol-message-formats.html, checked against 15.
    """
    user = probe.credential.removeprefix("os:").partition(":")[0]
    settings = b"user\0" + user.encode() + b"\0database\0postgres\0application_name\0founder\0\0"
    yield struct.pack("!ii", len(settings) + 8, 196_608) + settings
    error = yield from _sql_answer()
    if error:
        return error
    question = (probe.ask or "SELECT 1").encode() + b"\0"
    yield b"Q" + struct.pack("!i", len(question) + 4) + question
    error = yield from _sql_answer()
    yield b"X" + struct.pack("!i", 4)
    return error


def _sql_answer() -> Dialog:
    """The error in the messages up to "ready for the next query", or ""."""
    while True:
        kind, size = struct.unpack("!ci", (yield 5))
        body = yield size - 4
        if kind == b"E":
            return said(_("the server refused"), _sql_message(body))
        if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
            return _("the server asks for a password")
        if kind == b"Z":
            return ""


def _sql_message(body: bytes) -> str:
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    return fields.get(b"M", b"").decode("utf-8", "replace")


def _redis(probe: Probe, fill: Fill) -> Dialog:
    user, _colon, secret_name = probe.credential.partition(":")
    if secret_name:
        yield _redis_command("AUTH", user, fill(secret(secret_name)))
        reply = yield None
        if reply[:1] != b"+":
            return _redis_refusal(reply)
    yield _redis_command(*(probe.ask or "PING").split())
    reply = yield None
    return _redis_refusal(reply) if reply[:1] not in (b"+", b":", b"$", b"*") else ""


def _redis_command(*words: str) -> bytes:
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(parts)


def _redis_refusal(reply: bytes) -> str:
    if reply[:1] != b"-":
        raise ValueError(reply)
    return said(_("the server refused"), reply[1:].decode("utf-8", "replace"))


def _http(probe: Probe, fill: Fill) -> Dialog:
    usual = ":443" if probe.kind == "https" else ":80"
    host = "localhost" if probe.target.startswith("/") else probe.target.removesuffix(usual)
    headers = {"Host": host, "User-Agent": "founder-probe", "Accept": "*/*", "Connection": "close"}
    headers |= {name: fill(value) for name, value in probe.headers}
    lines = [f"GET {probe.ask or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    yield "\r\n".join(lines).encode("latin-1")
    version, status = (yield None).split(b" ", 2)[:2]
    if not version.startswith(b"HTTP/1."):
        raise ValueError(version)
    return "" if int(status) in probe.accept else said(_("not the page it should serve"), f"HTTP {int(status)}")


def _agent(probe: Probe, fill: Fill) -> Dialog:
    yield b'{"v":1,"verb":"ping","args":{}}\n'
    return "" if json.loads((yield None))["ok"] is True else _("an answer that makes no sense")


_DIALOGS: dict[str, Callable[[Probe, Fill], Dialog]] = {
    "sql": _sql,
    "redis": _redis,
    "http": _http,
    "https": _http,
    "tcp": _tcp,
    "agent": _agent,
}
