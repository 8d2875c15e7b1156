"""What a route gets: a request that was checked already, and everything it needs to answer it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from founderstack.agent import client
from founderstack.model.errors import StackError
from founderstack.panel.language import COOKIE as LANGUAGE_COOKIE, language_for
from founderstack.panel.parts import Parts
from founderstack.panel.people.accounts import Role
from founderstack.panel.people.visitors import Visitor
from founderstack.panel.rendering import Reader
from founderstack.panel.requests import client_address
from founderstack.panel.shown.notices import Notice
from founderstack.panel.shown.words import Translate


@dataclass(frozen=True)
class Ask:
    """One request. A POST's form came from a page of ours; the visitor may do what the route's table says."""

    request: Request
    parts: Parts
    visitor: Visitor | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """The form of a POST."""

    @property
    def person(self) -> Visitor:
        """Who is signed in, on a route that asks for it."""
        assert self.visitor is not None
        return self.visitor

    @property
    def language(self) -> str:
        """The reader's language."""
        chosen, accepted = (
            self.request.cookies.get(LANGUAGE_COOKIE, ""),
            self.request.headers.get("accept-language", ""),
        )
        return language_for(chosen, self.parts.config.language, accepted)

    @property
    def say(self) -> Translate:
        """What gives each text in the reader's language."""
        return self.parts.rendering.words(self.language)

    @property
    def reader(self) -> Reader:
        """Whom the page is for."""
        return Reader(self.language, self.visitor.account.role if self.visitor else "viewer")

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return client_address(self.request)

    def page(self, template: str, *, section: str = "", status: int = 200, **values: object) -> HTMLResponse:
        """A page for somebody signed in: a template that extends `layout.html`. `section` is marked in its menu."""
        shown = self.parts.rendering.page(
            template,
            self.language,
            reader=self.reader,
            user=self.person.account.user,
            form_token=self.person.form_token,
            notice=self.parts.notices.take(self.person.session.id),
            section=section,
            here=self.request.url.path,
            **values,
        )
        return HTMLResponse(shown, status_code=status)

    def plain_page(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page for anybody: a template that extends `base.html`."""
        return HTMLResponse(self.parts.rendering.page(template, self.language, **values), status_code=status)

    def message(self, message: tuple[str, str], status: int) -> HTMLResponse:
        """A page that says one thing: its title and a sentence."""
        return self.plain_page("message.html", status=status, title=message[0], text=message[1])

    def part(self, template: str, **values: object) -> bytes:
        """A piece of a page, for what a script puts in."""
        return self.parts.rendering.part(template, self.language, reader=self.reader, **values)

    def go(self, path: str) -> RedirectResponse:
        """Send the browser on, with a GET, to a path of ours."""
        return RedirectResponse(path, status_code=303)

    def note(self, text: str, detail: str = "", *, failed: bool = False) -> None:
        """Say it on the next page that this session sees."""
        self.parts.notices.leave(self.person.session.id, Notice(text, detail, failed))

    def note_problem(self, problem: StackError) -> None:
        """Say what went wrong, in the reader's language where its sentences are known."""
        say = self.say
        self.note(say(problem.what), f"{say(problem.why)} {say(problem.fix)}", failed=True)

    def audit(self, action: str, detail: str = "", user: str = "") -> None:
        """Write who did it into the audit log; `user` where nobody is signed in."""
        who = self.visitor.account.user if self.visitor else user
        self.parts.store.audit(self.parts.clock.now(), who, self.address, action, detail)

    async def agent(self, verb: str, /, **arguments: Any) -> Any:
        """What the agent answers; raises StackError with its words."""
        return await client.ask_async(self.parts.config.agent, verb, **arguments)

    def agent_stream(self, verb: str, /, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        """Everything that the agent answers, line by line; raises StackError with its words."""
        return client.stream(self.parts.config.agent, verb, **arguments)

    def still_signed_in(self) -> bool:
        """Whether the session goes on: what streams asks again and again."""
        return self.parts.visitors.find(self.request, seen=False) is not None


Answer = Callable[[Ask], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """One address of the panel. `panel/routes/__init__.py` lists them all, and tests walk that list."""

    method: Literal["GET", "POST"]
    path: str
    who: Literal["anybody", "newcomer", Role]
    """The least that the visitor must be, each including those before it. A newcomer has signed in with a password
    that was given to them, and has to choose their own."""
    answer: Answer
    asked_by: Literal["person", "script", "gateway"] = "person"
    """Others get a bare status instead of a page, and a script's asking is no sign of its person."""
    fresh: bool = False
    """Whether the visitor must have given a password or a code within the last ten minutes."""
