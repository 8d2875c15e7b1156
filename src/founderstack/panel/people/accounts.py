"""Who may sign in: the stack's own account, and the people whom an admin has let in."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from founderstack.panel.people.store import Store

Role = Literal["admin", "viewer"]

MOST_PEOPLE = 50
SHORTEST_PASSWORD = 12
ONE_TIME_S = 7 * 24 * 3600.0
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


class Refused(Exception):
    """A change that cannot be made; `reason` is a word that panel.shown.texts has a sentence for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    user: str
    hash: str
    role: Role
    own: str = ""
    """For the stack's account: digest of the password that the stack made. "" for people."""
    code_secret: str = ""
    """Secret of the codes from a phone; "" where signing in asks for none."""
    code_step: int = 0
    """The step of the last code that was used."""
    until: float = 0.0
    """Until when a one-time password is good; 0 for a password that its person chose."""

    @property
    def mark(self) -> str:
        """Changes with the password, the role and the second factor; a session that carries another one is over."""
        return _digest(f"{self.hash}\n{self.role}\n{self.code_secret}")[:16]

    @property
    def is_stacks(self) -> bool:
        """Whether the stack made it: it stays, and stays an admin."""
        return bool(self.own)

    @property
    def has_own(self) -> bool:
        """Whether the stack's account has another password than the one that the stack made."""
        return self.own != _digest(f"{self.hash}\n{self.role}")

    @property
    def must_choose(self) -> bool:
        """Whether its password was given to it and has to be replaced first of all."""
        return self.until > 0


class Accounts:
    """The stack's account, from a file that is read again whenever it was replaced, and people, from the store.

    What the founder changes here (a password, a second factor) lies in the store too, and holds until the stack makes
    a new password for that account: `founder secrets rotate panel.admin` is the way back in.
    """

    def __init__(self, path: str, store: Store) -> None:
        self._path = path
        self._store = store
        self._seen: tuple[int, int] = (0, 0)
        self._by_user: Mapping[str, Account] = {}

    def find(self, user: str) -> Account | None:
        """The account of that name, as it is now. Without a readable file the stack has none."""
        self._follow()
        return self._by_user.get(user)

    def all(self) -> Sequence[Account]:
        """Everybody, the stack's account first."""
        self._follow()
        return sorted(self._by_user.values(), key=lambda account: (not account.is_stacks, account.user))

    def invite(self, user: str, hashed: str, role: Role, now: float) -> None:
        """Let somebody in, once, with the password of that hash. Raises Refused."""
        if not _NAME.fullmatch(user):
            raise Refused("name")
        if self.find(user):
            raise Refused("taken")
        if len(self._by_user) >= MOST_PEOPLE:
            raise Refused("many")
        self._save(Account(user, hashed, role, until=now + ONE_TIME_S))

    def remove(self, user: str) -> None:
        """Take somebody's account away. Raises Refused."""
        account = self._of_people(user)
        self._store.change(
            ("delete from person where user = ?", (account.user,)), ("delete from recovery where user = ?", (user,))
        )
        self._forget()

    def give_role(self, user: str, role: Role) -> None:
        """Raises Refused."""
        self._save(replace(self._of_people(user), role=role))

    def reset(self, user: str, hashed: str, now: float) -> None:
        """A one-time password in the place of a lost one, and no second factor. Raises Refused."""
        account = self._of_people(user)
        self._save(replace(account, hash=hashed, until=now + ONE_TIME_S, code_secret="", code_step=0), codes=())

    def choose_password(self, account: Account, hashed: str) -> Account:
        """The account with the password that its person chose."""
        return self._save(replace(account, hash=hashed, until=0.0))

    def require_codes(self, account: Account, secret: str, step: int, recovery: Sequence[str]) -> Account:
        """The account, which asks for codes from now on, or for none with a secret of ""; `recovery` are digests."""
        return self._save(replace(account, code_secret=secret, code_step=step), codes=recovery)

    def use_step(self, account: Account, step: int) -> Account:
        """The account, for which no code of that step or an earlier one is good any more."""
        return self._save(replace(account, code_step=step))

    def use_recovery(self, account: Account, digest: str) -> bool:
        """Whether it was one of the account's recovery codes; it is none any more."""
        return self._store.change(("delete from recovery where user = ? and digest = ?", (account.user, digest))) > 0

    def replace_recovery(self, account: Account, digests: Sequence[str]) -> None:
        """New recovery codes in the place of those that are left."""
        self._save(account, codes=digests)

    def recovery_left(self, account: Account) -> int:
        """How many recovery codes are left."""
        return int(self._store.read("select count(*) from recovery where user = ?", (account.user,))[0][0])

    def _of_people(self, user: str) -> Account:
        account = self.find(user)
        if account is None:
            raise Refused("gone")
        if account.is_stacks:
            raise Refused("stacks")
        return account

    def _save(self, account: Account, codes: Sequence[str] | None = None) -> Account:
        """Written before it counts; raises StackError where it cannot be."""
        values = (account.user, account.hash, account.role, account.own, account.code_secret, account.code_step)
        statements: list[tuple[str, tuple[object, ...]]] = [
            ("insert or replace into person values (?, ?, ?, ?, ?, ?, ?)", (*values, account.until))
        ]
        if codes is not None:
            statements.append(("delete from recovery where user = ?", (account.user,)))
            statements += [("insert into recovery values (?, ?)", (account.user, digest)) for digest in codes]
        self._store.change(*statements)
        self._forget()
        return account

    def _forget(self) -> None:
        self._seen = (0, 0)

    def _follow(self) -> None:
        try:
            found = os.stat(self._path)
            if self._seen == (found.st_mtime_ns, found.st_ino):
                return
            stacks = _read(self._path)
            self._seen = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            sys.stderr.write(f"accounts: {problem}\n")
            self._by_user, self._seen = {}, (0, 0)
            return
        kept = [_person(row) for row in self._store.read("select * from person")]
        people = {account.user: account for account in kept if not account.is_stacks and account.user not in stacks}
        changed = {one.user: one for one in kept if one.user in stacks and one.own == stacks[one.user].own}
        self._by_user = {**people, **stacks, **changed}


def _read(path: str) -> dict[str, Account]:
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)["accounts"]
    found = (_stacks(str(item["user"]), str(item["hash"]), _role(item["role"])) for item in listed)
    return {account.user: account for account in found}


def _stacks(user: str, hashed: str, role: Role) -> Account:
    return Account(user, hashed, role, own=_digest(f"{hashed}\n{role}"))


def _person(row: Sequence[object]) -> Account:
    user, hashed, role, own, secret, step, until = row
    return Account(str(user), str(hashed), _role(role), str(own), str(secret), cast(int, step), cast(float, until))


def _role(text: object) -> Role:
    if text not in ("admin", "viewer"):
        raise ValueError(f"there is no role {text!r}")
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def password_problem(user: str, password: str) -> str:
    """Why a password cannot be taken, as a word that panel.shown.texts has a sentence for; "" when it can."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(set(password)) < 5 or user.lower() in password.lower():
        return "simple"
    return ""
