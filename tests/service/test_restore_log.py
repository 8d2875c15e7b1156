"""The panel's log over a restore of the panel by name: it only grows, and tells who restored what. Real files."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.backups.sets.contents import Contents, Files
from founderstack.backups.sets.logs import Entry, carry_over, enter
from founderstack.backups.sets.set_store import SetStore
from founderstack.backups.vault import SetHeader, Vault
from founderstack.catalogue.panel import COMPONENT
from founderstack.model.backup import Backup, Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import EngineResult, Progress, Server, SetWriter
from founderstack.model.vault import Restorable
from founderstack.operations.backups.restore import Answers, restore
from founderstack.operations.stack.up import up
from founderstack.panel.people.store import Store
from founderstack.planner.backups.restore import Wish
from founderstack.testing.world import FakeWorld
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from founderstack.world.tar.packing import below
from tests.conftest import enterable_folder

AGREED = Answers(lambda _plan: None, lambda _copies: None, lambda _problem: None)


class _Nothing:
    """An engine for a stack without a database."""

    name = "dump"
    kinds = ("full",)

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> EngineResult:
        raise NotImplementedError

    def forget(self, kept: Sequence[Manifest]) -> None:
        """It keeps nothing of its own."""


class _Watched(Vault):
    """Sees how the panel does while its files are put in their place."""

    world: FakeWorld
    seen: str = ""

    def swap_files(self, one: Restorable, component: str, progress: Progress) -> bool:
        (self.seen,) = [one.condition for one in self.world.runtime.statuses() if one.name == "panel"]
        return super().swap_files(one, component, progress)


def _vault(folder: Path, world: FakeWorld) -> _Watched:
    declared = COMPONENT.backup
    assert isinstance(declared, Backup)
    data = str(folder / "panel")
    files = Files(
        "files/panel.tar",
        "files",
        "panel",
        lambda: below(data, declared.folders),
        data,
        declared.folders,
        databases=declared.databases,
        by_name=declared.by_name,
        log=declared.log,
    )
    key, contents = Key(new_identity()), Contents(None, "", (files,))
    about = SetHeader("diary", str(folder), "debian:12", "here", "0")
    stores = (SetStore(FolderStore(str(folder / "backups")), "diary"),)
    made = _Watched(about, _Nothing(), lambda: contents, lambda: key, stores, world.clock, lambda: "abcdef")
    made.world = world
    return made


def _log(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select user, action from audit order by number").fetchall()


def test_a_panel_restored_by_name_keeps_its_log_and_enters_who_restored_it(tmp_path: Path) -> None:
    world = FakeWorld()
    path = tmp_path / "panel/panel.sqlite"
    path.parent.mkdir(mode=0o700)
    store = Store(str(path))
    store.audit(1.0, "ana", "203.0.113.7", "person invited", "eva, viewer")
    store.write("insert into recovery values ('ana', 'of the night')")
    vault = _vault(tmp_path, world)
    vault.take("full", lambda _about, _count: None)
    store.audit(2.0, "ana", "203.0.113.7", "person removed", "eva")
    store.write("delete from recovery")
    store.close()
    site = world.site("[panel]\n[backup]\n")
    up(site, lambda _prepared: None, lambda _event: None)
    wish = Wish(component="panel", in_place=True, by="root")
    restore(site, vault, wish, AGREED, lambda _event: None, safety=False)
    assert _log(path) == [("ana", "person invited"), ("ana", "person removed"), ("root", "restore")]
    again = Store(str(path))
    assert again.read("select digest from recovery") == [("of the night",)], "and all else is of then"
    assert again.read("select address from audit where user = 'root'") == [("localhost",)]
    assert again.read("select detail from audit where user = 'root'")[0][0].endswith("in place: files panel")
    assert vault.seen == "stopped", "nothing was written meanwhile"
    assert world.runtime.observe().processes["panel"].up


def test_a_log_that_began_anew_since_is_added_to_the_one_that_comes_back(tmp_path: Path) -> None:
    now, restored = tmp_path / "now", tmp_path / "restored"
    for path, user in ((restored, "ana"), (now, "eva")):
        store = Store(str(path))
        store.audit(1.0 if user == "ana" else 2.0, user, "", "restart")
        store.close()
    for _twice in range(2):
        carry_over(str(now), str(restored), "audit")
    assert _log(restored) == [("ana", "restart"), ("eva", "restart")]
    carry_over(str(now), str(tmp_path / "a set without one"), "audit")
    assert _log(tmp_path / "a set without one") == [("eva", "restart")]


def test_a_log_that_cannot_be_read_is_not_replaced_unseen(tmp_path: Path) -> None:
    now, restored = tmp_path / "now", tmp_path / "restored"
    now.write_text("no database, whatever it is called" * 100)
    Store(str(restored)).close()
    with pytest.raises(StackError, match="cannot be carried over") as told:
        carry_over(str(now), str(restored), "audit")
    assert "Set that file aside" in told.value.fix
    enter(str(now), "audit", Entry(1.0, "root", "", "restore", ""))
    enter(str(tmp_path / "none"), "audit", Entry(1.0, "root", "", "restore", ""))
    assert not (tmp_path / "none").exists()


def test_a_log_is_written_with_the_rights_of_whose_folder_it_lies_in(tmp_path: Path) -> None:
    folder = enterable_folder("founder-log-")
    path = folder / "panel.sqlite"
    store = Store(str(path))
    store.audit(1.0, "ana", "", "restart")
    store.close()
    os.chown(folder, 65534, 65534)
    os.chmod(path, 0o600)
    enter(str(path), "audit", Entry(2.0, "root", "", "restore", ""))
    assert _log(path) == [("ana", "restart")], "the file is root's, as one that a link led to would be"
    with pytest.raises(StackError, match="cannot be carried over"):
        carry_over(str(path), str(tmp_path / "restored"), "audit")
    shutil.rmtree(folder)


@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_pipe_beside_a_log_keeps_no_restore_waiting(tmp_path: Path, ending: str) -> None:
    now = tmp_path / "panel.sqlite"
    Store(str(now)).close()
    (tmp_path / f"panel.sqlite{ending}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"panel.sqlite{ending}")
    enter(str(now), "audit", Entry(1.0, "root", "", "restore", ""))
    with pytest.raises(StackError, match="cannot be carried over") as told:
        carry_over(str(now), str(tmp_path / "restored"), "audit")
    assert told.value.why == f"{now}{ending} is no regular file."


def test_a_log_that_is_a_question_without_an_end_is_left_at_its_deadline(tmp_path: Path) -> None:
    now = tmp_path / "panel.sqlite"
    with closing(sqlite3.connect(now)) as database, database:
        database.execute(
            "create view audit as with recursive n(x) as (select 1 union all select x + 1 from n)"
            " select x at, '' user, '' address, '' action, '' detail from n where x < 0"
        )
    with pytest.raises(StackError, match="cannot be carried over") as told:
        carry_over(str(now), str(tmp_path / "restored"), "audit", patience_s=1)
    assert told.value.why == "It was still running after 1 seconds and was ended."
    assert not (tmp_path / "restored").exists()
