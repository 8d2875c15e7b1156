"""What a place with sets is to a rebuild, and what a destroy leaves: real files, sealed with a real key."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from founderstack.backups.sets.origin import SetsElsewhere
from founderstack.backups.sets.set_locations import keeping, lying
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.operations.backups.rebuild import choose
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore

OLD, NEW = "20261123T033000Z-aaaaaa", "20261124T033000Z-bbbbbb"
TAKEN = {OLD: 1000.0, NEW: 87_400.0}
NOW = 100_000.0


@pytest.fixture
def identity() -> str:
    return new_identity()


def _settings(text: str) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (("stack/founder.toml", f"# {text}\n"), ("state/secrets.json", "{}")):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content.encode()))
    return io.BytesIO(packed.getvalue())


def _taken(folder: Path, identity: str, *ids: str) -> SetStore:
    store = SetStore(FolderStore(str(folder)), "diary")
    for set_id in ids:
        made = store.begin(set_id, Key(identity))
        made.add("settings.tar", "settings", "", _settings(set_id))
        made.add("database/globals.sql", "globals", "", io.BytesIO(b"-- roles"))
        made.finish(Manifest(set_id, "diary", TAKEN[set_id], 1.0, "dump", "full", ()))
    return store


def _origin(folder: Path, identity: str, root: Path) -> SetsElsewhere:
    return SetsElsewhere(FolderStore(str(folder)), Key(identity), str(root))


def _newest(origin: SetsElsewhere) -> FoundSet:
    return origin.sets("diary")[0]


def test_a_state_with_nothing_but_backups_is_no_stack_and_is_rebuilt_from(tmp_path: Path, identity: str) -> None:
    there = tmp_path / "diary/backups"
    _taken(there, identity, OLD)
    origin = _origin(there, identity, tmp_path)
    assert choose(origin, "", "", NOW).one.manifest.id == OLD
    (tmp_path / "diary/secrets.json").write_text("{}")
    with pytest.raises(StackError, match="has a stack") as told:
        choose(origin, "", "", NOW)
    assert "destroy" not in told.value.fix


def test_a_rebuild_that_was_killed_as_it_wrote_its_first_note_is_no_stack(tmp_path: Path, identity: str) -> None:
    _taken(tmp_path / "place", identity, OLD)
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary/.rebuild.json.2563-2563.new").write_text("{")
    assert choose(_origin(tmp_path / "place", identity, tmp_path), "", "", NOW).one.manifest.id == OLD


@pytest.mark.parametrize("name", ["settings.tar.age", "database/globals.sql.age"])
def test_a_bit_that_is_wrong_in_the_newest_set_is_told_before_anything_with_the_set_before_it(
    tmp_path: Path, identity: str, name: str
) -> None:
    _taken(tmp_path / "sets", identity, OLD, NEW)
    damaged = tmp_path / "sets/diary/sets" / NEW / name
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    origin = _origin(tmp_path / "sets", identity, tmp_path / "root")
    with pytest.raises(StackError) as told:
        choose(origin, "", "", NOW)
    assert f"--set {OLD}" in told.value.fix
    assert not (tmp_path / "root").exists()
    assert choose(origin, "", "20261123", NOW).one.manifest.id == OLD, "the beginning of its name is enough"


def test_another_set_is_taken_until_a_database_came_back(tmp_path: Path, identity: str) -> None:
    _taken(tmp_path / "sets", identity, OLD, NEW)
    origin, folder = _origin(tmp_path / "sets", identity, tmp_path / "root"), str(tmp_path / "diary")
    newest = choose(origin, "", "", NOW).one
    origin.begin(newest, folder)
    origin.restore_settings(newest, folder)
    origin.note("diary", "roles", ["Role app: refused"])
    assert choose(origin, "", "", NOW).one.manifest.id == NEW, "without a word it goes on with the same"
    assert origin.state("diary").refused == ("Role app: refused",), "what was refused is told at the end"

    older = choose(origin, "", OLD, NOW)
    assert (older.one.manifest.id, older.state.done) == (OLD, ())
    origin.begin(older.one, folder)
    origin.restore_settings(older.one, folder)
    assert origin.state("diary").refused == ()
    assert (tmp_path / "diary/founder.toml").read_text() == f"# {OLD}\n"

    origin.note("diary", "database:app")
    with pytest.raises(StackError, match="from another set has not ended"):
        choose(origin, "", NEW, NOW)
    assert choose(origin, "", "", NOW).state.done == ("database:app",)


def test_the_secrets_alone_are_read_from_a_set_and_nothing_is_written(tmp_path: Path, identity: str) -> None:
    _taken(tmp_path / "sets", identity, OLD)
    origin = _origin(tmp_path / "sets", identity, tmp_path / "root")
    assert origin.secrets_in(_newest(origin)) == "{}"
    assert not (tmp_path / "root").exists()


def test_a_stack_file_of_somebody_else_is_never_overwritten(tmp_path: Path, identity: str) -> None:
    _taken(tmp_path / "sets", identity, NEW)
    origin = _origin(tmp_path / "sets", identity, tmp_path / "root")
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary/founder.toml").write_text("# mine\n")
    newest = choose(origin, "", "", NOW).one
    origin.begin(newest, str(tmp_path / "diary"))
    for _again in range(2):
        with pytest.raises(StackError, match="is there already"):
            origin.restore_settings(newest, str(tmp_path / "diary"))
    assert (tmp_path / "diary/founder.toml").read_text() == "# mine\n"


def test_what_a_destroy_keeps_opens_with_the_key_beside_it_and_is_in_no_later_stacks_way(
    tmp_path: Path, identity: str
) -> None:
    state, kept = tmp_path / "diary", tmp_path / "diary.backups-now"
    _taken(state / "backups", identity, OLD, NEW)
    os.chown(state / "backups/diary", 12345, 12345)
    found = lying(str(state), "diary", None)
    assert found.ids == (NEW, OLD)
    keeping(found, str(kept), identity, sets=True)()
    assert not (state / "backups").exists()
    assert {path.stat().st_uid for path in kept.rglob("*")} == {os.geteuid()}
    assert (kept / "key").stat().st_mode & 0o777 == 0o600
    origin = _origin(kept, (kept / "key").read_text(), tmp_path)
    assert choose(origin, "diary", "", NOW).one.manifest.id == NEW
    _newest(origin)


def test_without_the_second_word_nothing_of_a_set_goes_and_with_it_nothing_is_kept(
    tmp_path: Path, identity: str
) -> None:
    _taken(tmp_path / "diary/backups", identity, OLD)
    found = lying(str(tmp_path / "diary"), "diary", None)
    keeping(found, str(tmp_path / "kept"), identity, sets=False)()
    assert not (tmp_path / "kept").exists()
