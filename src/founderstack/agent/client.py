"""Asks the agent: the terminal and the panel speak to it through this file only."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from founderstack.locale import _, wire
from founderstack.model.errors import StackError

if TYPE_CHECKING:
    import asyncio

LONGEST_LINE = 4 * 1024 * 1024
SHORT_S = 15.0
"""What an agent that is well answers at once has this long; whatever may take longer is asked after a `ping`."""
LONG_S = {"restart": 180.0, "plan": 180.0, "backups": 120.0}


class NoAnswer(StackError):
    """Nobody answered: the agent is not there, ends, or hangs. What it refuses in words of its own is none of these."""


def ask(socket_path: str, verb: str, /, *, timeout_s: float = 0.0, **arguments: Any) -> Any:
    """The result of one verb; raises StackError with the agent's own words, or when it is not there."""
    if verb in LONG_S and not timeout_s:
        ask(socket_path, "ping")
    timeout_s = timeout_s or LONG_S.get(verb, SHORT_S)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(socket_path)
            connection.sendall(_request(verb, arguments))
            with connection.makefile("rb") as lines:
                return result(lines.readline(LONGEST_LINE))
    except OSError as problem:
        raise _unreachable(problem) from None


async def ask_async(socket_path: str, verb: str, /, *, timeout_s: float = 0.0, **arguments: Any) -> Any:
    """The same, without holding up an event loop."""
    import asyncio  # 50 ms that the command line does not pay

    if verb in LONG_S and not timeout_s:
        await ask_async(socket_path, "ping")
    timeout_s = timeout_s or LONG_S.get(verb, SHORT_S)
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(socket_path, limit=LONGEST_LINE)
            try:
                writer.write(_request(verb, arguments))
                return result(await _line(reader))
            finally:
                writer.close()
    except OSError as problem:
        raise _unreachable(problem) from None


async def stream(
    socket_path: str, verb: str, /, *, silence_s: float = 30.0, **arguments: Any
) -> AsyncGenerator[dict[str, Any], None]:
    """Each part of a verb that streams, for as long as there is more; raises StackError when the agent is gone.

    The agent sends at least a line every ten seconds, so `silence_s` without one means that it hangs.
    """
    import asyncio

    try:
        reader, writer = await asyncio.open_unix_connection(socket_path, limit=LONGEST_LINE)
        try:
            writer.write(_request(verb, arguments))
            while True:
                async with asyncio.timeout(silence_s):
                    line = await _line(reader)
                yield result(line)
        finally:
            writer.close()
    except OSError as problem:
        raise _unreachable(problem) from None


def watch(socket_path: str, *, silence_s: float = 30.0) -> AsyncGenerator[dict[str, Any], None]:
    """What `status` gives, then what changed, for as long as the agent lives."""
    return stream(socket_path, "watch", silence_s=silence_s)


async def follow(socket_path: str, job: str) -> AsyncGenerator[dict[str, Any], None]:
    """`{"event": …}` for each event of a job, `{"at": …}` where none comes, and `{"job": …}`, how it ended, as last."""
    async with aclosing(stream(socket_path, "follow", id=job)) as parts:
        async for part in parts:
            yield part
            if "job" in part:
                return


def _request(verb: str, arguments: dict[str, Any]) -> bytes:
    return json.dumps({"v": 1, "verb": verb, "args": arguments}).encode() + b"\n"


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # longer than the limit
        raise ConnectionError from None


def result(line: bytes) -> Any:
    """What one line of the agent says; raises StackError with its words, which whoever shows them translates."""
    if not line.endswith(b"\n"):
        raise ConnectionResetError("the agent closed the connection")
    answer = wire.loads(line)
    if answer["ok"]:
        return answer["result"]
    what, why, fix = (answer["error"][part] for part in ("what", "why", "fix"))
    raise StackError(_(what), _(why), _(fix))


def _unreachable(problem: OSError) -> NoAnswer:
    if isinstance(problem, TimeoutError):
        return NoAnswer(
            what=_("The agent does not answer"),
            why=_("It took the request and was silent for too long."),
            fix=_("Look at its log: founder logs agent"),
        )
    if isinstance(problem, (ConnectionResetError, BrokenPipeError)):
        return NoAnswer(
            what=_("The agent gave no answer"),
            why=_("It closed the connection: it is ending, or too many ask it at the same time."),
            fix=_("Try again in a moment; if it stays so, look at its log: founder logs agent"),
        )
    return NoAnswer(
        what=_("The agent cannot be reached"),
        why=_("Nothing answers on its socket."),
        fix=_("Run: founder up"),
    )
