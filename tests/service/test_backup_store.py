"""Sets in a folder: sealed, listed, copied, and every kind of damage found and named."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.backups.sets import documents, proofs
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import MANIFEST, Manifest, Proof
from founderstack.model.errors import StackError
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore

SET = "20261124T033000Z-4f1c9a"
CONTENT = os.urandom(200_000)


@pytest.fixture
def key() -> Key:
    return Key(new_identity())


def _store(folder: Path) -> SetStore:
    return SetStore(FolderStore(str(folder)), "diary")


def _set(store: SetStore, key: Key, set_id: str = SET) -> Manifest:
    made = store.begin(set_id, key)
    made.add("database/app.dump", "dump", "app", io.BytesIO(CONTENT))
    made.add("files/app.tar", "files", "app", io.BytesIO(b"a note"))
    return made.finish(Manifest(set_id, "diary", 1000.0, 2.5, "dump", "full", ()))


def test_what_was_put_into_a_set_comes_out_of_it_and_is_nowhere_in_clear(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    _set(store, key)
    manifest = store.manifest(SET)
    opened = store.opened(manifest, key)
    assert [opened.paper(file) for file in manifest.files] == [CONTENT, b"a note"]
    assert manifest.size == sum(path.stat().st_size for path in tmp_path.rglob("*.age"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"a note" in path.read_bytes()]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_a_set_without_its_manifest_is_no_set(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    store.begin(SET, key).add("database/app.dump", "dump", "app", io.BytesIO(CONTENT))
    assert MANIFEST not in store.contents()[SET]
    with pytest.raises(StackError, match="missing"):
        store.manifest(SET)
    store.remove(SET)
    assert store.contents() == {}


def test_what_a_killed_writer_left_goes_with_the_next_file(tmp_path: Path, key: Key) -> None:
    program = (
        "import os, signal, sys; from founderstack.world.objects.folder import FolderStore\n"
        "class Source:\n"
        "    def read(self, size=-1): os.kill(os.getpid(), signal.SIGKILL)\n"
        "FolderStore(sys.argv[1]).put('diary/sets/x/file', Source())"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    _set(_store(tmp_path), key)
    left = {path.relative_to(tmp_path).parts[:3] for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {("diary", "sets", SET)}


def test_another_key_is_told_at_once(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    manifest = _set(store, key)
    with pytest.raises(StackError, match="not written with this stack's key"):
        store.opened(manifest, Key(new_identity()))


def test_a_manifest_that_somebody_changed_is_refused(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    _set(store, key)
    path = tmp_path / "diary/sets" / SET / MANIFEST
    path.write_text(path.read_text().replace('"kind":"full"', '"kind":"none"'))
    with pytest.raises(StackError, match="not written with this stack's key"):
        store.opened(store.manifest(SET), key)


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing", "lengthened"])
def test_damage_is_found_and_named_with_and_without_the_key(tmp_path: Path, key: Key, damage: str) -> None:
    store = _store(tmp_path)
    manifest = _set(store, key)
    path = tmp_path / "diary/sets" / SET / "database/app.dump.age"
    sealed = path.read_bytes()
    changed = {"flipped": sealed[:90_000] + bytes([sealed[90_000] ^ 1]) + sealed[90_001:], "cut": sealed[:-20]}
    path.write_bytes(changed.get(damage, sealed + b"\0"))
    if damage == "missing":
        path.unlink()
    assert store.damage(manifest) == ("database/app.dump.age",)
    opened = store.opened(manifest, key)
    with pytest.raises(StackError, match=r"database/app\.dump\.age is (damaged|missing)"):
        opened.paper(manifest.files[0])
    assert opened.paper(manifest.files[1]) == b"a note"


def test_one_file_in_the_place_of_another_is_damage(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    manifest = _set(store, key)
    folder = tmp_path / "diary/sets" / SET
    shutil.copy(folder / "files/app.tar.age", folder / "database/app.dump.age")
    with pytest.raises(StackError, match="damaged"):
        store.opened(manifest, key).paper(manifest.files[0])


def test_a_copy_goes_on_where_it_stopped_and_never_carries_damage_on(tmp_path: Path, key: Key) -> None:
    here, there = _store(tmp_path / "here"), _store(tmp_path / "there")
    manifest = _set(here, key)
    here.copy(manifest, there)
    (tmp_path / "there/diary/sets" / SET / MANIFEST).unlink()
    first = tmp_path / "there/diary/sets" / SET / "database/app.dump.age"
    (tmp_path / "there/diary/sets" / SET / "files/app.tar.age").unlink()
    inode = first.stat().st_ino
    here.copy(manifest, there)
    assert first.stat().st_ino == inode, "it was there already"
    assert there.opened(there.manifest(SET), key).paper(manifest.files[1]) == b"a note"
    there.remove(SET)
    damaged = tmp_path / "here/diary/sets" / SET / "files/app.tar.age"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    with pytest.raises(StackError, match="damaged"):
        here.copy(manifest, there)
    assert MANIFEST not in there.contents()[SET]


def test_a_drill_is_kept_beside_its_set_and_what_is_no_drill_of_it_is_named(tmp_path: Path, key: Key) -> None:
    """What breaks: proofs that were changed, copied from another set, made up or cut. None of them proves anything."""
    store = _store(tmp_path)
    manifest, folder = _set(store, key), tmp_path / "diary/sets" / SET
    for at in (2000.0, 3000.0):
        problems = ("table a: 3 rows, 4 were dumped",)
        proofs.keep(store, Proof(SET, at, ok=at > 2500, seconds=4, problems=problems, of=manifest.seal), key)
    good = (folder / "proof-2000.json").read_text()
    (folder / "proof-4000.json").write_text(good.replace('"ok":false', '"ok":true').replace("2000.0", "4000.0"))
    proofs.keep(store, Proof(SET, 5000.0, ok=True, seconds=4, of=manifest.seal), Key(new_identity()))
    proofs.keep(store, Proof(SET, 6000.0, ok=True, seconds=4, of="seal of another set"), key)
    (folder / "proof-7000.json").write_bytes(documents.written(Proof(SET, 7000.0, ok=True, seconds=4)))
    (folder / "proof-9999.json").write_text("{")
    found = proofs.kept(store, manifest, store.contents()[SET], key)
    assert [proof.at for proof in found.valid] == [2000.0, 3000.0]
    assert found.forged == tuple(f"proof-{at}.json" for at in (4000, 5000, 6000, 7000, 9999))
    assert proofs.kept(store, manifest, store.contents()[SET], None) == proofs.Proofs()
    unsaid = documents.to_seal(found.valid[0])
    assert b"refused" not in unsaid, "what earlier versions sealed is read as before"
    assert b"replaced_by" not in documents.to_seal(manifest)
    changed = replace(manifest, files=manifest.files[:1])
    assert not proofs.kept(store, changed, store.contents()[SET], key).valid, "the set is not the one that was restored"


def test_a_key_that_replaced_another_opens_what_the_other_sealed(tmp_path: Path) -> None:
    old, new = new_identity(), new_identity()
    store = _store(tmp_path)
    manifest = _set(store, Key(old))
    assert store.opened(manifest, Key(f"{new}\n{old}")).paper(manifest.files[1]) == b"a note"


def test_a_set_opens_with_age_alone(tmp_path: Path) -> None:
    identity = new_identity()
    _set(_store(tmp_path), Key(identity))
    (tmp_path / "key.txt").write_text(identity)
    path = tmp_path / "diary/sets" / SET / "files/app.tar.age"
    command = ["age", "--decrypt", "--identity", str(tmp_path / "key.txt"), str(path)]
    assert subprocess.run(command, check=True, capture_output=True).stdout == b"a note"


def test_later_versions_may_add_to_a_manifest(tmp_path: Path, key: Key) -> None:
    store = _store(tmp_path)
    _set(store, key)
    path = tmp_path / "diary/sets" / SET / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "blue"}))
    assert store.manifest(SET).engine == "dump"
