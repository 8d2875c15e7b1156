"""Who is signed in: sessions kept on the server, found by a cookie that only the browser knows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from founderstack.model.protocols import Clock
from founderstack.panel.ambient import new_token
from founderstack.panel.people.store import Store

IDLE_S = 12 * 3600.0
LONGEST_S = 7 * 24 * 3600.0
FRESH_S = 600.0
MOST_EACH = 20
"""Sessions of one account: too many of its own end its oldest, and nobody else's."""
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
    fresh: float
    """When its person last gave a password or a code."""
    address: str
    browser: str

    @property
    def name(self) -> str:
        """What a form calls it by."""
        return self.id[:16]


class Sessions:
    """Sessions by cookie; in memory for speed, in the store so that a restart of the panel signs nobody out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._key = store.key("sessions")
        rows = store.read("select id, user, mark, created, seen, fresh, address, browser from signed_in")
        self._by_id = {row[0]: Session(*row) for row in rows}

    def open(self, user: str, mark: str, address: str, browser: str) -> str:
        """Sign somebody in; the value of the new cookie, never one that was there before."""
        now = self._clock.now()
        self._end([session for session in self._by_id.values() if self._over(session)])
        self._end(self.of(user)[MOST_EACH - 1 :])
        return self._give_cookie(Session("", user, mark, now, now, now, address[:64], browser[:200]))

    def renew(self, session: Session, mark: str) -> str:
        """The value of a new cookie for a session whose person has just said who they are; the old one is over."""
        self._remove(session.id)
        now = self._clock.now()
        return self._give_cookie(replace(session, mark=mark, seen=now, fresh=now))

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

    def of(self, user: str) -> Sequence[Session]:
        """The account's sessions, the one seen last first."""
        mine = [session for session in self._by_id.values() if session.user == user and not self._over(session)]
        return sorted(mine, key=lambda session: (session.seen, session.created), reverse=True)

    def is_fresh(self, session: Session) -> bool:
        """Whether its person said who they are within the last ten minutes."""
        return 0 <= self._clock.now() - session.fresh <= FRESH_S

    def close(self, session: Session) -> None:
        """Sign it out."""
        self._remove(session.id)

    def close_all(self, user: str, but: Callable[[Session], bool] = lambda session: False) -> int:
        """Sign out every session of an account, except those for which `but` is true; how many ended."""
        ending = [session for session in self._by_id.values() if session.user == user and not but(session)]
        self._end(ending)
        return len(ending)

    def form_token(self, cookie: str) -> str:
        """What a form must carry to be taken from the holder of this cookie."""
        return self._derived("form", cookie)

    def tool_session(self, cookie: str) -> str:
        """A name for the session that a tool may know: it opens nothing here."""
        return self._derived("tool", cookie)

    def browser_mark(self, user: str) -> str:
        """A cookie for a browser that has signed in to an account: it opens nothing, and tells it from strangers."""
        number = new_token()
        return f"{number}.{self._derived('browser', f'{number}:{user}')}"

    def known_browser(self, mark: str, user: str) -> str:
        """The browser's number where its mark belongs to that account, else ""."""
        number, _dot, seal = mark.partition(".")
        right = hmac.compare_digest(seal.encode(), self._derived("browser", f"{number}:{user}").encode())
        return number if right else ""

    def _over(self, session: Session) -> bool:
        now = self._clock.now()
        return now - session.seen > IDLE_S or now - session.created > LONGEST_S

    def _give_cookie(self, session: Session) -> str:
        cookie = new_token()
        session = replace(session, id=_digest(cookie))
        self._by_id[session.id] = session
        self._save(session)
        return cookie

    def _save(self, session: Session) -> None:
        values = (session.id, session.user, session.mark, session.created, session.seen, session.fresh)
        self._store.write(
            "insert or replace into signed_in values (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, session.address, session.browser),
        )

    def _end(self, sessions: Sequence[Session]) -> None:
        for session in sessions:
            self._remove(session.id)

    def _remove(self, session_id: str) -> None:
        self._by_id.pop(session_id, None)
        self._store.write("delete from signed_in where id = ?", (session_id,))

    def _derived(self, purpose: str, cookie: str) -> str:
        return hmac.new(self._key, f"{purpose}:{cookie}".encode(), hashlib.sha256).hexdigest()[:43]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
