"""Server-sent events: what a page shows, sent again whenever it changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse

from founderstack.panel.home import Home
from founderstack.panel.live import Live
from founderstack.panel.rendering import Reader

MOST_LISTENERS = 64
_ALIVE_S = 10.0


class Listeners:
    """Counts the open streams, so that a crowd of them cannot take every connection."""

    def __init__(self) -> None:
        self._open = 0

    def answer(self, frames: AsyncIterator[bytes]) -> Response:
        """The frames as a stream of events; 503 when too many listen already, and pages ask from time to time."""
        if self._open >= MOST_LISTENERS:
            return Response(status_code=503)
        return StreamingResponse(self._counted(frames), media_type="text/event-stream")

    async def _counted(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            async for frame in frames:
                yield frame
        finally:
            self._open -= 1


async def tiles(live: Live, home: Home, reader: Reader, signed_in: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Everything at first, then what changed, and a sign of life where nothing did; ends when the session does."""
    known: dict[str, bytes] = {}
    while signed_in():
        fragments = home.fragments(reader)
        version = live.version
        changed = [name for name, fragment in fragments.items() if known.get(name) != fragment]
        known = fragments
        names = [name for name in fragments if name]
        yield event("names", json.dumps(names)) + b"".join(
            event("tile" if name else "summary", fragments[name].decode()) for name in changed
        )
        if live.version == version:
            await live.changed(_ALIVE_S)
    yield event("over", "")


def event(name: str, text: str) -> bytes:
    """One event; its lines are put together again by the browser."""
    lines = "".join(f"data: {line}\n" for line in text.strip().splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
