"""Whether a process does what it promises: one question over its own protocol, answered within a deadline.

`check` waits for the answer, for the command line; `ask` holds up nobody, for the agent's event loop.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import time
from functools import cache
from typing import TYPE_CHECKING

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.process import Probe
from founderstack.model.protocols import Answer
from founderstack.world.net.probe_protocols import Fill as Fill, Talk, said

if TYPE_CHECKING:
    import ssl
    from concurrent.futures import Executor

_CHUNK = 16_384
_NAMES_AT_ONCE = 2
"""Threads that look up names. The system's resolver cannot be told to stop: whoever waits behind a dead one waits."""


def check(probe: Probe, fill: Fill, attempt_s: float = 5.0) -> Answer:
    """The answer to one attempt; a refusal, silence or nonsense is an answer that is not ok, never an exception.

    `fill` replaces secret references. Errors are one of a few fixed sentences, with the server's own words after
    ": ", so that a page in another language can translate the first part.
    """
    began = time.monotonic()
    try:
        error = _talked(probe, fill, began + attempt_s) or _kept_out(probe)
    except _PROBLEMS as problem:
        error = _told(problem)
    return _answer(error, began)


async def ask(probe: Probe, fill: Fill, attempt_s: float = 5.0) -> Answer:
    """The same, in an event loop."""
    import asyncio  # 50 ms that the command line does not pay

    began = time.monotonic()
    try:
        async with asyncio.timeout(attempt_s):
            error = await (_talk_sealed if probe.kind == "https" else _talk)(probe, fill) or _kept_out(probe)
    except _PROBLEMS as problem:
        error = _told(problem)
    return _answer(error, began)


_PROBLEMS = (OSError, ValueError, struct.error, LookupError, StackError)


def _answer(error: str, began: float) -> Answer:
    return Answer(ok=not error, latency_ms=round((time.monotonic() - began) * 1000, 1), error=error)


def _told(problem: BaseException) -> str:
    """A failure in one of a few fixed sentences."""
    if isinstance(problem, StackError):
        return problem.what
    sentences: tuple[tuple[type[BaseException], str], ...] = (
        (TimeoutError, _("no answer in time")),
        (ConnectionRefusedError, _("connection refused")),
        (FileNotFoundError, _("its socket is not there")),
        (PermissionError, _("its socket may not be entered")),
        (ConnectionError, _("the connection was closed")),
    )
    for kind, sentence in sentences:
        if isinstance(problem, kind):
            return sentence
    if isinstance(problem, OSError):
        return said(_("no connection"), problem.strerror or type(problem).__name__)
    return _("an answer that makes no sense")


def _kept_out(probe: Probe) -> str:
    """ "" unless the group for which the socket's folder has the set-gid bit may not connect, as root always may."""
    if not probe.target.startswith("/") or os.geteuid() != 0:
        return ""
    folder = os.stat(os.path.dirname(probe.target))
    if not folder.st_mode & stat.S_ISGID:
        return ""
    found = os.stat(probe.target)
    needed = stat.S_IWGRP if found.st_gid == folder.st_gid else stat.S_IWOTH
    if found.st_mode & needed:
        return ""
    return said(_("its socket keeps the gateway out"), f"mode {stat.S_IMODE(found.st_mode):04o}, give it 0660")


def _talked(probe: Probe, fill: Fill, deadline: float) -> str:
    """The dialog with every wait counted against one deadline, so that a server that drips cannot hold it."""
    with socket.socket(_family(probe), socket.SOCK_STREAM) as line:
        line.settimeout(_left(deadline))
        line.connect(_address(probe))
        talk = Talk(probe, fill)
        while True:
            if words := talk.to_say():
                line.settimeout(_left(deadline))
                line.sendall(words)
            if talk.ended:
                return talk.error
            line.settimeout(_left(deadline))
            talk.hear(_something(line.recv(_CHUNK)))


async def _talk(probe: Probe, fill: Fill) -> str:
    # Not asyncio's streams: they cost half as much again for a question of one line.
    import asyncio

    loop = asyncio.get_running_loop()
    family, address = _family(probe), _address(probe)
    if isinstance(address, tuple) and not _is_number(address[0]):
        family, address = await _looked_up(*address)
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.setblocking(False)
        await loop.sock_connect(line, address)
        talk = Talk(probe, fill)
        while True:
            if words := talk.to_say():
                await loop.sock_sendall(line, words)
            if talk.ended:
                return talk.error
            talk.hear(_something(await loop.sock_recv(line, _CHUNK)))


async def _talk_sealed(probe: Probe, fill: Fill) -> str:
    """Over TLS, for tools elsewhere."""
    import asyncio

    host, port = _tcp_address(probe)
    family, address = (_family(probe), (host, port)) if _is_number(host) else await _looked_up(host, port)
    reader, writer = await asyncio.open_connection(
        address[0], port, family=family, ssl=_trust(certificate=probe.certificate), server_hostname=host
    )
    try:
        talk = Talk(probe, fill)
        while True:
            writer.write(talk.to_say())
            if talk.ended:
                return talk.error
            talk.hear(_something(await reader.read(_CHUNK)))
    finally:
        writer.transport.abort()  # a server that does not say goodbye is not waited for


def _something(chunk: bytes) -> bytes:
    if not chunk:
        raise ConnectionResetError
    return chunk


def _family(probe: Probe) -> socket.AddressFamily:
    if probe.target.startswith("/"):
        return socket.AF_UNIX
    return socket.AF_INET6 if probe.target.startswith("[") else socket.AF_INET


def _address(probe: Probe) -> str | tuple[str, int]:
    if probe.kind == "sql" and probe.target.startswith("/"):
        folder, _colon, port = probe.target.rpartition(":")
        return f"{folder}/.s.PGSQL.{int(port)}"
    return probe.target if probe.target.startswith("/") else _tcp_address(probe)


def _tcp_address(probe: Probe) -> tuple[str, int]:
    host, _colon, port = probe.target.rpartition(":")
    return host.strip("[]"), int(port)


def _is_number(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host


async def _looked_up(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The first address of a name, looked up in a thread."""
    import asyncio

    found = await asyncio.get_running_loop().run_in_executor(
        _names(), lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    family, _kind, _protocol, _name, address = found[0]
    return family, (str(address[0]), port)


@cache
def _names() -> Executor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(_NAMES_AT_ONCE, thread_name_prefix="names")


@cache
def _trust(*, certificate: bool) -> ssl.SSLContext:
    """Whom a sealed connection trusts: the machine's authorities, or anybody."""
    import ssl

    context = ssl.create_default_context()
    if not certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
