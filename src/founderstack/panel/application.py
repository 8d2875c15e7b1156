"""The panel's application: every request is checked here against the table of routes before its route sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Scope

from founderstack.agent.client import NoAnswer
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.panel.asking import Ask, Route
from founderstack.panel.config import Config
from founderstack.panel.guard import Guard
from founderstack.panel.parts import Parts, assembled
from founderstack.panel.people.visitors import Visitor
from founderstack.panel.requests import FormRefused, next_path, read_form
from founderstack.panel.routes import ROUTES, home
from founderstack.panel.shown import texts


class Panel:
    """The web application of one stack."""

    def __init__(self, config: Config, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._parts: Parts = assembled(config, clock, hasher)

    def application(self) -> ASGIApp:
        """The ASGI application, closed to everybody but the gateway."""
        application = Starlette(
            routes=[StarletteRoute(route.path, self._checked(route), methods=[route.method]) for route in ROUTES],
            exception_handlers={HTTPException: self._refused, FormRefused: self._form_refused, Exception: self._broken},
            lifespan=self._lifespan,
        )
        # Its redirects name the address behind the gateway, without TLS.
        application.router.redirect_slashes = False
        return Guard(application, self._parts.config.gateway_secret, self._front_page)

    def _front_page(self, scope: Scope) -> bytes | None:
        """The front page for somebody who may see it, without the way through the routes; None leaves it to them.

        It is what every browser asks for first and again, and nothing in it has to be waited for.
        """
        if scope["path"] != "/" or scope["method"] != "GET" or scope["query_string"]:
            return None
        request = Request(scope)
        visitor = self._parts.visitors.find(request)
        if visitor is None or not _may(visitor, "viewer"):
            return None
        return home.rendered(Ask(request, self._parts, visitor))

    def _checked(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        """The route behind its checks: signed in, the form's origin and token, the role; in this order."""

        async def answer(request: Request) -> Response:
            visitor = self._parts.visitors.find(request, seen=route.asked_by != "script")
            if visitor is None and route.who != "anybody":
                return _sign_in_first(request, route)
            fields = {}
            if route.method == "POST":
                fields = dict(await read_form(request, self._parts.visitors.form_token(request)))
            if not _may(visitor, route.who):
                return _not_for(visitor, route)
            if route.fresh and visitor is not None and not visitor.fresh:
                return _say_who_first(request, route, fields)
            return await _answered(route, Ask(request, self._parts, visitor, fields))

        return answer

    @asynccontextmanager
    async def _lifespan(self, application: Starlette) -> AsyncIterator[None]:
        """Follow the agent for as long as the panel serves."""
        listening = asyncio.create_task(self._parts.live.listen())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            self._parts.store.close()

    async def _refused(self, request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 400
        message = {404: texts.not_found, 403: texts.not_allowed}.get(status, texts.not_understood)
        ask = Ask(request, self._parts)
        return ask.message(message(ask.say), status)

    async def _form_refused(self, request: Request, problem: Exception) -> Response:
        ask = Ask(request, self._parts)
        return ask.message(texts.old_form(ask.say), 403)

    async def _broken(self, request: Request, problem: Exception) -> Response:
        ask = Ask(request, self._parts)
        return ask.message(texts.broken(ask.say), 500)


async def _answered(route: Route, ask: Ask) -> Response:
    """What the route answers; a page that says why, where the agent refused what it was asked or gave no answer."""
    try:
        return await route.answer(ask)
    except StackError as problem:
        # Refused in the agent's own words, the question was wrong, or comes at a wrong time: that is nobody's failure.
        status = 503 if isinstance(problem, NoAnswer) else 409
        if ask.visitor is None or route.asked_by != "person":
            return Response(status_code=status)
        problems = [
            {"what": ask.say(one.what), "why": ask.say(one.why), "fix": ask.say(one.fix)} for one in problem.problems
        ]
        return ask.page("problem.html", status=status, problems=problems)


_RANKS = ("anybody", "newcomer", "viewer", "admin")


def _may(visitor: Visitor | None, who: str) -> bool:
    return _RANKS.index(_rank(visitor)) >= _RANKS.index(who)


def _rank(visitor: Visitor | None) -> str:
    if visitor is None:
        return "anybody"
    return "newcomer" if visitor.account.must_choose else visitor.account.role


def _not_for(visitor: Visitor | None, route: Route) -> Response:
    """What somebody gets who is signed in and may not have it."""
    if route.asked_by != "person":
        return Response(status_code=403)
    if _rank(visitor) == "newcomer":
        return Response(status_code=303, headers={"location": "/password"})
    raise HTTPException(403)


def _say_who_first(request: Request, route: Route, fields: Mapping[str, str]) -> Response:
    """Ask once more who is there, and go back to the page that wanted it: nothing was done yet."""
    if route.asked_by != "person":
        return Response(status_code=403, headers={"x-founder-confirm": "/confirm"})
    page = request.url.path if route.method == "GET" else fields.get("back", "/")
    return Response(status_code=303, headers={"location": f"/confirm?next={quote(next_path(page))}"})


def _sign_in_first(request: Request, route: Route) -> Response:
    if route.asked_by != "person":
        return Response(status_code=401)
    back = next_path(request.url.path) if route.method == "GET" else "/"
    where = "/sign-in" if back == "/" else f"/sign-in?next={quote(back)}"
    return Response(status_code=303, headers={"location": where})
