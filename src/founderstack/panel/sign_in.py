"""Whether somebody who gives a name and a password is let in, and how long they wait after wrong ones."""

from __future__ import annotations

from founderstack.model.protocols import Clock
from founderstack.panel.accounts import Account, Accounts, Busy, Passwords
from founderstack.panel.attempts import Attempts

_ADDRESS_WAIT_S = 900.0
_ACCOUNT_WAIT_S = 30.0
_BUSY_WAIT_S = 2.0


class Wait(Exception):
    """Too many attempts; the next one counts in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class SignIn:
    """Checks passwords, with a growing wait for each address and each account that got it wrong."""

    def __init__(self, accounts: Accounts, passwords: Passwords, clock: Clock) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._addresses = Attempts(_ADDRESS_WAIT_S)
        self._names = Attempts(_ACCOUNT_WAIT_S)

    async def attempt(self, user: str, password: str, address: str) -> Account | None:
        """The account when the password is right, None when it is not; raises Wait without looking at it."""
        now = self._clock.monotonic()
        wait = max(self._addresses.wait_s(address, now), self._names.wait_s(user, now))
        if wait > 0:
            raise Wait(wait)
        account = self._accounts.find(user)
        # Counted before the answer is known, so that many at once do not slip through together.
        self._addresses.failed(address, now)
        self._names.failed(user, now)
        try:
            right = await self._passwords.right(account, password)
        except Busy:
            raise Wait(_BUSY_WAIT_S) from None
        if not right:
            return None
        self._addresses.succeeded(address)
        self._names.succeeded(user)
        return account
