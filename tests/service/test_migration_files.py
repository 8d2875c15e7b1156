"""Stored objects of a Supabase project arrive whole, once, and where the app finds them."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from founderstack.migration.context import Context
from founderstack.migration.files.files import Files
from founderstack.migration.files.remote_access import RestAccess
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.migration.files.upload_target import FolderShelf
from founderstack.migration.journal import Journal
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Finding, Options, Progress
from founderstack.model.errors import StackError
from founderstack.world.net.postgres import Address
from founderstack.world.os.clock import SystemClock
from tests.app.servers import Postgres, unprivileged_user
from tests.conftest import enterable_folder
from tests.service.storage_servers import KEY, RestStorage, Stored, fill, odd_objects, rest_storage
from tests.service.supabase_source import BINARIES, PASSWORD, SupabaseSource

ROOT = Path(__file__).parents[2]
_CHILD = """
import os, sys
sys.path[:0] = ["src", "."]
from founderstack.migration.files.files import Files
from founderstack.migration.journal import Journal
from founderstack.migration.files.remote_access import RestAccess
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.context import Context
from founderstack.migration.values import Options
from founderstack.world.os.clock import SystemClock
from founderstack.world.net.postgres import Address
from founderstack.migration.files.upload_target import FolderShelf
from tests.service.storage_servers import KEY
name, target_port, source_port, storage, folder = sys.argv[1:]
target = Target(Address("127.0.0.1", int(target_port), "diary", name), "")
source = Source(Address("127.0.0.1", int(source_port), "postgres", "postgres", os.environ["PASSWORD"]))
options, clock = Options(jobs=1, rate_mib_s=20), SystemClock()
context = Context("supabase", source, target, Journal(target), folder, options, clock, lambda progress: None)
Files(RemoteFiles(RestAccess(storage, KEY), clock), FolderShelf(folder)).run(context)
"""


class HastyClock(SystemClock):
    """A clock on which nobody has to wait."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


class Move:
    """A move of files: source, stand-in storage, target, and the folder of the app."""

    def __init__(self, source: SupabaseSource, storage: RestStorage, target: Postgres, name: str, home: Path) -> None:
        self.source = source
        self.storage = storage
        self.folder = home / "files"
        self.folder.mkdir(mode=0o700)
        shutil.chown(self.folder, unprivileged_user("nobody") or os.getuid())
        self.clock = HastyClock()
        self.progress: list[Progress] = []
        address = Address("127.0.0.1", target.port, "diary", name)
        journal = Journal(Target(address, str(BINARIES)))
        journal.begin("a source", "supabase", "digest")
        where = Source(Address("127.0.0.1", source.port, "postgres", "postgres", PASSWORD))
        self.context = Context(
            "supabase",
            where,
            Target(address, str(BINARIES)),
            journal,
            str(home),
            Options(),
            self.clock,
            self.progress.append,
        )

    def files(self, key: str = KEY) -> Files:
        remote = RemoteFiles(RestAccess(self.storage.url, key), self.clock, patience_s=5)
        return Files(remote, FolderShelf(str(self.folder)))

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.context.target.connect() as connection:
            return connection.execute(sql, values or None).fetchall()

    def there(self) -> Stored:
        """What lies in the folder, by what the index calls it."""
        rows = self.ask("select bucket_id, name, key from storage.files where copied_at is not null")
        return {(bucket, name): (self.folder / key).read_bytes() for bucket, name, key in rows}

    def wrong(self) -> list[Finding]:
        return [finding for finding in self.files().verify(self.context) if not finding.ok]


@pytest.fixture
def move(
    supabase_copy: Callable[[], SupabaseSource], target_server: Postgres, request: pytest.FixtureRequest
) -> Iterator[Move]:
    name = f"f{abs(hash(request.node.name))}"
    target_server.create(name)
    home = enterable_folder("founder-files-")
    source = supabase_copy()
    objects = odd_objects()
    fill(source, objects)
    with rest_storage(objects) as storage:
        yield Move(source, storage, target_server, name, home)
    shutil.rmtree(home)


def test_every_object_arrives_with_its_bytes_name_and_type(move: Move) -> None:
    plan = move.files().plan(move.context)
    assert {item.name: item.count for item in plan if item.kind == "bucket"} == {"avatars": 2, "papers": 10, "empty": 0}
    assert {item.name for item in plan if item.kind == "object without metadata"} == {"papers/a%2Fb"}
    assert not [item for item in plan if item.fate != "moved"]
    assert move.ask("select to_regclass('storage.files')") == [(None,)], "a plan writes nothing"
    move.files().run(move.context)
    assert move.there() == move.storage.objects
    assert not move.wrong()
    row = (
        "select key, content_type, cache_control, user_metadata::text, bytes, sha256 from storage.files where name = %s"
    )
    assert move.ask(row, "plain.png") == [
        ("storage/avatars/plain.png", "image/png", "max-age=3600", '{"n": 1.50, "by": "Zoë"}', 9, _sha256(b"a picture"))
    ]
    keys = dict(move.ask("select name, key from storage.files"))
    assert keys["a/b"] == "storage/papers/a/b"
    assert keys["a"].startswith("storage/papers/~")
    assert keys["a%2Fb"] == "storage/papers/a%252Fb"
    assert move.progress[-1].done == sum(len(content) for content in move.storage.objects.values())


