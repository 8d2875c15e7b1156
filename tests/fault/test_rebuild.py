"""A machine is lost: the whole stack comes back from its backups in a bucket, on a machine that knows nothing of it."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from minio import Minio

from founderstack.world.keys.secrets import Secrets
from tests.conftest import enterable_folder, wait_until
from tests.fault.stacks import PRECONDITION, Founder, gone_afterwards, small_stack
from tests.service.components import Components, components

STORAGE = "[storage]\nmemory_mib = 128\n"
BACKUP = """
[storage]
memory_mib = 128

[backup]
use = "pgbackrest"
s3_endpoint = "https://localhost:{port}"
s3_bucket = "backup"
s3_prefix = "machines"
s3_ca = "{ca}"
"""
LATER = 500
"""Rows that came after the last backup."""


@dataclass(frozen=True)
class Bucket:
    """A bucket of a real S3 with TLS."""

    storage: Components

    @property
    def port(self) -> int:
        return self.storage.choices.ports["seaweedfs.tls"]

    @property
    def ca(self) -> str:
        return f"{self.storage.places.state}/tls/storage/ca.crt"

    @property
    def keys(self) -> tuple[str, str]:
        return "backup", self.storage.secrets.get("storage.backup")


@pytest.fixture(scope="module")
def bucket(shared_home: Path) -> Iterator[Bucket]:
    home = enterable_folder("founder-bucket-")
    (home / "shared").symlink_to(shared_home)
    with components(home, STORAGE, ["seaweedfs"]) as storage:
        yield Bucket(storage)
    shutil.rmtree(home)


@pytest.fixture
def other_root(shared_home: Path) -> Iterator[Path]:
    """The FOUNDER_HOME of the machine that comes after."""
    folder = enterable_folder("founder-other-")
    (folder / "shared").symlink_to(shared_home)
    yield folder
    shutil.rmtree(folder)


def rows(founder: Founder, question: str) -> list[tuple[object, ...]]:
    """What the database answers to somebody with the password of the people's tools."""
    password = Secrets(f"{founder.state}/secrets.json").get("postgres.founder")
    port = founder.port("postgres.sql")
    with psycopg.connect(host="127.0.0.1", port=port, user="founder", password=password, dbname="app") as database:
        return database.execute(question).fetchall()


def panel_file(founder: Founder) -> Path:
    """The panel's own database."""
    return next(path for path in (founder.state / "data/panel").iterdir() if path.read_bytes()[:6] == b"SQLite")


def people(founder: Founder) -> list[tuple[object, ...]]:
    """Who may sign in to the panel, with the hashes of their passwords."""
    with closing(sqlite3.connect(panel_file(founder))) as database:
        return database.execute("SELECT user, hash, role FROM person ORDER BY 1").fetchall()


def test_a_lost_machine_comes_back_whole_from_the_bucket(
    bucket: Bucket, state_root: Path, other_root: Path, tmp_path: Path
) -> None:
    """What breaks: the machine. What the founder sees: one command, which may be killed and repeated. What still
    holds: rows, files, passwords, accounts, certificates and the app, as they were in the newest backup."""
    first = small_stack(tmp_path / "first", state_root)
    stack_file = first.folder / "founder.toml"
    stack_file.write_text(stack_file.read_text() + BACKUP.format(port=bucket.port, ca=bucket.ca))
    with gone_afterwards(first):
        before = lived(first, bucket)
        write_later(first)
    assert not first.state.exists()

    given = {
        "FOUNDER_BACKUP_KEY": before.secrets["backup.identity"],
        "FOUNDER_S3_KEY": bucket.keys[0],
        "FOUNDER_S3_SECRET": bucket.keys[1],
    }
    (tmp_path / "second").mkdir()
    words = ["rebuild", "--from", "s3://backup/machines", "--endpoint", f"https://localhost:{bucket.port}"]
    words += ["--ca", bucket.ca, "--name", first.name, "--into", str(tmp_path / "second/diary"), "--yes"]
    somebody = Founder(tmp_path / "second", other_root, env=given)
    second = Founder(tmp_path / "second/diary", other_root, env=given)
    somebody.killed_at("done", "rebuild:database:app", *words)
    with gone_afterwards(second):
        said = somebody.ok(*words)
        assert "It goes on where it stopped: source, roles, database:app" in said.err
        assert "bring back the database" not in said.err
        assert "founder restore --whole-server" in said.out
        assert seen(second) == before
        assert second.serves("one")
        second.ok("restore", "--whole-server", "--yes", "--confirm", second.name)
        assert rows(second, "SELECT count(*) FROM note") == [(len(before.rows) + LATER,)]
        assert second.run("plan").out.strip().startswith("No changes") or second.run("up", "--check").code == 0
        assert json.loads(second.ok("backup", "--json").out)["result"]["places"] == ["local", "s3"]
        again = somebody.run(*words)
        assert again.code == PRECONDITION
        assert "has a stack" in again.text


