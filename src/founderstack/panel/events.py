"""Server-sent events: each change of a tile, as the HTML that replaces it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from founderstack.panel.live import Live
from founderstack.panel.pages import Pages, Reader

MOST_LISTENERS = 64
_ALIVE_S = 10.0


async def stream(live: Live, pages: Pages, reader: Reader, signed_in: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Everything at first, then what changed, and a sign of life where nothing did; ends when the session does."""
    known: dict[str, bytes] = {}
    while signed_in():
        fragments = pages.fragments(reader)
        version = live.version
        changed = [name for name, fragment in fragments.items() if known.get(name) is not fragment]
        known = fragments
        names = [name for name in fragments if name]
        yield _event("names", json.dumps(names)) + b"".join(
            _event("tile" if name else "summary", fragments[name].decode()) for name in changed
        )
        if live.version == version:
            await live.changed(_ALIVE_S)
    yield _event("over", "")


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.strip().splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
