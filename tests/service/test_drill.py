"""Drills against a real PostgreSQL: what a good set proves, and every kind of bad one found and named."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.backups.postgres import databases, throwaway_server
from founderstack.backups.postgres.drill import Trial, drill, room_needed_mib
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.postgres.session import ask
from founderstack.backups.postgres.throwaway_server import Scratch, running
from founderstack.backups.sets import documents, proofs
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import Facts, Manifest, Proof, Table
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from founderstack.world.objects.s3 import Bucket, S3Store
from founderstack.world.os import processes
from founderstack.world.os.clock import SystemClock
from tests.conftest import enterable_folder, wait_until

BINARIES = str(max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)))
USER = "postgres" if os.geteuid() == 0 else os.environ.get("USER", "")
SET = "20261124T033000Z-4f1c9a"
SQL = """
CREATE ROLE app NOLOGIN;
CREATE ROLE app_1 LOGIN PASSWORD 'opensesame' IN ROLE app;
CREATE ROLE viewer NOLOGIN;
CREATE DATABASE app OWNER app;
REVOKE CONNECT ON DATABASE app FROM PUBLIC;
GRANT CONNECT ON DATABASE app TO viewer;
"""
TABLES = """
SET ROLE app;
CREATE TABLE note (id serial PRIMARY KEY, body text, at timestamptz DEFAULT now());
INSERT INTO note (body) SELECT 'note ' || i FROM generate_series(1, 2000) i;
CREATE TABLE empty (id int);
GRANT SELECT ON note TO viewer;
"""

HELD = "SELECT count(*)::text FROM (SELECT pg_advisory_xact_lock(i) FROM generate_series(1, 40000) i) held"


def nothing(_about: str, _bytes: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = enterable_folder("drill-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def key() -> Key:
    return Key(new_identity())


@pytest.fixture(scope="module")
def good(place: Path, key: Key) -> Iterator[SetStore]:
    """A place with one set, and with the server that it was taken from still running."""
    store = SetStore(FolderStore(str(place / "good")), "diary")
    with running(Scratch(f"{place}/source", BINARIES, USER, nice=0)) as server:
        ask(server, "postgres", *SQL.strip().splitlines())
        ask(server, "app", "SET search_path = public", TABLES)
        taken(store, server, key)
        yield store


def archived(*names: str) -> bytes:
    """An archive of a folder's link and of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            about = tarfile.TarInfo(name)
            about.size = 300_000
            archive.addfile(about, io.BytesIO(os.urandom(300_000)))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "files"
            archive.addfile(link)
    return packed.getvalue()


def taken(store: SetStore, server: Server, key: Key) -> Manifest:
    new = store.begin(SET, key)
    took = Dump().take("full", server, new, nothing)
    new.add("files/app.tar", "files", "app", io.BytesIO(archived("files/photo")))
    return new.finish(Manifest(SET, "diary", took.at, 1.0, "dump", "full", (), major=BINARIES.split("/")[-2]))


@pytest.fixture
def mine(good: SetStore, place: Path) -> Iterator[SetStore]:
    """A copy of the place, to be damaged."""
    folder = place / "mine"
    shutil.copytree(place / "good", folder)
    yield SetStore(FolderStore(str(folder)), "diary")
    shutil.rmtree(folder)


def drilled(store: SetStore, place: Path, key: Key, database: str = "", question: str = "") -> Proof:
    trial = Trial(Scratch(f"{place}/drill", BINARIES, USER, nice=0), SystemClock(), database, question)
    manifest = store.manifest(SET)
    return drill(store, manifest, key, trial, nothing, room_needed_mib(manifest))


def rewritten(store: SetStore, key: Key, change: Callable[[Facts], Facts]) -> None:
    """Seal the set anew with other facts, as if the dump had not held what it should."""
    manifest = store.manifest(SET)
    opened = store.opened(manifest, key)
    contents = {file: opened.paper(file) for file in manifest.files}
    store.remove(SET)
    new = store.begin(SET, key)
    for file, content in contents.items():
        if file.kind == "facts":
            content = documents.written(change(documents.read(Facts, content)))
        new.add(file.name.removesuffix(".age"), file.kind, file.about, io.BytesIO(content))
    new.finish(replace(manifest, files=()))


