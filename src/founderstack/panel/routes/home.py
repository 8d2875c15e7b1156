"""The front page and what keeps it up to date."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from founderstack.model.errors import StackError
from founderstack.panel import streams, texts
from founderstack.panel.asking import Ask


async def home(ask: Ask) -> Response:
    """The page with every tile."""
    notice = ask.parts.notices.take(ask.person.session.id)
    return HTMLResponse(ask.parts.home.page(ask.reader, ask.person.account.user, ask.person.form_token, notice))


async def all_tiles(ask: Ask) -> Response:
    """The page's changing part, for browsers that cannot have events."""
    return HTMLResponse(b"".join(ask.parts.home.fragments(ask.reader).values()))


async def events(ask: Ask) -> Response:
    """Each change of a tile, as it happens."""

    def signed_in() -> bool:
        return ask.parts.visitors.find(ask.request, seen=False) is not None

    return ask.parts.listeners.answer(streams.tiles(ask.parts.live, ask.parts.home, ask.reader, signed_in))


async def restart(ask: Ask) -> Response:
    """Restart one process and say what came of it."""
    name = ask.fields.get("process", "")
    ask.audit("restart", name)
    try:
        await ask.agent("restart", process=name)
        ask.note(texts.restarted(ask.say, name))
    except StackError as error:
        ask.note_problem(error)
    return ask.go("/")
