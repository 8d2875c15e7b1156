"""Whether somebody who gives a name, a password and a code is let in, and how long they wait after wrong ones."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from founderstack.model.protocols import Clock
from founderstack.panel.people import second_factor
from founderstack.panel.people.accounts import Account, Accounts
from founderstack.panel.people.attempts import Attempts, Gate
from founderstack.panel.people.passwords import Busy, Passwords

_CODE_WAIT_S = 900.0
_BUSY_WAIT_S = 2.0
HALFWAY_S = 300.0
_MOST_HALFWAY = 200


class Wait(Exception):
    """Too many attempts; the next one counts in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class _Halfway:
    """Somebody who gave the right password and still owes a code."""

    user: str
    mark: str
    until: float


class SignIn:
    """Checks passwords and codes, with a growing wait for whoever gets them wrong."""

    def __init__(self, accounts: Accounts, passwords: Passwords, clock: Clock) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._gate = Gate()
        # Who gets this far knows the password; browsers that are new to the account share one count.
        self._codes = Attempts(_CODE_WAIT_S)
        self._confirmations = Attempts(_CODE_WAIT_S)
        self._halfway: OrderedDict[str, _Halfway] = OrderedDict()

    async def attempt(self, user: str, password: str, address: str, browser: str = "") -> Account | None:
        """The account when the password is right, None when it is not; raises Wait without looking at it.

        `browser` is the number of a browser that has signed in to that account before, else "".
        """
        now = self._clock.monotonic()
        wait = self._gate.wait_s(user, address, browser, now)
        if wait > 0:
            raise Wait(wait)
        account = self._accounts.find(user)
        if account and account.must_choose and account.until < self._clock.now():
            account = None  # a one-time password that nobody used in time
        self._gate.failed(user, address, browser, now)
        if not await self._right(account, password):
            return None
        self._gate.succeeded(user, address, browser)
        return account

    def owes_code(self, cookie: str, account: Account) -> None:
        """Note that the holder of this cookie gave the right password and is to give a code."""
        self._halfway.pop(_key(cookie), None)
        self._halfway[_key(cookie)] = _Halfway(account.user, account.mark, self._clock.monotonic() + HALFWAY_S)
        while len(self._halfway) > _MOST_HALFWAY:
            self._halfway.popitem(last=False)

    def who_owes(self, cookie: str) -> Account | None:
        """The account whose password the holder of this cookie has just given; None when that was too long ago."""
        found = self._halfway.get(_key(cookie))
        if found is None or found.until < self._clock.monotonic():
            return None
        account = self._accounts.find(found.user)
        return account if account and account.mark == found.mark else None

    def forget(self, cookie: str) -> None:
        """The holder of this cookie owes nothing any more."""
        self._halfway.pop(_key(cookie), None)

    def code(self, account: Account, code: str, browser: str = "") -> Literal["code", "recovery"] | None:
        """What kind of code it was, None for a wrong one; a right one is used up. Raises Wait without looking."""
        now, key = self._clock.monotonic(), browser or account.user
        wait = self._codes.wait_s(key, now)
        if wait > 0:
            raise Wait(wait)
        self._codes.failed(key, now)
        step = second_factor.step_of(account.code_secret, code, self._clock.now(), account.code_step)
        if step is not None:
            self._accounts.use_step(account, step)
        elif not self._accounts.use_recovery(account, second_factor.recovery_digest(code)):
            return None
        self._codes.succeeded(key)
        return "recovery" if step is None else "code"

    async def confirm(self, account: Account, password: str, session: str) -> bool:
        """Whether somebody who is signed in gave their password once more. Raises Wait without looking at it."""
        now = self._clock.monotonic()
        wait = self._confirmations.wait_s(session, now)
        if wait > 0:
            raise Wait(wait)
        self._confirmations.failed(session, now)
        if not await self._right(account, password):
            return False
        self._confirmations.succeeded(session)
        return True

    async def hashed(self, password: str) -> str:
        """What is kept of a new password."""
        return await self._passwords.hashed(password)

    async def _right(self, account: Account | None, password: str) -> bool:
        try:
            return await self._passwords.right(account, password)
        except Busy:
            raise Wait(_BUSY_WAIT_S) from None


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