def test_a_good_set_is_proven_and_nothing_of_the_drill_is_left(good: SetStore, place: Path, key: Key) -> None:
    told: dict[str, int] = {}

    def count(about: str, passed: int) -> None:
        told[about] = told.get(about, 0) + passed

    trial = Trial(
        Scratch(f"{place}/drill", BINARIES, USER, nice=0), SystemClock(), "app", "SELECT 1 FROM note WHERE id = 2000"
    )
    proof = drill(good, good.manifest(SET), key, trial, count, 1)
    assert proof.problems == ()
    assert proof.ok
    assert proof.place == "local"
    assert 0 < proof.seconds < 60
    assert 0 < proof.loss_s < 300, "how old the data is"
    assert told["app"] > 300_000
    assert not (place / "drill").exists()
    proofs.keep(good, proof, key)
    (kept,) = proofs.kept(good, good.manifest(SET), good.contents()[SET], key).valid
    assert replace(kept, seal="") == proof


@pytest.mark.parametrize("harm", ["flipped", "cut", "gone"])
@pytest.mark.parametrize("name", ["database/app.dump", "files/app.tar"])
def test_damage_is_found_and_named(mine: SetStore, place: Path, key: Key, name: str, harm: str) -> None:
    path = place / "mine/diary/sets" / SET / f"{name}.age"
    content = path.read_bytes()
    middle = len(content) // 2
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(
            content[:middle] + (b"" if harm == "cut" else bytes([content[middle] ^ 1]) + content[middle + 1 :])
        )
    proof = drilled(mine, place, key)
    assert not proof.ok
    assert any(name in problem for problem in proof.problems), proof.problems
    assert not (place / "drill").exists()


def test_whatever_is_not_what_was_dumped_is_named(mine: SetStore, place: Path, key: Key) -> None:
    def change(facts: Facts) -> Facts:
        first, *others = facts.databases
        assert first.name == "app"
        tables = {table.name.replace('"', ""): table for table in first.tables}
        note, empty = tables["public.note"], tables["public.empty"]
        changed = (replace(note, rows=note.rows + 1), replace(empty, digest="7"), Table("public.gone", 3, "1"))
        odd = replace(first, tables=changed, objects="x", settings=(("", "lc_time=zz_ZZ.UTF-8"),))
        return replace(facts, databases=(odd, *others), roles="y")

    rewritten(mine, key, change)
    proof = drilled(mine, place, key, database="app", question="SELECT 1 FROM note WHERE id = 0")
    assert ["refuses the setting lc_time" in text for text in proof.refused] == [True]
    problems = "\n".join(proof.problems)
    for sentence in (
        "2000 rows; 2001 were dumped",
        "The rows of table",
        "public.gone is missing",
        "Owners or rights in the database app are others",
        "The roles, what they may do or whose members they are, are others",
        "The question of `prove_query` got no row",
    ):
        assert sentence in problems


def test_the_copy_has_room_for_all_tables_of_a_large_database(place: Path) -> None:
    """A dump, and a comparison, hold every table at once; what stands for them here is as large and quickly made."""
    with running(Scratch(f"{place}/drill", BINARIES, USER, nice=0)) as server:
        assert ask(server, "postgres", HELD) == ["40000"]


def test_a_question_that_fails_is_told(mine: SetStore, place: Path, key: Key) -> None:
    (problem,) = drilled(mine, place, key, database="app", question="SELECT 1 FROM nowhere").problems
    assert "prove_query` failed" in problem
    assert "nowhere" in problem


def test_a_set_without_the_database_of_the_app_is_not_proven(good: SetStore, place: Path, key: Key) -> None:
    proof = drilled(good, place, key, "the_app", "SELECT 1")
    assert not proof.ok
    assert proof.problems == ("The set does not hold the app's database, the_app.",)


