"""Who may sign in: what the stack says, what an admin adds, and what neither can take away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.panel.people.accounts import MOST_PEOPLE, ONE_TIME_S, Accounts, Refused, password_problem
from founderstack.panel.people.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.json"
    _write(path, "first")
    return path


def _write(path: Path, hashed: str) -> None:
    account = {"user": "founder", "hash": hashed, "role": "admin"}
    path.with_suffix(".new").write_text(json.dumps({"v": 1, "accounts": [account]}))
    path.with_suffix(".new").rename(path)


@pytest.fixture
def accounts(file: Path) -> Iterator[Accounts]:
    with closing(Store(":memory:")) as store:
        yield Accounts(str(file), store)


def test_somebody_let_in_has_to_choose_a_password(accounts: Accounts) -> None:
    accounts.invite("ana", "one-time", "viewer", 100.0)
    ana = accounts.find("ana")
    assert ana
    assert (ana.must_choose, ana.until, ana.is_stacks) == (True, 100.0 + ONE_TIME_S, False)
    chosen = accounts.choose_password(ana, "own")
    assert accounts.find("ana") == chosen
    assert not chosen.must_choose
    assert chosen.mark != ana.mark


@pytest.mark.parametrize(
    ("change", "mark_changes"),
    [
        (lambda accounts, ana: accounts.give_role("ana", "admin"), True),
        (lambda accounts, ana: accounts.reset("ana", "other", 0.0), True),
        (lambda accounts, ana: accounts.require_codes(ana, "SECRET", 5, ("x",)), True),
        (lambda accounts, ana: accounts.replace_recovery(ana, ("x",)), False),
        (lambda accounts, ana: accounts.use_step(ana, 7), False),
    ],
)
def test_what_changes_what_somebody_may_do_ends_their_sessions(
    accounts: Accounts, change: Callable[[Accounts, object], object], mark_changes: bool
) -> None:
    accounts.invite("ana", "one-time", "viewer", 0.0)
    before = accounts.find("ana")
    assert before
    change(accounts, before)
    after = accounts.find("ana")
    assert after
    assert (after.mark != before.mark) == mark_changes


def test_the_stacks_account_can_be_neither_removed_nor_demoted_nor_reset(accounts: Accounts) -> None:
    with pytest.raises(Refused, match="stacks"):
        accounts.remove("founder")
    with pytest.raises(Refused, match="stacks"):
        accounts.give_role("founder", "viewer")
    with pytest.raises(Refused, match="stacks"):
        accounts.reset("founder", "other", 0.0)
    assert accounts.find("founder")


def test_what_the_founder_changed_holds_until_the_stack_makes_a_new_password(accounts: Accounts, file: Path) -> None:
    founder = accounts.find("founder")
    assert founder
    accounts.require_codes(accounts.choose_password(founder, "own"), "SECRET", 5, ("x",))
    _write(file, "first")
    changed = accounts.find("founder")
    assert changed
    assert (changed.hash, changed.code_secret, changed.role) == ("own", "SECRET", "admin")
    assert changed.has_own
    assert not founder.has_own
    _write(file, "rotated")
    fresh = accounts.find("founder")
    assert fresh
    assert (fresh.hash, fresh.code_secret) == ("rotated", ""), "the way back in for who lost password or phone"
    _write(file, "first")
    assert accounts.find("founder") == changed


def test_a_person_never_stands_in_for_the_stacks_account(accounts: Accounts, file: Path) -> None:
    accounts.invite("ana", "hers", "viewer", 0.0)
    file.write_text(json.dumps({"v": 1, "accounts": [{"user": "ana", "hash": "stack", "role": "admin"}]}))
    found = accounts.find("ana")
    assert found
    assert (found.hash, found.role, found.is_stacks) == ("stack", "admin", True)


def test_names_and_numbers_are_bounded(accounts: Accounts) -> None:
    for name in ("", "a b", "a" * 65, "<b>", "ana\n"):
        with pytest.raises(Refused, match="name"):
            accounts.invite(name, "x", "viewer", 0.0)
    with pytest.raises(Refused, match="taken"):
        accounts.invite("founder", "x", "viewer", 0.0)
    for number in range(MOST_PEOPLE - 1):
        accounts.invite(f"ana{number}", "x", "viewer", 0.0)
    with pytest.raises(Refused, match="many"):
        accounts.invite("one-more", "x", "viewer", 0.0)
    with pytest.raises(Refused, match="gone"):
        accounts.remove("nobody")


def test_a_recovery_code_is_used_once(accounts: Accounts) -> None:
    founder = accounts.find("founder")
    assert founder
    changed = accounts.require_codes(founder, "SECRET", 5, ("a", "b"))
    assert accounts.use_recovery(changed, "a")
    assert not accounts.use_recovery(changed, "a")
    assert accounts.recovery_left(changed) == 1
    accounts.require_codes(changed, "", 0, ())
    assert not accounts.use_recovery(changed, "b")


def test_people_outlive_a_restart(file: Path, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "panel.sqlite"))
    Accounts(str(file), store).invite("ana", "x", "admin", 0.0)
    store.close()
    store = Store(str(tmp_path / "panel.sqlite"))
    assert [account.user for account in Accounts(str(file), store).all()] == ["founder", "ana"]
    store.close()


def test_nobody_is_told_that_something_changed_when_it_could_not_be_written(file: Path) -> None:
    store = Store(":memory:")
    accounts = Accounts(str(file), store)
    store.close()
    with pytest.raises(StackError, match="could not save"):
        accounts.invite("ana", "x", "admin", 0.0)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "short"), ("aaaaaaaaaaaaaaaa", "simple"), ("x-Founder-1234", "simple"), ("correct horse battery", ""),
    ],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused(password: str, reason: str) -> None:
    assert password_problem("founder", password) == reason
