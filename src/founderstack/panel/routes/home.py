"""The front page and what keeps it up to date."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from founderstack.panel import streams
from founderstack.panel.asking import Ask


async def home(ask: Ask) -> Response:
    """The page with every tile."""
    return HTMLResponse(rendered(ask, only=ask.request.query_params.get("only") == "problems"))


def rendered(ask: Ask, *, only: bool = False) -> bytes:
    """The page for whoever asks."""
    notice = ask.parts.notices.take(ask.person.session.id)
    return ask.parts.home.page(ask.reader, ask.person.account.user, ask.person.form_token, notice, only=only)


async def all_tiles(ask: Ask) -> Response:
    """The page's changing part, for browsers that cannot have events."""
    return HTMLResponse(b"".join(ask.parts.home.fragments(ask.reader).values()))


async def events(ask: Ask) -> Response:
    """Each change of a tile, as it happens."""
    return ask.parts.listeners.answer(streams.tiles(ask.parts.live, ask.parts.home, ask.reader, ask.still_signed_in))
