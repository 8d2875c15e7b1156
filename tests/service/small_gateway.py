"""A gateway reduced to what the panel needs of one: it adds the secret and passes everything on."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import suppress

from tests.service.panels import SECRET

NOBODY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""What is said where no panel listens."""


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
    """Take one request at a time to the panel, with the gateway's secret, and bring the answer, until one side ends."""
    try:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
    except OSError:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(NOBODY)
        return

    async def ask() -> None:
        while True:
            first, _newline, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            inner_writer.write(first + f"\r\nX-Founder-Gateway: {SECRET}\r\nX-Real-IP: 127.0.0.1\r\n".encode() + rest)
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", b"\r\n" + rest)
            if length:
                inner_writer.write(await reader.readexactly(int(length[1])))

    async def answer() -> None:
        while content := await inner_reader.read(65_536):
            writer.write(content)

    halves = [asyncio.create_task(ask()), asyncio.create_task(answer())]
    try:
        await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for half in halves:
            half.cancel()
        await asyncio.gather(*halves, return_exceptions=True)
        inner_writer.transport.abort()


class Gateway:
    """A gateway reduced to what the panel needs of one, on a port of loopback."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self.url = ""
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Gateway:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_problem: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(10)
            self._loop.close()

    def cut(self) -> None:
        """Drop every connection and take no new one."""
        self.__exit__()

    async def _serve(self) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(OSError, EOFError):
                    await _pass_on(reader, writer, self._path)
                writer.close()  # after what was written: a browser that waits for more learns that nothing comes
            except asyncio.CancelledError:
                writer.transport.abort()

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.url = "http://localhost:%d" % listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(5):  # transports close in the turns after they were told to
            await asyncio.sleep(0)
