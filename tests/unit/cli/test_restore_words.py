"""What is printed after a restore can be pasted, whatever the names are."""

from __future__ import annotations

import shlex

from founderstack.cli.verbs.restore import _removing
from founderstack.model.backup import Manifest
from founderstack.model.vault import Restorable
from founderstack.operations.restore import Restored
from founderstack.planner.restoring import Item, Restoring, Wish


def test_what_removes_the_copies_names_them_as_sql_and_the_shell_take_them() -> None:
    one = Restorable(Manifest("set", "diary", 1.0, 1.0, "dump", "full", ()), "local")
    items = (
        Item("database", "app", "app_restored", 1),
        Item("database", 'Odd "name"', 'Odd "name"_restored', 1),
        Item("files", "app", "/state of mine/restored/app", 1),
    )
    said = _removing(Restored(Restoring(Wish(), one, items, 0.0, 0.0)))
    sql, _semicolon, command = said.rpartition("; ")
    assert sql == 'DROP DATABASE app_restored; DROP DATABASE "Odd ""name""_restored"'
    assert shlex.split(command) == ["rm", "-r", "/state of mine/restored/app"]