def test_files_belong_to_the_app_and_nobody_else_may_read_them(move: Move) -> None:
    move.files().run(move.context)
    owner = move.folder.stat()
    for path in move.folder.rglob("*"):
        assert (path.stat().st_uid, path.stat().st_mode & 0o077) == (owner.st_uid, 0), path
    assert not (move.folder / ".incoming").exists()


def test_a_second_run_reads_nothing_again_and_the_final_one_only_what_changed(move: Move) -> None:
    move.files().run(move.context)
    move.storage.asked.clear()
    move.files().run(move.context)
    assert move.storage.asked == []
    objects = move.storage.objects
    objects["avatars", "plain.png"] = b"a new picture"
    objects["papers", "moved.pdf"] = objects.pop(("papers", "~tilde"))
    del objects["papers", "a"]
    move.source.query(
        """update storage.objects set version = 'next', metadata = metadata || %s where name = 'plain.png'""",
        Jsonb({"size": 13, "eTag": hashlib.md5(b"a new picture").hexdigest()}),
    )
    move.source.query("update storage.objects set name = 'moved.pdf' where name = '~tilde'")
    move.source.query("set storage.allow_delete_query = 'true'; delete from storage.objects where name = 'a'")
    assert move.wrong(), "verification sees what is not settled"
    move.storage.asked.clear()
    move.files().sync_final(move.context)
    assert sorted(path.rpartition("/")[2] for path, _range in move.storage.asked) == ["moved.pdf", "plain.png"]
    assert move.there() == objects
    on_disk = [path for path in move.folder.rglob("*") if path.is_file()]
    assert len(on_disk) == len(objects), "what nothing refers to is gone from the disk"
    assert not move.wrong()


def test_a_connection_that_breaks_goes_on_where_it_broke(move: Move) -> None:
    move.storage.break_after = [0, 1_000_000, 70_000]
    move.context = replace(move.context, options=Options(jobs=1))
    move.storage.busy = [503, 429]
    move.files().run(move.context)
    assert move.there() == move.storage.objects
    spans = [span for path, span in move.storage.asked if path.endswith("big.bin")]
    assert spans[:3] == ["", "bytes=1000000-", "bytes=1070000-"]
    assert not move.wrong()


def test_a_server_that_knows_no_ranges_is_read_again_from_the_beginning(move: Move) -> None:
    move.storage.knows_ranges = False
    move.storage.break_after = [3_000_000] * 3
    move.context = replace(move.context, options=Options(jobs=1))
    move.files().run(move.context)
    assert move.there() == move.storage.objects
    assert not move.wrong()


def test_what_a_killed_run_left_of_a_file_is_kept(move: Move) -> None:
    """As after a kill: a part of the file lies there, and the index knows nothing of it."""
    remote = RemoteFiles(RestAccess(move.storage.url, KEY), move.clock, patience_s=0)
    move.storage.break_after = [1_000_000] * 1000
    with pytest.raises(StackError, match="does not answer"):
        Files(remote, FolderShelf(str(move.folder))).run(replace(move.context, options=Options(jobs=1)))
    move.storage.break_after.clear()
    parts = {path.name: path.stat().st_size for path in (move.folder / ".incoming").iterdir()}
    move.storage.asked.clear()
    move.files().run(move.context)
    assert sum(parts.values()) > 0
    assert any(span for _path, span in move.storage.asked), "the rest alone is asked for"
    assert move.there() == move.storage.objects
    assert not move.wrong()


