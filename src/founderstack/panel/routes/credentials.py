"""How to reach each service, and its secrets for those who may have them and have just said who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from founderstack.model.errors import StackError
from founderstack.panel.asking import Ask
from founderstack.panel.routes.jobs import begin
from founderstack.panel.shown import texts

SHOWN_S = 30
"""How long a secret stays on a page."""


async def credentials(ask: Ask) -> Response:
    """Every sign-in that the services offer, without a secret."""
    return await _page(ask)


async def show(ask: Ask) -> Response:
    """The page with one secret on it, for half a minute; for browsers without scripts."""
    name = ask.fields.get("name", "")
    try:
        shown = await _reveal(ask, name)
    except StackError as problem:
        ask.note_problem(problem)
        return ask.go("/credentials")
    page = await _page(ask, shown={"name": name, **shown})
    page.headers["refresh"] = f"{SHOWN_S};url=/credentials"
    return page


async def value(ask: Ask) -> Response:
    """The secret and the connection string with it, for the page's script: to show, or to copy without showing."""
    try:
        return JSONResponse(await _reveal(ask, ask.fields.get("name", "")))
    except StackError as problem:
        return JSONResponse({"problem": f"{ask.say(problem.what)}. {ask.say(problem.why)}"}, status_code=422)


async def rotate(ask: Ask) -> Response:
    """Have the agent make a secret anew; whoever uses it gets the new one."""
    secret = ask.fields.get("secret", "")
    try:
        listed = await listing(ask)
        if not any(one["secret"] == secret and one["rotates"] for one in listed):
            return ask.message(texts.not_found(ask.say), 404)
    except StackError as problem:
        ask.note_problem(problem)
        return ask.go("/credentials")
    return await begin(ask, "rotate", {"secret": secret}, back="/credentials")


async def listing(ask: Ask) -> Sequence[Mapping[str, Any]]:
    """What the agent says; raises StackError with its words."""
    said: Sequence[Mapping[str, Any]] = await ask.agent("credentials")
    return said


async def _reveal(ask: Ask, name: str) -> Mapping[str, str]:
    ask.audit("secret shown", name)
    said = await ask.agent("reveal", name=name, by=ask.person.account.user)
    return {"value": str(said["value"]), "url": str(said["url"])}


async def _page(ask: Ask, shown: Mapping[str, str] | None = None) -> Response:
    listed: Sequence[Mapping[str, Any]] = ()
    try:
        listed = await listing(ask)
    except StackError as problem:
        ask.note_problem(problem)
    return ask.page("credentials.html", section="credentials", credentials=listed, shown=shown, seconds=SHOWN_S)
