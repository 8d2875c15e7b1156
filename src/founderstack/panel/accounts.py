"""Who may sign in: the accounts file, and passwords checked without holding up anybody else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Role = Literal["admin", "viewer"]

MOST_AT_ONCE = 2
"""Each check takes 64 MiB for a tenth of a second."""
MOST_WAITING = 8
# A hash of nobody's password, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$be3LMAvPE46cjv+WmcmhlQ$MyXupLC6r3dBEP6FWegd5493daKTbELtygRkFsFoZ2k"


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    user: str
    hash: str
    role: Role

    @property
    def mark(self) -> str:
        """Changes with the password; a session that carries another one is over."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class Accounts:
    """The accounts file, read again whenever it was replaced."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._by_user: Mapping[str, Account] = {}

    def find(self, user: str) -> Account | None:
        """The account of that name, as the file is now. Without a readable file nobody has one."""
        try:
            found = os.stat(self._path)
            if self._seen != (found.st_mtime_ns, found.st_ino):
                self._by_user = _read(self._path)
                self._seen = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            sys.stderr.write(f"accounts: {problem}\n")
            self._by_user, self._seen = {}, (0, 0)
        return self._by_user.get(user)


def _read(path: str) -> dict[str, Account]:
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)["accounts"]
    found = (Account(str(item["user"]), str(item["hash"]), _role(item["role"])) for item in listed)
    return {account.user: account for account in found}


def _role(text: str) -> Role:
    if text not in ("admin", "viewer"):
        raise ValueError(f"there is no role {text!r}")
    return cast(Role, text)


class Busy(Exception):
    """More passwords are waiting to be checked than is reasonable."""


class Passwords:
    """Checks passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    async def right(self, account: Account | None, password: str) -> bool:
        """Whether it is the account's password; as slow for no account. Raises Busy instead of queueing for long."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._places:
                fits = await asyncio.to_thread(self._verify, account.hash if account else _NOBODY, password)
        finally:
            self._waiting -= 1
        return fits and account is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
