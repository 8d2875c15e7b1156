"""Passwords checked and hashed without holding up anybody else."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from founderstack.panel.people.accounts import Account

MOST_AT_ONCE = 2
"""Each check takes 64 MiB for a tenth of a second."""
MOST_WAITING = 8
LONGEST = 1024
# A hash of nobody's password, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$be3LMAvPE46cjv+WmcmhlQ$MyXupLC6r3dBEP6FWegd5493daKTbELtygRkFsFoZ2k"


class Busy(Exception):
    """More passwords are waiting to be checked than is reasonable."""


class Passwords:
    """Checks passwords in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    async def right(self, account: Account | None, password: str) -> bool:
        """Whether it is the account's password; as slow for no account. Raises Busy instead of queueing for long."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._places:
                fits = await asyncio.to_thread(self._verify, account.hash if account else _NOBODY, password[:LONGEST])
        finally:
            self._waiting -= 1
        return fits and account is not None

    async def hashed(self, password: str) -> str:
        """What is kept of a new password."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password[:LONGEST])

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
