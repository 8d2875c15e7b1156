"""What is printed after a restore can be pasted, whatever the names are."""

from __future__ import annotations

import shlex

import pytest

from founderstack.cli.backups.restore_questions import TerminalAnswers
from founderstack.cli.verbs.restore import _let_in, _removing
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.vault import LeftoverCopy, Restorable
from founderstack.operations.backups.restore import RestoreResult
from founderstack.planner.backups.restore import Item, RestorePlan, Wish

SERVER = Server("/usr/lib/postgresql/17/bin", "/run of/postgres", 5433, "f-diary-postgres")


def test_what_removes_the_copies_names_them_as_sql_and_the_shell_take_them() -> None:
    one = Restorable(Manifest("set", "diary", 1.0, 1.0, "dump", "full", ()), "local")
    items = (
        Item("database", "app", "app_restored", 1),
        Item("database", 'Odd "name"', 'Odd "name"_restored', 1),
        Item("files", "app", "/state of mine/restored/app", 1),
    )
    said = _removing(RestoreResult(RestorePlan(Wish(), one, items, 0.0, 0.0)), SERVER.in_psql)
    sql, _and, command = said.rpartition(" && ")
    as_superuser = ["psql", "-h", "/run of/postgres", "-p", "5433", "-U", "postgres", "-d", "postgres"]
    dropped = ["-c", 'DROP DATABASE "app_restored";', "-c", 'DROP DATABASE "Odd ""name""_restored";']
    assert shlex.split(sql) == [*as_superuser, *dropped]
    assert shlex.split(command) == ["rm", "-r", "/state of mine/restored/app"]


def test_whom_nobody_can_ask_is_told_the_command_that_goes_on() -> None:
    asking = TerminalAnswers(
        ("20261124T033000Z", "--database", "my app"), yes=True, replace=False, in_psql=SERVER.in_psql
    )
    copies = [
        LeftoverCopy("database", 'my "app"_restored', 1_795_000_000.0, 3_000_000),
        LeftoverCopy("files", "/of mine/app", 0, 9),
    ]
    with pytest.raises(StackError) as told:
        asking.replace_copies(copies)
    again, rename = told.value.fix.splitlines()
    words = shlex.split(again.removeprefix("To replace it: "))
    assert words == ["founder", "restore", "20261124T033000Z", "--database", "my app", "--replace"]
    assert 'ALTER DATABASE "my ""app""_restored" RENAME TO "my ""app""_restored_20261118";' in rename
    assert "2026-11-18" in told.value.why
    assert "3.0 MB" in told.value.why
    TerminalAnswers((), yes=True, replace=True, in_psql=SERVER.in_psql).replace_copies(copies)
    problem = StackError("The disk is full", "0 MiB are free.", "Make room.")
    with pytest.raises(StackError, match="no safety set") as told:
        asking.without_safety(problem)
    assert "The disk is full: 0 MiB are free." in told.value.why
    assert told.value.fix.endswith("--database 'my app' --without-safety-set")


def test_who_came_back_and_cannot_sign_in_is_named_with_what_lets_them_in() -> None:
    assert _let_in((), SERVER.in_psql) == []
    told, cure = _let_in(("Odd one", "other"), SERVER.in_psql)
    assert "Odd one, other" in told
    assert shlex.split(cure)[-4:] == ["-c", 'ALTER ROLE "Odd one" LOGIN;', "-c", '\\password "Odd one"']
