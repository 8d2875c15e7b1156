"""What a check of a password costs, and what it gives away."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from founderstack.panel.people.accounts import Account
from founderstack.panel.people.passwords import Passwords

PASSWORD = "correct horse battery"


class Counting(PasswordHasher):
    """The real one, which keeps what it was asked to check against."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.checked.append(str(hash))
        return super().verify(hash, password)


@pytest.mark.parametrize(("known", "given", "right"), [(True, PASSWORD, True), (True, "x", False), (False, "x", False)])
def test_an_unknown_name_costs_what_a_wrong_password_costs(known: bool, given: str, right: bool) -> None:
    """Counted, because seconds say little on a busy machine: one hash, of the same parameters."""
    hasher = Counting()
    own = hasher.hash(PASSWORD)
    account = Account(user="ana", hash=own, role="viewer") if known else None
    assert asyncio.run(Passwords(hasher).right(account, given)) is right
    (checked,) = hasher.checked
    assert extract_parameters(checked) == extract_parameters(own)
