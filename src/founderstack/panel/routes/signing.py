"""Signing in and out."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from founderstack.panel import texts
from founderstack.panel.asking import Ask
from founderstack.panel.requests import next_path
from founderstack.panel.sign_in import Wait


async def sign_in_page(ask: Ask) -> Response:
    """Ask who is there; whoever is signed in goes straight on."""
    target = next_path(ask.request.query_params.get("next", "/"))
    return ask.go(target) if ask.visitor else _who(ask, target)


async def sign_in(ask: Ask) -> Response:
    """Let somebody in by name and password."""
    user, target = ask.fields.get("user", "").strip()[:64], next_path(ask.fields.get("next", "/"))
    try:
        account = await ask.parts.sign_in.attempt(user, ask.fields.get("password", ""), ask.address)
    except Wait as wait:
        seconds = int(wait.seconds) + 1
        answer = _who(ask, target, texts.wait(ask.say, seconds), user, 429)
        answer.headers["retry-after"] = str(seconds)
        return answer
    if account is None:
        ask.audit("sign-in refused", user=user)
        return _who(ask, target, texts.wrong(ask.say), user, 401)
    ask.audit("signed in", user=user)
    response = ask.go(target)
    ask.parts.visitors.sign_in(ask.request, response, account, ask.address)
    return response


async def sign_out(ask: Ask) -> Response:
    """End the session, and its streams of events."""
    response = ask.go("/sign-in")
    ask.parts.visitors.sign_out(ask.person, response)
    ask.parts.live.wake()
    ask.audit("signed out")
    return response


def _who(ask: Ask, target: str, problem: str = "", user: str = "", status: int = 200) -> HTMLResponse:
    cookie, token = ask.parts.visitors.welcome(ask.request)
    response = ask.plain_page("sign_in.html", status=status, form_token=token, next=target, user=user, problem=problem)
    ask.parts.visitors.set_cookie(response, cookie)
    return response
