"""What a restore comes to: which set, which parts, and under which names."""

from __future__ import annotations

import shlex

import pytest

from founderstack.model.backup import DatabaseFacts, FoundSet, Manifest
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Server
from founderstack.model.vault import FilesOf, Restorable
from founderstack.planner.backups.restore import LONGEST_NAME, RestorePlan, Wish, pick, restoring, staged

SERVER = Server("/usr/lib/postgresql/17/bin", "/run of/postgres", 5433, "f-diary-postgres")


def _found(set_id: str, *, lacks: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> FoundSet:
    manifest = Manifest(set_id, "diary", 0.0, 1.0, "dump", "full", (), lacks=lacks)
    return FoundSet(manifest, ("local",), missing=missing)


def test_the_newest_set_that_lacks_nothing_is_restored_and_another_where_it_is_named() -> None:
    sets = [_found("c", lacks=("The database app is not in it",)), _found("b", missing=("local: x",)), _found("a")]
    assert pick(sets, "", 200.0).manifest.id == "a"
    assert pick(sets, "c", 200.0).manifest.id == "c"
    assert pick(sets[:2], "", 200.0).manifest.id == "c", "better than none"
    with pytest.raises(StackError, match="taken unseen"):
        pick(sets[1:2], "", 200.0)


def _restoring(wish: Wish, *names: str, sizes: int = 20_000_000) -> RestorePlan:
    about = tuple(DatabaseFacts(name, "app", "UTF8", "C", "C", ()) for name in names)
    manifest = Manifest("a", "diary", 100.0, 1.0, "dump", "full", ())
    one = Restorable(manifest, "local", about, (FilesOf("app", 10),), dict.fromkeys(names, sizes))
    return restoring(wish, one, lambda component: f"/restored/{component}", lambda _step: None, 160.0, SERVER.in_psql)


@pytest.mark.parametrize("in_place", [True, False])
def test_names_that_begin_alike_stay_two(in_place: bool) -> None:
    long = ["tenant_" + "x" * 50 + letter for letter in "ab"]
    plan = _restoring(Wish(in_place=in_place), *long, "app", "ñ" * 31, "ñ" * 30 + "o")
    into = [item.into for item in plan.items if item.kind == "database"]
    assert len(set(into)) == 5
    assert max(len(name.encode()) for name in into) <= LONGEST_NAME
    assert into[2] == ("app_restoring" if in_place else "app_restored")
    assert len({staged(name, "_replaced") for name in long}) == 2


def test_a_copy_never_gets_the_name_of_a_database_that_is_used() -> None:
    with pytest.raises(StackError, match="cannot be restored as app_restored") as refused:
        _restoring(Wish(), "app", "app_restored", "app_restored_2")
    assert refused.value.exit_code == EXIT_PRECONDITION
    command = refused.value.fix.partition(": ")[2]
    assert shlex.split(command) == [
        *("psql", "-h", "/run of/postgres", "-p", "5433", "-U", "postgres", "-d", "postgres"),
        *("-c", 'ALTER DATABASE "app_restored" RENAME TO "app_restored_3";', "&&", "founder", "backup"),
    ]
    assert [item.into for item in _restoring(Wish(database="app_restored"), "app", "app_restored").items] == [
        "app_restored_restored"
    ]


def test_a_wish_is_narrowed_to_a_database_a_component_or_a_kind() -> None:
    def items(wish: Wish) -> list[tuple[str, str]]:
        return [(item.kind, item.into) for item in _restoring(wish, "app", "postgres").items]

    assert items(Wish()) == [("database", "app_restored"), ("files", "/restored/app")]
    assert items(Wish(only="databases", in_place=True)) == [("database", "app_restoring")]
    assert items(Wish(only="files", in_place=True)) == [("files", "")]
    assert items(Wish(database="postgres")) == [("database", "postgres_restored")]
    assert items(Wish(component="app")) == [("files", "/restored/app")]
    assert items(Wish(table="note")) == [("database", "app_restored")]
    with pytest.raises(StackError, match="does not hold that"):
        items(Wish(database="other"))
    with pytest.raises(StackError, match="In which database"):
        _restoring(Wish(table="note"), "app", "other")


def test_what_is_lost_and_how_long_it_takes_is_told() -> None:
    plan = _restoring(Wish(database="app"), "app")
    assert (plan.loss_s, plan.seconds) == (60.0, 2.5)
