"""Who is asking: the cookie, the session it belongs to, and the account behind that."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from founderstack.panel.accounts import Account, Accounts
from founderstack.panel.ambient import new_token
from founderstack.panel.sessions import LONGEST_S, Session, Sessions


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    session: Session
    account: Account
    form_token: str
    tool_session: str
    """What tools know the session by."""


class Visitors:
    """Finds the visitor of a request, and gives and takes cookies."""

    def __init__(self, cookie_name: str, accounts: Accounts, sessions: Sessions) -> None:
        self._cookie_name = cookie_name
        self._accounts = accounts
        self._sessions = sessions

    def find(self, request: Request, *, seen: bool = True) -> Visitor | None:
        """Who this is; a session ends with its password. `seen` counts as a sign of the person."""
        cookie = self._cookie(request)
        session = self._sessions.find(cookie, seen=seen)
        if session is None:
            return None
        account = self._accounts.find(session.user)
        if account is None or account.mark != session.mark:
            self._sessions.close(session)
            return None
        return Visitor(session, account, self._sessions.form_token(cookie), self._sessions.tool_session(cookie))

    def form_token(self, request: Request) -> str:
        """What a form from this browser must carry, signed in or not; "" where it has no cookie."""
        cookie = self._cookie(request)
        return self._sessions.form_token(cookie) if cookie else ""

    def welcome(self, request: Request) -> tuple[str, str]:
        """For a browser that is not signed in: the cookie it has or shall get, and the form token that goes with it."""
        cookie = self._cookie(request) or new_token()
        return cookie, self._sessions.form_token(cookie)

    def sign_in(self, request: Request, response: Response, account: Account, address: str) -> None:
        """Give the browser a session of its own, whatever cookie it came with."""
        before = self._sessions.find(self._cookie(request), seen=False)
        if before:
            self._sessions.close(before)
        browser = request.headers.get("user-agent", "")
        self.set_cookie(response, self._sessions.open(account.user, account.mark, address, browser))

    def sign_out(self, visitor: Visitor, response: Response) -> None:
        """End the session and take the cookie back."""
        self._sessions.close(visitor.session)
        response.delete_cookie(self._cookie_name, path="/", secure=True, httponly=True, samesite="lax")

    def set_cookie(self, response: Response, value: str) -> None:
        """Give the browser its cookie."""
        # Lax, not Strict: a link in a mail or a chat opens the page or the tool without a second sign-in, and it is
        # safe because whatever changes something is a POST with a form token.
        response.set_cookie(
            self._cookie_name, value, max_age=int(LONGEST_S), path="/", secure=True, httponly=True, samesite="lax"
        )

    def _cookie(self, request: Request) -> str:
        return request.cookies.get(self._cookie_name, "")[:100]