def test_without_room_for_the_copy_nothing_is_begun(mine: SetStore, place: Path, key: Key) -> None:
    trial = Trial(Scratch(f"{place}/drill", BINARIES, USER, nice=0), SystemClock())
    with pytest.raises(StackError, match="no room for a copy"):
        drill(mine, mine.manifest(SET), key, trial, nothing, 10**9)
    assert not (place / "drill").exists()


def test_what_the_set_is_not_to_blame_for_is_no_outcome(mine: SetStore, place: Path, key: Key) -> None:
    away = SetStore(S3Store(Bucket("https://127.0.0.1:1", "bucket", "key", "secret", tries=1)), "diary")
    trial = Trial(Scratch(f"{place}/drill", BINARIES, USER, nice=0), SystemClock())
    with pytest.raises(StackError) as raised:
        drill(away, mine.manifest(SET), key, trial, nothing, 1)
    assert "127.0.0.1" in raised.value.what + raised.value.why
    broken = replace(trial, scratch=replace(trial.scratch, settings={"wal_level": "none"}))
    with pytest.raises(StackError, match="did not start"):
        drill(mine, mine.manifest(SET), key, broken, nothing, 1)
    with pytest.raises(StackError, match="was not written with this stack's key"):
        drill(mine, mine.manifest(SET), Key(new_identity()), trial, nothing, 1)
    assert not (place / "drill").exists()


def test_a_killed_drill_takes_its_server_with_it_and_the_next_one_cleans_up(place: Path) -> None:
    script = (
        "import sys; from founderstack.backups.postgres.throwaway_server import *\n"
        f"with running(Scratch({str(place / 'drill')!r}, {BINARIES!r}, {USER!r}, nice=0)):\n"
        "    print('up', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": "src"}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        pid = int((place / "drill/pgdata/postmaster.pid").read_text().split()[0])
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    wait_until(lambda: not processes.alive(pid), "the server ends with its drill")
    assert (place / "drill").exists()
    with running(Scratch(f"{place}/drill", BINARIES, USER, nice=0)) as server:
        assert ask(server, "postgres", "SELECT count(*) FROM pg_database") == ["3"]
    assert not (place / "drill").exists()


INITDB = """#!/bin/sh
sh -c 'echo $$ > "$1/forked"; mkfifo "$1/pipe"; read line < "$1/pipe"; echo late > "$1/PG_VERSION"' sh "$2"
"""


def test_what_a_killed_initdb_has_started_writes_into_no_other_drill(place: Path) -> None:
    binaries = place / "binaries"
    binaries.mkdir()
    (binaries / "initdb").write_text(INITDB)
    for file in (binaries, binaries / "initdb"):
        file.chmod(0o755)
    one = Scratch(f"{place}/drill", str(binaries), USER, nice=0)
    script = (
        "from founderstack.backups.postgres.throwaway_server import *\n"
        f"with running(Scratch({one.folder!r}, {one.binaries!r}, {USER!r}, nice=0)): pass"
    )
    with subprocess.Popen([sys.executable, "-c", script], env={"PYTHONPATH": "src"}) as child:
        told = place / "drill/pgdata/forked"
        wait_until(lambda: told.exists() and told.read_text(), "initdb has started a shell")
        pid = int(told.read_text())
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert processes.alive(pid), "the kernel ends initdb alone"
    throwaway_server.clear(one)
    assert not processes.alive(pid)
    assert not (place / "drill").exists()
    throwaway_server.clear(one)


def test_a_server_that_outlived_its_drill_is_ended_by_the_next(place: Path) -> None:
    one = Scratch(f"{place}/drill", BINARIES, USER, nice=0)
    with running(one) as server:
        assert databases.size(server) > 1_000_000
        pid = int((place / "drill/pgdata/postmaster.pid").read_text().split()[0])
        throwaway_server.clear(one)
        assert not processes.alive(pid)
        assert not (place / "drill").exists()
