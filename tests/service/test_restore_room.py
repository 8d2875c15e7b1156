"""Rows that compress well take many times their dump: a restore of them leaves the live database its room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.backups.postgres import databases
from founderstack.backups.restorer import _refuse_elsewhere
from founderstack.backups.sets.contents import Files
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.errors import StackError
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from founderstack.world.os.disk import spare_bytes
from tests.conftest import enterable_folder
from tests.service.clusters import Cluster, cluster
from tests.service.test_engines import quiet, taken

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
ROWS = "INSERT INTO log SELECT repeat('GET /index.html 200 ', 60) || i FROM generate_series(1, 60000) i"


@pytest.fixture
def small() -> Iterator[Cluster]:
    """A server on a disk of 320 MB."""
    folder = enterable_folder("founder-small-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m,mode=755", "tmpfs", folder], check=True)
    try:
        with cluster(folder) as server:
            yield server
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder)


def test_a_restore_ends_before_the_disk_is_full_and_leaves_nothing(small: Cluster, tmp_path: Path) -> None:
    for setting in ("max_wal_size = '32MB'", "min_wal_size = '32MB'"):
        small.query(f"ALTER SYSTEM SET {setting}")
    small.query("SELECT pg_reload_conf()")
    small.query("CREATE DATABASE live")
    small.query("CREATE TABLE log (line text)", "live")
    small.query(ROWS, "live")
    small.query("CHECKPOINT")
    server = replace(small.server, databases=("live",))
    opened = taken(server, SetStore(FolderStore(str(tmp_path)), "diary"), Key(new_identity()))
    (about,) = databases.facts_of(opened).databases
    dump = next(file for file in opened.manifest.files if file.kind == "dump")
    assert about.size > 10 * dump.plain_size, "it has to compress well"
    filling = small.root / "filling"
    with open(filling, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, spare_bytes(str(small.root)) - about.size // 2)
    with pytest.raises(StackError, match="cannot be written"):
        databases.restore_database(server, opened, about, "live_restored", quiet)
    assert not databases.exists(server, "live_restored")
    assert small.query("SELECT count(*) FROM log", "live") == [(60000,)]
    small.query(ROWS.replace("60000", "1000"), "live")
    small.stop()
    small.up()
    filling.unlink()
    databases.restore_database(server, opened, about, "live_restored", quiet)
    assert small.query("SELECT count(*) FROM log", "live_restored") == [(60000,)]


@pytest.mark.parametrize("where", ["app", "app/files", "app/files/photos"])
def test_files_on_a_disk_of_their_own_are_not_restored_in_place(tmp_path: Path, where: str) -> None:
    """Names change on one disk alone: it would end half-way, with the databases of then and the files of now."""
    (tmp_path / "app/files/photos").mkdir(parents=True)
    about = Files("files/app.tar", "files", "app", tuple, str(tmp_path / "app"), ("files",))
    _refuse_elsewhere(about)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path / where], check=True)
    try:
        with pytest.raises(StackError, match="cannot be restored in place"):
            _refuse_elsewhere(about)
    finally:
        subprocess.run(["umount", "--lazy", tmp_path / where], check=True)
