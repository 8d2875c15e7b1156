"""Who is signed in: sessions kept on the server, found by a cookie that only the browser knows."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from founderstack.model.protocols import Clock
from founderstack.panel.ambient import new_token
from founderstack.panel.store import Store

IDLE_S = 12 * 3600.0
LONGEST_S = 7 * 24 * 3600.0
_MOST_SESSIONS = 500
_SEEN_EVERY_S = 60.0


@dataclass(frozen=True)
class Session:
    """One browser that is signed in."""

    id: str
    """Digest of the cookie: what is stored opens nothing."""
    user: str
    mark: str
    """The account's mark when it signed in."""
    created: float
    seen: float
    address: str
    browser: str


class Sessions:
    """Sessions by cookie; in memory for speed, in the store so that a restart of the panel signs nobody out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._key = store.key("sessions")
        rows = store.read("select id, user, mark, created, seen, address, browser from session")
        self._by_id = {row[0]: Session(*row) for row in rows}

    def open(self, user: str, mark: str, address: str, browser: str) -> str:
        """Sign somebody in; the value of the new cookie, never one that was there before."""
        now = self._clock.now()
        for old in [session for session in self._by_id.values() if self._over(session)]:
            self._remove(old.id)
        if len(self._by_id) >= _MOST_SESSIONS:
            self._remove(min(self._by_id.values(), key=lambda session: session.seen).id)
        cookie = new_token()
        session = Session(_digest(cookie), user, mark, now, now, address[:64], browser[:200])
        self._by_id[session.id] = session
        self._save(session)
        return cookie

    def find(self, cookie: str, *, seen: bool = True) -> Session | None:
        """The session of a cookie, None when there is none or it is over. `seen` counts as a sign of its person."""
        session = self._by_id.get(_digest(cookie))
        if session is None:
            return None
        if self._over(session):
            self._remove(session.id)
            return None
        if seen and self._clock.now() - session.seen > _SEEN_EVERY_S:
            session = self._by_id[session.id] = replace(session, seen=self._clock.now())
            self._save(session)
        return session

    def close(self, session: Session) -> None:
        """Sign it out."""
        self._remove(session.id)

    def form_token(self, cookie: str) -> str:
        """What a form must carry to be taken from the holder of this cookie."""
        return self._derived("form", cookie)

    def tool_session(self, cookie: str) -> str:
        """A name for the session that a tool may know: it opens nothing here."""
        return self._derived("tool", cookie)

    def _over(self, session: Session) -> bool:
        now = self._clock.now()
        return now - session.seen > IDLE_S or now - session.created > LONGEST_S

    def _save(self, session: Session) -> None:
        self._store.write(
            "insert or replace into session (id, user, mark, created, seen, address, browser)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (session.id, session.user, session.mark, session.created, session.seen, session.address, session.browser),
        )

    def _remove(self, session_id: str) -> None:
        self._by_id.pop(session_id, None)
        self._store.write("delete from session where id = ?", (session_id,))

    def _derived(self, purpose: str, cookie: str) -> str:
        return hmac.new(self._key, f"{purpose}:{cookie}".encode(), hashlib.sha256).hexdigest()[:43]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