def _size(path: Path) -> int:
    """Bytes of a file; 0 for one that went to its place since it was listed."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_killed_again_and_again_it_goes_on_and_ends_the_same(move: Move) -> None:
    """kill -9 while a file is on its way: each time a later run has less to read, and nothing half shows."""
    address, source = move.context.target.address, move.context.source.address
    argv = [sys.executable, "-c", _CHILD, address.database, str(address.port), str(source.port), move.storage.url]
    incoming, size = move.folder / ".incoming", len(move.storage.objects["papers", "big.bin"])

    def on_its_way() -> int:
        return sum(_size(path) for path in incoming.glob("*")) if incoming.exists() else 0

    for kill in range(1, 5):
        enough = kill * size // 6
        with subprocess.Popen([*argv, str(move.folder)], cwd=ROOT, env={**os.environ, "PASSWORD": PASSWORD}) as child:
            while on_its_way() <= enough and child.poll() is None:
                threading.Event().wait(0.005)
            assert child.poll() is None
            child.kill()
        assert child.returncode == -signal.SIGKILL
        here = [path for path in move.folder.rglob("*") if path.is_file() and incoming not in path.parents]
        contents = set(move.storage.objects.values())
        assert all(path.read_bytes() in contents for path in here), "a name stands for a whole file"
    move.files().run(move.context)
    starts = [int(span[6:-1]) for path, span in move.storage.asked if path.endswith("big.bin") and span]
    assert starts == sorted(starts)
    assert len(starts) == 4
    assert move.there() == move.storage.objects
    assert not incoming.exists()
    assert not move.wrong()


def test_rows_without_bytes_and_bytes_without_rows_are_named(move: Move) -> None:
    del move.storage.objects["papers", "empty.txt"]
    move.storage.objects["papers", "nobody knows.bin"] = b"x"
    plan = move.files().plan(move.context)
    odd = {(item.kind, item.name) for item in plan if item.fate == "reported"}
    assert odd == {("object with no bytes", "papers/empty.txt"), ("object with no row", "papers/nobody knows.bin")}
    move.files().run(move.context)
    findings = move.files().verify(move.context)
    assert all(finding.ok for finding in findings), findings
    assert findings[-1].detail == "papers/empty.txt"


def test_bytes_that_are_not_those_of_the_source_are_found(move: Move) -> None:
    move.files().run(move.context)
    keys = dict(move.ask("select name, key from storage.files"))
    (move.folder / keys["plain.png"]).write_bytes(b"A picture")
    (move.folder / keys["a/b"]).unlink()
    wrong = {finding.detail for finding in move.wrong()}
    assert wrong == {"avatars/plain.png: it has changed here since it was brought over; papers/a/b: it is missing here"}


def test_a_file_that_is_gone_or_changed_here_comes_again_with_the_next_run(move: Move) -> None:
    move.files().run(move.context)
    keys = dict(move.ask("select name, key from storage.files"))
    (move.folder / keys["plain.png"]).write_bytes(b"A picture")
    (move.folder / keys["a/b"]).unlink()
    move.storage.asked.clear()
    move.files().run(move.context)
    assert len(move.storage.asked) == 2
    assert move.there() == move.storage.objects
    assert not move.wrong()


def test_bytes_that_the_source_gives_wrongly_are_found_without_stopping(move: Move) -> None:
    move.storage.objects["avatars", "plain.png"] = b"A PICTURE"
    move.storage.objects["papers", "a/b"] = b"longer than its row says"
    move.files().run(move.context)
    assert {finding.detail for finding in move.wrong()} == {
        "avatars/plain.png: its bytes are not those of the source; papers/a/b: its size is not what the source says"
    }


def test_an_object_without_a_digest_is_compared_with_the_source_byte_by_byte(move: Move) -> None:
    move.files().run(move.context)
    content = move.storage.objects["papers", "big.bin"]
    move.storage.objects["papers", "big.bin"] = content[:-1] + b"!"
    assert [finding.detail for finding in move.wrong()] == ["papers/big.bin: its bytes are not those of the source"]


def test_a_wrong_key_says_so_and_is_not_in_the_message(move: Move) -> None:
    with pytest.raises(StackError, match="refuses") as refused:
        move.files(key="wrong-key").plan(move.context)
    assert "service role" in refused.value.fix
    assert "wrong-key" not in str(vars(refused.value))


def test_a_storage_that_stays_away_is_waited_for_and_then_named(move: Move) -> None:
    move.storage.busy = [503] * 1000
    remote = RemoteFiles(RestAccess(move.storage.url, KEY), _Passing(), patience_s=60)
    with pytest.raises(StackError, match="does not answer") as away:
        Files(remote, FolderShelf(str(move.folder))).run(replace(move.context, options=Options(jobs=1)))
    assert "goes on where it stopped" in away.value.fix


class _Passing(SystemClock):
    """A clock on which waiting makes time pass at once."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


def test_memory_does_not_grow_with_the_size_of_an_object(move: Move) -> None:
    content = bytes(64 * 1024 * 1024)
    objects = move.storage.objects
    objects.clear()
    objects["papers", "big.bin"] = content
    move.source.query("set storage.allow_delete_query = 'true'; delete from storage.objects where name <> 'big.bin'")
    move.source.query(
        "update storage.objects set metadata = metadata || jsonb_build_object('size', %s::bigint)", len(content)
    )
    tracemalloc.start()
    move.files().run(move.context)
    assert not move.wrong()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


def test_without_a_key_files_are_a_blocker_until_the_founder_leaves_them(move: Move) -> None:
    shelf = FolderShelf(str(move.folder))
    fates = {item.name: item.fate for item in Files(None, shelf).plan(move.context) if item.kind == "bucket"}
    assert fates == {"avatars": "blocker", "papers": "blocker", "empty": "reported"}
    left = Files(None, shelf, leave=True)
    assert {item.fate for item in left.plan(move.context) if item.kind == "bucket"} == {"reported"}
    left.run(move.context)
    assert [finding.ok for finding in left.verify(move.context)] == [True]
    with pytest.raises(StackError, match="cannot be read"):
        Files(None, shelf).run(move.context)
    assert [finding.ok for finding in Files(None, shelf).verify(move.context)] == [False]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