@dataclass(frozen=True)
class Seen:
    """What must be the same afterwards."""

    rows: list[tuple[object, ...]]
    people: list[tuple[object, ...]]
    secrets: dict[str, str]
    authority: bytes
    photo: bytes
    object: bytes


def write_later(founder: Founder) -> None:
    """Rows that are in no set, only in the log of changes, which is in the bucket."""
    port, run = founder.port("postgres.sql"), f"{founder.state}/run/postgres"
    with psycopg.connect(host=run, port=port, user="postgres", dbname="app", autocommit=True) as database:
        database.execute("INSERT INTO note SELECT 100000 + i, 'later' FROM generate_series(1, %s) i", [LATER])
        database.execute("SELECT pg_switch_wal()")
        waiting = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
        wait_until(lambda: database.execute(waiting).fetchone() == (0,), "the log is in the bucket", 60)


def objects(founder: Founder) -> Minio:
    """The stack's own S3, as the app uses it."""
    secret = Secrets(f"{founder.state}/secrets.json").get("storage.app")
    address = f"127.0.0.1:{founder.port('seaweedfs.s3')}"
    return Minio(address, access_key="app", secret_key=secret, secure=False, region="us-east-1")


def lived(founder: Founder, bucket: Bucket) -> Seen:
    """A stack that was used, backed up and proven; what was in it."""
    founder.ok("up", "--yes")
    secrets = Secrets(f"{founder.state}/secrets.json")
    for name, value in zip(("s3_key", "s3_secret"), bucket.keys, strict=True):
        secrets.put(f"backup.{name}", value)
    founder.ok("up", "--yes")
    fill(founder)
    founder.ok("backup")
    assert json.loads(founder.ok("backup", "prove", "--json").out)["result"]["place"] == "s3"
    return seen(founder)


def seen(founder: Founder) -> Seen:
    secrets = Secrets(f"{founder.state}/secrets.json")
    photo = founder.state / "data/app/files/photo"
    assert photo.stat().st_uid == (founder.state / "data/app").stat().st_uid
    return Seen(
        rows(founder, "SELECT id, body FROM note ORDER BY id"),
        people(founder),
        {name: secrets.get(name) for name in secrets.names()},
        (founder.state / "tls/ca.crt").read_bytes(),
        photo.read_bytes(),
        bytes(objects(founder).get_object("app", "ana/photo").read()),
    )


def fill(founder: Founder) -> None:
    """Rows of the app's, and a file that somebody uploaded."""
    port, run = founder.port("postgres.sql"), f"{founder.state}/run/postgres"
    with psycopg.connect(host=run, port=port, user="postgres", dbname="app", autocommit=True) as database:
        database.execute("SET ROLE app")
        database.execute("CREATE TABLE note (id int PRIMARY KEY, body text)")
        database.execute("INSERT INTO note SELECT i, 'note ' || i FROM generate_series(1, 3000) i")
    with closing(sqlite3.connect(panel_file(founder))) as panel, panel:
        panel.execute("INSERT INTO person VALUES ('ana', 'a hash', 'viewer', 'own', '', 0, 0)")
    objects(founder).put_object("app", "ana/photo", io.BytesIO(b"an object"), 9)
    folder = founder.state / "data/app/files"
    folder.mkdir(exist_ok=True)
    (folder / "photo").write_bytes(b"a photo")
    for path in (folder, folder / "photo"):
        shutil.chown(path, (founder.state / "data/app").stat().st_uid)


def test_what_cannot_be_rebuilt_is_refused_with_the_cure(bucket: Bucket, other_root: Path, tmp_path: Path) -> None:
    key = {"FOUNDER_BACKUP_KEY": "AGE-SECRET-KEY-1" + "Q" * 58}
    (tmp_path / "empty").mkdir()
    nobody = Founder(tmp_path, other_root)
    known = replace(nobody, env=key)
    cases = {
        ("--from", "/nowhere"): "There is no such folder",
        ("--from", "s3://backup"): "Add it: --endpoint",
        ("--from", str(tmp_path / "empty")): "This is not a key of a backup",
    }
    for words, expected in cases.items():
        said = known.run("rebuild", *words, "--yes")
        assert said.code != 0
        assert expected in said.text
    said = nobody.run("rebuild", "--from", str(tmp_path / "empty"), "--yes")
    assert "FOUNDER_BACKUP_KEY is not set" in said.text
    assert list(other_root.iterdir()) == [other_root / "shared"], "nothing was made"
