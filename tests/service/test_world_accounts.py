"""System users of a stack, really made and removed."""

from __future__ import annotations

import grp
import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from founderstack.model.errors import StackError
from founderstack.world import accounts

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes users")
STACK = "zz-test"


@pytest.fixture(autouse=True)
def removed() -> Iterator[None]:
    yield
    for stack in (STACK, "zz"):
        accounts.remove_users(stack)
    assert not [account for account in pwd.getpwall() if account.pw_name.startswith("f-zz-")]
    assert not [group for group in grp.getgrall() if group.gr_name.startswith("f-zz-")]


def _groups(name: str) -> set[str]:
    return {group.gr_name for group in grp.getgrall() if name in group.gr_mem}


def test_a_user_has_no_way_in_and_its_own_group() -> None:
    name = accounts.ensure_user(STACK, "postgres")
    found = pwd.getpwnam(name)
    assert name == "f-zz-test-postgres"
    assert (found.pw_dir, found.pw_shell) == ("/nonexistent", "/usr/sbin/nologin")
    assert grp.getgrgid(found.pw_gid).gr_name == accounts.group_name(STACK, "postgres") == name
    assert found.pw_uid < 1000
    assert accounts.ensure_user(STACK, "postgres") == name


def test_groups_are_joined_in_any_order_and_left_again() -> None:
    panel = accounts.ensure_user(STACK, "panel", ["nginx", "agent"])
    nginx = accounts.ensure_user(STACK, "nginx")
    assert _groups(panel) == {nginx, accounts.user_name(STACK, "agent")}
    accounts.ensure_user(STACK, "panel", ["nginx"])
    assert _groups(panel) == {nginx}
    accounts.ensure_user(STACK, "panel")
    assert _groups(panel) == set()


def test_many_at_once_lose_nothing() -> None:
    names = [f"c{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda name: accounts.ensure_user(STACK, name, ["shared"]), names))
    assert all(pwd.getpwnam(name) for name in made)
    assert set(made) <= set(grp.getgrnam(accounts.group_name(STACK, "shared")).gr_mem)


def test_a_stack_whose_name_begins_another_leaves_the_others_users() -> None:
    other = accounts.ensure_user(STACK, "app")
    accounts.remove_users("zz")
    assert pwd.getpwnam(other)
    with pytest.raises(StackError, match="is not this stack's"):
        accounts.ensure_user("zz", "test-app")


def test_what_still_runs_as_a_user_that_is_removed_is_ended() -> None:
    name = accounts.ensure_user(STACK, "app")
    with subprocess.Popen(["/bin/sleep", "987"], user=name) as left:
        accounts.remove_users(STACK)
        assert left.wait(10) == -signal.SIGKILL
    assert name not in [account.pw_name for account in pwd.getpwall()]


def test_a_long_name_is_shortened_to_one_of_its_own() -> None:
    names = {accounts.user_name("a-name-of-16-char", f"a-long-component-{number}") for number in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {32}
