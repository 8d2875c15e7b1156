"""What every page stands on: static files, the language, and what the gateway asks."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.language import COOKIE as LANGUAGE_COOKIE
from founderstack.panel.rendering import LANGUAGE_NAMES, STATIC_TYPES
from founderstack.panel.requests import next_path

_YEAR_S = 365 * 24 * 3600


async def health(ask: Ask) -> Response:
    """That the panel answers."""
    return Response("ok\n", media_type="text/plain")


async def auth(ask: Ask) -> Response:
    """The gateway asks before every request to a tool: who is this? Tools are for admins."""
    headers = {
        "X-Founder-User": ask.person.account.user,
        "X-Founder-Session": ask.person.tool_session,
        "X-Founder-Role": ask.person.account.role,
    }
    return Response(status_code=204, headers=headers)


async def static(ask: Ask) -> Response:
    """A file of ours; the address that pages name changes with the content, so a copy never grows old."""
    name = ask.request.path_params["name"]
    if name not in STATIC_TYPES:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(ask.parts.rendering.static[name], media_type=STATIC_TYPES[name], headers=headers)


async def choose_language(ask: Ask) -> Response:
    """Keep the language in a cookie of its own and go back to the page."""
    back = next_path(ask.fields.get("next", "/"))
    response = ask.go(back if ask.visitor else f"/sign-in?next={back}")
    chosen = ask.fields.get("language", "")
    if chosen in LANGUAGE_NAMES:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, secure=True, httponly=True, samesite="lax")
    return response
