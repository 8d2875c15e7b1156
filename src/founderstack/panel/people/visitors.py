"""Who is asking: the cookie, the session it belongs to, and the account behind that."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from founderstack.panel.ambient import new_token
from founderstack.panel.people.accounts import Account, Accounts
from founderstack.panel.people.sessions import LONGEST_S, Session, Sessions

_KNOWN_S = 180 * 24 * 3600


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    session: Session
    account: Account
    form_token: str
    tool_session: str
    """What tools know the session by."""
    fresh: bool = False
    """Whether they said who they are within the last ten minutes."""


class Visitors:
    """Finds the visitor of a request, and gives and takes cookies."""

    def __init__(self, cookie_name: str, accounts: Accounts, sessions: Sessions) -> None:
        self._cookie_name = cookie_name
        self._known_name = f"{cookie_name}-known"
        self._accounts = accounts
        self._sessions = sessions

    def find(self, request: Request, *, seen: bool = True) -> Visitor | None:
        """Who this is; a session ends with its password, role or second factor. `seen` is a sign of the person."""
        cookie = self.cookie(request)
        session = self._sessions.find(cookie, seen=seen)
        if session is None:
            return None
        account = self._accounts.find(session.user)
        if account is None or account.mark != session.mark:
            self._sessions.close(session)
            return None
        fresh = self._sessions.is_fresh(session)
        return Visitor(session, account, self._sessions.form_token(cookie), self._sessions.tool_session(cookie), fresh)

    def form_token(self, request: Request) -> str:
        """What a form from this browser must carry, signed in or not; "" where it has no cookie."""
        cookie = self.cookie(request)
        return self._sessions.form_token(cookie) if cookie else ""

    def welcome(self, request: Request) -> tuple[str, str]:
        """For a browser that is not signed in: the cookie it has or shall get, and the form token that goes with it."""
        cookie = self.cookie(request) or new_token()
        return cookie, self._sessions.form_token(cookie)

    def known_browser(self, request: Request, user: str) -> str:
        """The number of a browser that has signed in to this account before; "" for others."""
        return self._sessions.known_browser(request.cookies.get(self._known_name, "")[:150], user)

    def sign_in(self, request: Request, response: Response, account: Account, address: str) -> None:
        """Give the browser a session of its own, whatever cookie it came with."""
        before = self._sessions.find(self.cookie(request), seen=False)
        if before:
            self._sessions.close(before)
        browser = request.headers.get("user-agent", "")
        self.set_cookie(response, self._sessions.open(account.user, account.mark, address, browser))
        known = self._sessions.browser_mark(account.user)
        if not self.known_browser(request, account.user):
            response.set_cookie(
                self._known_name, known, max_age=_KNOWN_S, path="/", secure=True, httponly=True, samesite="lax"
            )

    def renew(self, response: Response, visitor: Visitor, account: Account) -> None:
        """Another cookie for a session whose person has just said who they are, or whose account has changed."""
        self.set_cookie(response, self._sessions.renew(visitor.session, account.mark))

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

    def cookie(self, request: Request) -> str:
        """The browser's cookie, "" where it has none."""
        return request.cookies.get(self._cookie_name, "")[:100]
