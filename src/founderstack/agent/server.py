"""The agent's socket: who is asking, one request a line, and nobody who can hold it up."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from founderstack.agent.verbs import PROTOCOL, VERBS, Caller, Request, read_request
from founderstack.locale import _, wire
from founderstack.model.errors import StackError

MOST_CLIENTS = 64
MOST_FOLLOWERS = 32
"""Of these, those whose answer goes on for as long as they listen: short questions always find a place."""
LONGEST_REQUEST = 64 * 1024
SILENCE_S = 60.0
"""A client that says nothing for so long is cut off."""
SLOW_S = 10.0
"""So is one that does not take what it asked for."""

Answers = Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Any]]]
Streams = Mapping[str, Callable[[Mapping[str, Any]], AsyncGenerator[Any, None]]]


class Server:
    """Listens on a Unix socket for the owner and for the panel, and for nobody else.

    The panel is whoever is of the group that the runtime let into the socket's folder.
    """

    def __init__(self, path: str, answers: Answers, streams: Streams) -> None:
        self._path = path
        self._answers = answers
        self._streams = streams
        self._clients: set[asyncio.Task[None]] = set()
        self._followers = 0
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; a socket left by an earlier agent is replaced."""
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        before = os.umask(0o177)
        try:
            self._listener = await asyncio.start_unix_server(self._accept, self._path, limit=LONGEST_REQUEST)
        finally:
            os.umask(before)
        self.let_panel_in()

    def let_panel_in(self) -> None:
        """Give the socket the group of its folder, which the runtime may have changed."""
        if self._listener is None:
            return
        group = self._panel_group()
        os.chown(self._path, -1, -1 if group is None else group)
        os.chmod(self._path, 0o600 if group is None else 0o660)

    def _panel_group(self) -> int | None:
        """The group of the folder; None where it is the agent's own, as on a machine without root."""
        group = os.stat(os.path.dirname(self._path)).st_gid
        return None if group == os.getegid() else group

    async def close(self) -> None:
        """Stop listening and cut everybody off."""
        if self._listener:
            self._listener.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        caller = self._caller(writer)
        if caller is None or len(self._clients) >= MOST_CLIENTS:
            writer.transport.abort()
            return
        self._clients.add(task)
        try:
            await self._serve(reader, writer, caller)
        except (OSError, asyncio.CancelledError):  # gone, too slow, or the agent ends
            pass
        finally:
            self._clients.discard(task)
            writer.transport.abort()

    def _caller(self, writer: asyncio.StreamWriter) -> Caller | None:
        connection = writer.get_extra_info("socket")
        _pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid in (0, os.geteuid()):
            return "owner"
        return "panel" if gid == self._panel_group() else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: Caller) -> None:
        while True:
            try:
                line = await asyncio.wait_for(reader.readline(), SILENCE_S)
            except ValueError:
                await _send(writer, failure(_too_long()))
                return
            if not line.endswith(b"\n"):
                return
            try:
                request = read_request(line, caller)
                if VERBS[request.verb].streams:
                    await self._stream(request, reader, writer)
                    return
                await _send(writer, await self._answer(request))
            except StackError as error:
                await _send(writer, failure(error))

    async def _answer(self, request: Request) -> dict[str, Any]:
        return _success(await self._answers[request.verb](request.arguments))

    async def _stream(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send line by line until the client goes; it has nothing more to say, so whatever it sends ends it."""
        if self._followers >= MOST_FOLLOWERS:
            raise _too_many()
        self._followers += 1
        gone = asyncio.ensure_future(reader.read(1))
        sending = asyncio.ensure_future(self._send_each(request, writer))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._followers -= 1
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_each(self, request: Request, writer: asyncio.StreamWriter) -> None:
        try:
            async with aclosing(self._streams[request.verb](request.arguments)) as parts:
                async for part in parts:
                    await _send(writer, _success(part))
        except StackError as error:
            await _send(writer, failure(error))


async def _send(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(wire.dumps(answer, separators=(",", ":")).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), SLOW_S)


def _success(result: Any) -> dict[str, Any]:
    return {"v": PROTOCOL, "ok": True, "result": result}


def failure(error: StackError) -> dict[str, Any]:
    """An error as it goes over the socket."""
    return {"v": PROTOCOL, "ok": False, "error": {"what": error.what, "why": error.why, "fix": error.fix}}


def _too_many() -> StackError:
    return StackError(
        what=_("The agent follows nothing more at the moment"),
        why=_("{count} pages or commands follow a log, a job or the services already.").format(count=MOST_FOLLOWERS),
        fix=_("Close pages that you do not look at, then load this one again."),
    )


def _too_long() -> StackError:
    return StackError(
        what=_("The agent refused a request"),
        why=_("It is longer than {kib} KiB.").format(kib=LONGEST_REQUEST // 1024),
        fix=_("Use the founder command or the panel."),
    )
