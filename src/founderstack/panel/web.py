"""The panel's routes: who may see what, and what each form does."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from founderstack.agent import client
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.panel import texts
from founderstack.panel.accounts import Accounts, Passwords
from founderstack.panel.config import Config
from founderstack.panel.events import MOST_LISTENERS, stream
from founderstack.panel.guard import Guard
from founderstack.panel.language import COOKIE as LANGUAGE_COOKIE, language_for
from founderstack.panel.live import Live
from founderstack.panel.pages import LANGUAGE_NAMES, STATIC_TYPES, Notice, Pages, Reader
from founderstack.panel.requests import FormRefused, client_address, next_path, read_form
from founderstack.panel.sessions import Session, Sessions
from founderstack.panel.sign_in import SignIn, Wait
from founderstack.panel.store import Store
from founderstack.panel.visitors import Visitor, Visitors
from founderstack.panel.words import Translate

_YEAR_S = 365 * 24 * 3600
_MOST_NOTICES = 100
Message = Callable[[Translate], tuple[str, str]]


class Panel:
    """The web application of one stack."""

    def __init__(self, config: Config, clock: Clock) -> None:
        accounts = Accounts(config.accounts)
        self._config = config
        self._clock = clock
        self._store = Store(f"{config.data}/panel.sqlite")
        self._visitors = Visitors(config.cookie, accounts, Sessions(self._store, clock))
        self._sign_in = SignIn(accounts, Passwords(), clock)
        self._live = Live(config.agent, clock)
        self._pages = Pages(config, self._live, clock)
        self._notices: OrderedDict[str, Notice] = OrderedDict()
        self._listeners = 0

    def application(self) -> ASGIApp:
        """The ASGI application, closed to everybody but the gateway."""
        routes = [
            Route("/", self.home),
            Route("/health", self.health),
            Route("/auth", self.auth),
            Route("/sign-in", self.sign_in_page, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/language", self.choose_language, methods=["POST"]),
            Route("/restart", self.restart, methods=["POST"]),
            Route("/tiles", self.all_tiles),
            Route("/events", self.events),
            Route("/static/{name}", self.static),
        ]
        application = Starlette(
            routes=routes,
            exception_handlers={HTTPException: self.refused, FormRefused: self.form_refused, Exception: self.broken},
            lifespan=self.lifespan,
        )
        return Guard(application, self._config.gateway_secret)

    @asynccontextmanager
    async def lifespan(self, application: Starlette) -> AsyncIterator[None]:
        """Follow the agent for as long as the panel serves."""
        listening = asyncio.create_task(self._live.listen())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            self._store.close()

    async def health(self, request: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    async def auth(self, request: Request) -> Response:
        """The gateway asks before every request to a tool: who is this? Tools are for admins."""
        visitor = self._visitors.find(request)
        if visitor is None:
            return Response(status_code=401)
        if visitor.account.role != "admin":
            return Response(status_code=403)
        headers = {
            "X-Founder-User": visitor.account.user,
            "X-Founder-Session": visitor.tool_session,
            "X-Founder-Role": visitor.account.role,
        }
        return Response(status_code=204, headers=headers)

    async def home(self, request: Request) -> Response:
        visitor = self._visitors.find(request)
        if visitor is None:
            return RedirectResponse("/sign-in", status_code=303)
        notice = self._notices.pop(visitor.session.id, None)
        reader = self._reader(request, visitor)
        return HTMLResponse(self._pages.home(reader, visitor.account.user, visitor.form_token, notice))

    async def sign_in_page(self, request: Request) -> Response:
        target = next_path(request.query_params.get("next", "/"))
        if self._visitors.find(request):
            return RedirectResponse(target, status_code=303)
        return self._ask_who(request, target)

    async def sign_in(self, request: Request) -> Response:
        fields = await read_form(request, self._visitors.form_token(request))
        user, target = fields.get("user", "").strip()[:64], next_path(fields.get("next", "/"))
        address = client_address(request)
        try:
            account = await self._sign_in.attempt(user, fields.get("password", ""), address)
        except Wait as wait:
            seconds = int(wait.seconds) + 1
            answer = self._ask_who(request, target, texts.wait(self._words(request), seconds), user, 429)
            answer.headers["retry-after"] = str(seconds)
            return answer
        if account is None:
            self._audit(user, request, "sign-in refused")
            return self._ask_who(request, target, texts.wrong(self._words(request)), user, 401)
        self._audit(user, request, "signed in")
        response = RedirectResponse(target, status_code=303)
        self._visitors.sign_in(request, response, account, address)
        return response

    async def sign_out(self, request: Request) -> Response:
        response = RedirectResponse("/sign-in", status_code=303)
        visitor = self._visitors.find(request)
        if visitor is not None:
            await read_form(request, visitor.form_token)
            self._visitors.sign_out(visitor, response)
            self._live.wake()  # ends the session's streams of events
            self._audit(visitor.account.user, request, "signed out")
        return response

    async def choose_language(self, request: Request) -> Response:
        fields = await read_form(request, self._visitors.form_token(request))
        signed_in = self._visitors.find(request) is not None
        there = "/" if signed_in else f"/sign-in?next={next_path(fields.get('next', '/'))}"
        response = RedirectResponse(there, status_code=303)
        chosen = fields.get("language", "")
        if chosen in LANGUAGE_NAMES:
            response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, secure=True, httponly=True, samesite="lax")
        return response

    async def restart(self, request: Request) -> Response:
        visitor = self._visitors.find(request)
        if visitor is None:
            return RedirectResponse("/sign-in", status_code=303)
        fields = await read_form(request, visitor.form_token)
        if visitor.account.role != "admin":
            raise HTTPException(403)
        name = fields.get("process", "")
        self._audit(visitor.account.user, request, "restart", name)
        try:
            await client.ask_async(self._config.agent, "restart", process=name)
            notice = Notice(texts.restarted(self._words(request), name))
        except StackError as error:
            say = self._words(request)
            notice = Notice(say(error.what), f"{say(error.why)} {say(error.fix)}", failed=True)
        self._note(visitor.session, notice)
        return RedirectResponse("/", status_code=303)

    async def all_tiles(self, request: Request) -> Response:
        """The page's changing part, for browsers that cannot have events."""
        visitor = self._visitors.find(request, seen=False)
        if visitor is None:
            return Response(status_code=401)
        return HTMLResponse(b"".join(self._pages.fragments(self._reader(request, visitor)).values()))

    async def events(self, request: Request) -> Response:
        visitor = self._visitors.find(request, seen=False)
        if visitor is None:
            return Response(status_code=401)
        if self._listeners >= MOST_LISTENERS:
            return Response(status_code=503)

        def signed_in() -> bool:
            return self._visitors.find(request, seen=False) is not None

        frames = stream(self._live, self._pages, self._reader(request, visitor), signed_in)
        return StreamingResponse(self._counted(frames), media_type="text/event-stream")

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC_TYPES:
            raise HTTPException(404)
        # The address that pages name changes with the content, so a copy never grows old.
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(self._pages.static[name], media_type=STATIC_TYPES[name], headers=headers)

    async def refused(self, request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 400
        message = {404: texts.not_found, 403: texts.not_allowed}.get(status, texts.not_understood)
        return self._message(request, message, status)

    async def form_refused(self, request: Request, problem: Exception) -> Response:
        return self._message(request, texts.old_form, 403)

    async def broken(self, request: Request, problem: Exception) -> Response:
        return self._message(request, texts.broken, 500)

    def _language(self, request: Request) -> str:
        chosen, accepted = request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")
        return language_for(chosen, self._config.language, accepted)

    def _words(self, request: Request) -> Translate:
        return self._pages.words(self._language(request))

    def _reader(self, request: Request, visitor: Visitor) -> Reader:
        return Reader(self._language(request), visitor.account.role)

    def _ask_who(
        self, request: Request, target: str, problem: str = "", user: str = "", status: int = 200
    ) -> HTMLResponse:
        cookie, token = self._visitors.welcome(request)
        page = self._pages.sign_in(self._language(request), token, target, user=user, problem=problem)
        response = HTMLResponse(page, status_code=status)
        self._visitors.set_cookie(response, cookie)
        return response

    def _message(self, request: Request, message: Message, status: int) -> Response:
        title, text = message(self._words(request))
        return HTMLResponse(self._pages.message(self._language(request), title, text), status_code=status)

    def _note(self, session: Session, notice: Notice) -> None:
        self._notices[session.id] = notice
        while len(self._notices) > _MOST_NOTICES:
            self._notices.popitem(last=False)

    def _audit(self, user: str, request: Request, action: str, detail: str = "") -> None:
        self._store.audit(self._clock.now(), user, client_address(request), action, detail)

    async def _counted(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            async for frame in frames:
                yield frame
        finally:
            self._listeners -= 1
