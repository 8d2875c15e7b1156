"""System users of a stack, really made and removed."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.model.process import Card, Probe, Process
from founderstack.runtimes.host import launch
from founderstack.runtimes.host.layout import Layout
from founderstack.world.os import accounts
from founderstack.world.os.processes import run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes users")
FIRST = f"z{secrets.token_hex(2)}"  # what a run that was killed left behind has another name
STACK = f"{FIRST}-test"


@pytest.fixture(autouse=True)
def removed() -> Iterator[None]:
    yield
    for stack in (STACK, FIRST):
        accounts.remove_users(stack)
    assert not [account for account in pwd.getpwall() if account.pw_name.startswith(f"f-{FIRST}-")]
    assert not [group for group in grp.getgrall() if group.gr_name.startswith(f"f-{FIRST}-")]


def _groups(name: str) -> set[str]:
    return {group.gr_name for group in grp.getgrall() if name in group.gr_mem}


def test_a_user_has_no_way_in_and_its_own_group() -> None:
    name = accounts.ensure_user(STACK, "postgres")
    found = pwd.getpwnam(name)
    assert name == f"f-{STACK}-postgres"
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
    accounts.remove_users(FIRST)
    assert pwd.getpwnam(other)
    with pytest.raises(StackError, match="is not this stack's"):
        accounts.ensure_user(FIRST, "test-app")


def test_what_still_runs_as_a_user_that_is_removed_is_ended() -> None:
    name = accounts.ensure_user(STACK, "app")
    with subprocess.Popen(["/bin/sleep", "987"], user=name) as left:
        accounts.remove_users(STACK)
        assert left.wait(10) == -signal.SIGKILL
    assert name not in [account.pw_name for account in pwd.getpwall()]


ELSEWHERE = """
import os, sys
os.chroot(sys.argv[1])
os.setresgid(*[int(sys.argv[2])] * 3)
os.setresuid(*[int(sys.argv[2])] * 3)
print("there", flush=True)
sys.stdin.read()
"""


@contextmanager
def _same_number_elsewhere(uid: int, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    argv = [*words, sys.executable, "-I", "-c", ELSEWHERE, str(folder), str(uid)]
    # It ends as its input does; leaving the block waits for that.
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "there\n"
        yield other


@contextmanager
def _left_over(name: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "987"], user=name, group=name, start_new_session=True) as left:
        try:
            yield left
        finally:
            left.kill()


@pytest.mark.parametrize("where", ["another root folder", "other process numbers"])
def test_what_shares_only_the_users_number_is_left_alone(where: str, tmp_path: Path) -> None:
    name = accounts.ensure_user(STACK, "postgres")
    uid = pwd.getpwnam(name).pw_uid
    folder, words = (tmp_path, ()) if "root" in where else (Path("/"), ("unshare", "--pid", "--fork", "--kill-child"))
    with _same_number_elsewhere(uid, folder, *words) as other, _left_over(name) as left:
        accounts.end_all_of(name)
        assert left.wait(10) == -signal.SIGKILL
        with _left_over(name) as left_again:
            process = Process("postgres", "postgres", Card("", ""), ("/bin/true",), "/", Probe("tcp", ""))
            script = launch.script(process, Layout(str(tmp_path)), name, root=True)
            run(["/bin/sh", "-c", script], user=name, check=False)
            assert left_again.wait(10) == -signal.SIGKILL
        assert other.poll() is None


def test_a_long_name_is_shortened_to_one_of_its_own() -> None:
    names = {accounts.user_name("a-name-of-16-char", f"a-long-component-{number}") for number in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {32}
