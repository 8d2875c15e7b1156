"""Files as one stream: what changes, vanishes or is a database while it is read, and what must never be put back."""

from __future__ import annotations

import io
import os
import pwd
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.backups.restorer import Restorer
from founderstack.backups.sets.contents import Contents, Files
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import Manifest, PartKind, SetFile
from founderstack.model.errors import StackError
from founderstack.model.protocols import Source
from founderstack.model.vault import Restorable
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from founderstack.world.os.sqlite_files import SqliteFailed, copy
from founderstack.world.tar.holes import HolesTooMany, WithHoles, pieces_of
from founderstack.world.tar.packing import TarContents, below, packed
from founderstack.world.tar.unpacking import refuse_unfit, unpack
from tests.conftest import enterable_folder


def _archive(folder: Path, scratch: Path, *, exclude: tuple[str, ...] = (), databases: tuple[str, ...] = ()) -> bytes:
    return _of(TarContents(below(str(folder), (".",), exclude), str(scratch), databases))


def _of(packing: TarContents) -> bytes:
    parts = []
    with packed(packing) as stream:
        while chunk := stream.read(65536):
            parts.append(chunk)
    return b"".join(parts)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/file").write_bytes(os.urandom(70_000))
    (folder / "empty").mkdir()
    (folder / "name with ñ and\nline").write_text("x")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o750)
    (folder / "link").symlink_to("deep/er/file")
    (folder / "to-a-folder").symlink_to("deep")
    os.mkfifo(folder / "fifo")
    (folder / "left.tmp").write_text("x")
    return folder


def test_everything_comes_back_as_it_was(source: Path, tmp_path: Path) -> None:
    os.utime(source / "run", (1000, 1000))
    target = tmp_path / "target"
    count = unpack(io.BytesIO(_archive(source, tmp_path, exclude=("*.tmp",))), str(target))
    assert count == 3
    for path in source.rglob("*"):
        there = target / path.relative_to(source)
        if path.name in ("fifo", "left.tmp"):
            assert not os.path.lexists(there)
        elif path.is_symlink():
            assert os.readlink(there) == os.readlink(path)
        elif path.is_file():
            assert there.read_bytes() == path.read_bytes()
            assert there.stat().st_mode == path.stat().st_mode
    assert (target / "run").stat().st_mtime == 1000
    assert (target / "empty").is_dir()


def test_unpacking_keeps_no_entry_of_a_folder_that_is_done(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(3000):
            member = tarfile.TarInfo(f"{number:04}")
            member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o750, 1_000_000
            archive.addfile(member)
    made.seek(0)
    tracemalloc.start()
    unpack(made, str(tmp_path / "back"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert {(one.stat().st_mode & 0o777, one.stat().st_mtime) for one in (tmp_path / "back").iterdir()} == {
        (0o750, 1_000_000)
    }


def test_a_file_that_shrinks_or_grows_while_it_is_read_is_read_again(source: Path, tmp_path: Path) -> None:
    changing = source / "deep/er/file"
    sizes = iter([10, 200_000])

    def entries() -> Iterator[tuple[str, str]]:
        yield "file", str(changing)

    packing = TarContents(entries(), str(tmp_path))
    changing.write_bytes(b"a" * 5_000_000)
    with packed(packing) as stream:
        parts = [stream.read(600_000)]  # it is being read by now: the pipe holds less than the file
        for size in sizes:
            changing.write_bytes(b"b" * size)
            parts.append(stream.read(1_000_000))
        while chunk := stream.read(65536):
            parts.append(chunk)
    target = tmp_path / "target"
    unpack(io.BytesIO(b"".join(parts)), str(target))
    assert packing.changed == []
    assert (target / "file").read_bytes() == changing.read_bytes()


def test_a_file_that_changes_all_the_time_is_named(source: Path, tmp_path: Path) -> None:
    growing = source / "log"
    growing.write_bytes(b"x" * 3_000_000)

    def entries() -> Iterator[tuple[str, str]]:
        yield "log", str(growing)

    packing = TarContents(entries(), str(tmp_path))
    with packed(packing) as stream:
        while stream.read(100_000):
            with growing.open("ab") as file:
                file.write(b"more")
    assert packing.changed == ["log"]


def test_a_file_that_vanishes_is_left_out(source: Path, tmp_path: Path) -> None:
    def entries() -> Iterator[tuple[str, str]]:
        for name, path in below(str(source), (".",)):
            if name == "run":
                (source / "run").unlink()
            yield name, path

    target = tmp_path / "target"
    unpack(io.BytesIO(_of(TarContents(entries(), str(tmp_path)))), str(target))
    assert not (target / "run").exists()
    assert (target / "deep/er/file").exists()


def test_a_database_that_somebody_writes_to_is_copied_as_of_one_moment(tmp_path: Path) -> None:
    folder, target = tmp_path / "source", tmp_path / "target"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "panel.sqlite", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE pair (a, b)")
        writer.execute("INSERT INTO pair VALUES (1, 1)")
        writer.execute("BEGIN")
        writer.execute("UPDATE pair SET a = 2")
        archive = _archive(folder, tmp_path, databases=("panel.sqlite",))
        writer.execute("UPDATE pair SET b = 2")
        writer.execute("COMMIT")
    unpack(io.BytesIO(archive), str(target))
    assert [path.name for path in target.iterdir()] == ["panel.sqlite"], "its companions belong to the live one"
    with closing(sqlite3.connect(target / "panel.sqlite")) as copy:
        assert copy.execute("SELECT a, b FROM pair").fetchall() == [(1, 1)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("sqlite-")] == []


def test_what_people_bring_is_bytes_whatever_it_looks_like(tmp_path: Path) -> None:
    folder, target = tmp_path / "files", tmp_path / "target"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "x.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE mine (a)")
        shutil.copytree(folder, tmp_path / "brought")
    (tmp_path / "brought/garbage").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    brought = {path.name: path.read_bytes() for path in (tmp_path / "brought").iterdir()}
    assert {"x.db", "x.db-wal", "x.db-shm", "garbage"} == set(brought)
    packing = TarContents(below(str(tmp_path / "brought"), (".",)), str(tmp_path))
    unpack(io.BytesIO(_of(packing)), str(target))
    assert packing.untaken == []
    assert {path.name: path.read_bytes() for path in target.iterdir()} == brought
    assert {path.name: path.read_bytes() for path in (tmp_path / "brought").iterdir()} == brought, (
        "and stay as they are"
    )


def test_a_database_that_is_damaged_is_taken_as_it_lies_there_and_named(tmp_path: Path) -> None:
    folder, target = tmp_path / "data", tmp_path / "target"
    folder.mkdir()
    damaged = {"panel.sqlite": b"SQLite format 3\0" + bytes(5000), "panel.sqlite-wal": b"its own", "z": b"after it"}
    for name, content in damaged.items():
        (folder / name).write_bytes(content)
    packing = TarContents(below(str(folder), (".",)), str(tmp_path), ("panel.sqlite",))
    unpack(io.BytesIO(_of(packing)), str(target))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == damaged
    assert len(packing.untaken) == 1
    assert f"{folder}/panel.sqlite was taken as it lies there" in packing.untaken[0]


@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_pipe_beside_a_database_keeps_nobody_waiting(tmp_path: Path, ending: str) -> None:
    """SQLite opens its journal and waits for somebody to write to it, and any user can make a pipe of that name."""
    folder, target = tmp_path / "data", tmp_path / "target"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "panel.sqlite")) as database, database:
        database.execute("CREATE TABLE mine (a)")
    os.mkfifo(folder / f"panel.sqlite{ending}")
    packing = TarContents(below(str(folder), (".",)), str(tmp_path), ("panel.sqlite",))
    unpack(io.BytesIO(_of(packing)), str(target))
    assert [path.name for path in target.iterdir()] == ["panel.sqlite"]
    assert (target / "panel.sqlite").read_bytes() == (folder / "panel.sqlite").read_bytes()
    assert len(packing.untaken) == 1
    assert f"because SQLite cannot copy it: {folder}/panel.sqlite{ending} is no regular file" in packing.untaken[0]


def test_a_database_may_not_fill_the_disk_by_its_copy(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "large.db")) as database, database:
        database.execute("CREATE TABLE mine AS SELECT zeroblob(3000000)")
    (tmp_path / "copy").touch()
    with pytest.raises(SqliteFailed):
        copy(str(tmp_path / "large.db"), str(tmp_path / "copy"), 1024**2)
    assert (tmp_path / "copy").stat().st_size <= 1024**2


def _with_holes(path: Path, size: int, *pieces: tuple[int, bytes]) -> None:
    with path.open("wb") as file:
        for start, content in pieces:
            file.seek(start)
            file.write(content)
        file.truncate(size)


def test_a_file_with_holes_costs_what_it_holds_in_an_archive_and_after_it(tmp_path: Path) -> None:
    """GNU tar reads it as well: a founder can open a set without this tool."""
    folder, target, by_hand = tmp_path / "files", tmp_path / "target", tmp_path / "by hand"
    folder.mkdir()
    by_hand.mkdir()
    _with_holes(folder / "nothing", 30 * 1024**2)
    _with_holes(folder / "two", 30 * 1024**2, (0, b"begin"), (20 * 1024**2 + 5, b"late"))
    _with_holes(folder / f"end ñ{'x' * 120}", 30 * 1024**2, (30 * 1024**2 - 3, b"end"))
    _with_holes(folder / "small", 20_000, (15_000, b"small"))
    (folder / "two").chmod(0o640)
    os.utime(folder / "two", (1000.5, 1000.5))
    archive = _archive(folder, tmp_path)
    assert len(archive) < 200_000
    refuse_unfit(io.BytesIO(archive), "files/app.tar")
    assert unpack(io.BytesIO(archive), str(target)) == 4
    subprocess.run(["tar", "-x", "-C", str(by_hand)], input=archive, check=True)
    for path in folder.iterdir():
        for back in (target / path.name, by_hand / path.name):
            assert back.read_bytes() == path.read_bytes(), back
            assert (back.stat().st_mode, back.stat().st_mtime) == (path.stat().st_mode, path.stat().st_mtime)
            assert back.stat().st_blocks * 512 < 200_000, "holes are holes again"


def test_what_follows_a_file_with_much_between_its_holes_is_found(tmp_path: Path) -> None:
    """Above 8 GiB the size has no room in a plain header."""
    entry, after = WithHoles("large"), tarfile.TarInfo("after")
    entry.real_size, entry.size = 20 * 1024**3, 9 * 1024**3
    with (tmp_path / "archive").open("wb") as file:
        file.write(entry.tobuf())
        file.write(b"1\n0\n%d\n" % (entry.size - 512))
        file.seek(len(entry.tobuf()) + entry.size)
        file.write(after.tobuf() + bytes(1024))
    with tarfile.open(tmp_path / "archive") as archive:
        assert [(one.name, one.size) for one in archive] == [("large", 20 * 1024**3), ("after", 0)]


def test_more_holes_than_memory_holds_are_joined_or_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scattered"
    _with_holes(path, 64 * 4096, *((at * 4096, b"x") for at in range(0, 64, 4)))
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        assert [start for start, _length in pieces_of(file.fileno(), found)] == [at * 4096 for at in range(0, 64, 4)]
        assert len(pieces_of(file.fileno(), found, most=8)) <= 8
    _with_holes(path, 64 * 1024**2, *((at * 1024**2, b"x") for at in range(64)))
    with path.open("rb") as file, pytest.raises(HolesTooMany):
        pieces_of(file.fileno(), os.fstat(file.fileno()), most=8)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_neither_a_set_nor_a_restore_takes_the_last_room_of_a_disk(small_disk: Path, tmp_path: Path) -> None:
    """A database on it could not write any more."""
    free: list[int] = []

    class Endless:
        """More than fits (a model.protocols.Source)."""

        def read(self, size: int = -1, /) -> bytes:
            free.append(os.statvfs(small_disk).f_bavail * 4096)
            return bytes(min(size, 100_000))

    with pytest.raises(StackError, match="cannot be written") as told:
        FolderStore(str(small_disk)).put("diary/sets/one", Endless())
    assert told.value.why.startswith("The disk is full but for what is left to the database.")
    assert min(free) > 1024**2
    assert not any(path.is_file() for path in small_disk.rglob("*")), "nothing of it stays"
    (tmp_path / "large").mkdir()
    (tmp_path / "large/file").write_bytes(b"x" * 40 * 1024**2)
    with pytest.raises(StackError, match="cannot be written"):
        unpack(io.BytesIO(_archive(tmp_path / "large", tmp_path)), str(small_disk / "target"))
    assert os.statvfs(small_disk).f_bavail * 4096 > 1024**2


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    long = f"{tmp_path}/{'x' * 300}"

    def entries() -> Iterator[tuple[str, str]]:
        yield "unreadable", long
        yield "there", __file__

    packing = TarContents(entries(), str(tmp_path))
    unpack(io.BytesIO(_of(packing)), str(tmp_path / "target"))
    assert (tmp_path / "target/there").read_bytes() == Path(__file__).read_bytes()
    assert packing.untaken == [f"{long} cannot be read: File name too long."]


def test_a_folder_that_cannot_be_read_is_named_and_not_taken_for_none(tmp_path: Path) -> None:
    """The file system refuses the folder's full name, whoever asks, as a disk that does not answer would."""
    top, name = tmp_path / "source", "x" * 250
    top.mkdir()
    (top / "there").write_text("here")
    now = os.getcwd()
    os.chdir(top)
    try:
        for _deeper in range(20):
            os.mkdir(name)
            os.chdir(name)
    finally:
        os.chdir(now)
    packing = TarContents(below(str(top), (".",)), str(tmp_path))
    _of(packing)
    assert packing.files == 1
    assert len(packing.untaken) == 1
    assert "cannot be read: File name too long" in packing.untaken[0]


def test_one_archive_that_cannot_be_made_takes_no_other_with_it(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, str]]:
        yield "there", __file__
        raise StackError("The storage does not answer", "It is away.", "Start it.")

    def whole() -> Iterator[tuple[str, str]]:
        yield "there", __file__

    parts = (Files("files/a.tar", "files", "a", broken), Files("files/b.tar", "files", "b", whole))
    new = SetStore(FolderStore(str(tmp_path / "sets")), "diary").begin("set", Key(new_identity()))
    packed_up = Contents(None, "", parts).pack(new, str(tmp_path), lambda _about, _count: None)
    assert [file.about for file in new.files] == ["b"]
    assert packed_up.lacks == ("files/a.tar is not in it. The storage does not answer: It is away.",)


def test_links_that_lead_out_of_what_is_backed_up_are_named(tmp_path: Path) -> None:
    """What breaks: an upload folder behind a link. What the founder sees: its name. What holds: the set is whole."""
    data, other = tmp_path / "data", tmp_path / "other"
    (data / "files/deep").mkdir(parents=True)
    other.mkdir()
    disk = tmp_path / "disk"
    for name, target in (("photos", str(disk)), ("deep/up", "../../../disk"), ("within", "deep"), ("lib", "/usr/lib")):
        (data / "files" / name).symlink_to(target)
    (data / "files/taken elsewhere").symlink_to(other)
    parts = tuple(
        Files(f"files/{about}.tar", "files", about, lambda top=folder: below(str(top), (".",)), str(folder), (".",))  # type: ignore[misc]
        for about, folder in (("app", data), ("other", other))
    )
    new = SetStore(FolderStore(str(tmp_path / "sets")), "diary").begin("set", Key(new_identity()))
    made = Contents(None, "", parts).pack(new, str(tmp_path), lambda _about, _count: None)
    named = [
        f"{data}/files/{name} is a link to {disk}: what lies there is in no backup." for name in ("deep/up", "photos")
    ]
    assert sorted(made.outside) == named
    assert made.lacks == made.notes == ()
    (data / os.fsdecode(b"files/\xe9")).symlink_to(os.fsdecode(b"/srv/caf\xe9"))
    for number in range(29):
        (data / f"files/{number}").symlink_to(disk)
    made = Contents(None, "", parts).pack(new, str(tmp_path), lambda _about, _count: None)
    assert made.outside[-1] == "12 more links of app lead out of what is backed up."
    assert all(text.isprintable() for text in made.outside)


def test_a_set_that_cannot_be_written_is_no_matter_of_what_goes_into_it(tmp_path: Path) -> None:
    class Full:
        """A set whose disk is full (a model.protocols.SetWriter)."""

        def add(self, name: str, kind: PartKind, about: str, source: Source) -> SetFile:
            source.read(1)
            raise StackError("The disk is full", "No space.", "Make room.")

        def remove(self, file: SetFile) -> None:
            raise NotImplementedError

    parts = (Files("files/b.tar", "files", "b", lambda: [("there", __file__)]),)
    with pytest.raises(StackError, match="disk is full"):
        Contents(None, "", parts).pack(Full(), str(tmp_path), lambda _about, _count: None)


@pytest.mark.parametrize("name", ["../outside", "/outside", "link/outside", "a/../../outside"])
def test_nothing_is_put_outside(tmp_path: Path, name: str) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(StackError, match="cannot be put back"):
        unpack(io.BytesIO(raw.getvalue()), str(tmp_path / "target"))
    assert not (tmp_path / "outside").exists()
    with pytest.raises(StackError, match="cannot be put back"):
        refuse_unfit(io.BytesIO(raw.getvalue()), "files/app.tar")


def test_a_stream_that_is_cut_is_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot be put back"):
        unpack(io.BytesIO(_archive(source, tmp_path)[:40_000]), str(tmp_path / "target"))


def test_a_link_planted_while_files_are_put_back_leads_nowhere(source: Path, tmp_path: Path) -> None:
    """Whose files they are may be somebody who wants root to make another folder theirs."""
    victim, target = tmp_path / "victim", tmp_path / "target"
    victim.mkdir(mode=0o700)
    target.mkdir()
    (source / "zzz").mkdir()
    (source / "zzz").chmod(0o777)

    class Planting(io.BytesIO):
        """The archive; somebody makes the link when the first of it has been put back."""

        def read(self, size: int | None = -1, /) -> bytes:
            if (target / "deep").exists() and not os.path.lexists(target / "zzz"):
                (target / "zzz").symlink_to(victim)
            return super().read(size)

    with pytest.raises(StackError, match="cannot be put back"):
        unpack(Planting(_archive(source, tmp_path)), str(target))
    assert stat.S_IMODE(victim.stat().st_mode) == 0o700
    assert victim.stat().st_mtime == victim.stat().st_ctime, "nor were its times set"


def test_a_program_that_ran_as_its_owner_does_not_run_as_ours(source: Path, tmp_path: Path) -> None:
    (source / "run").chmod(0o6755)
    archive = _archive(source, tmp_path, exclude=())
    unpack(io.BytesIO(archive), str(tmp_path / "ours"))
    unpack(io.BytesIO(archive), str(tmp_path / "theirs"), uid=os.geteuid(), gid=os.getegid())
    assert stat.S_IMODE((tmp_path / "ours/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "theirs/run").stat().st_mode) == 0o6755


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_a_folder_is_whose_it_shall_be_when_all_is_in_it(source: Path, tmp_path: Path) -> None:
    """Before that nobody but root gets near it, beside what is used and in its place."""
    folder, state, user = tmp_path / "data", tmp_path / "state", pwd.getpwnam("nobody")
    shutil.copytree(source, folder / "files", ignore=shutil.ignore_patterns("fifo"))
    part = Files(
        "files/app.tar", "files", "app", lambda: below(str(folder), ("files",)), str(folder), ("files",), "nobody"
    )
    store, key, seen = SetStore(FolderStore(str(tmp_path / "sets")), "diary"), Key(new_identity()), set()
    new = store.begin("set", key)
    Contents(None, "", (part,)).pack(new, str(tmp_path), lambda _about, _count: None)
    manifest = new.finish(Manifest("set", "diary", 1.0, 1.0, "dump", "full", ()))
    back = Restorer("diary", str(state), lambda: Contents(None, "", (part,)), lambda: key, (store,))
    back._opened["set"] = store.opened(manifest, key)
    held = Restorable(manifest, store.place, (), ())

    def look(_about: str, _count: int) -> None:
        for made in (folder.with_name("data.restoring"), state / "restored/app"):
            if made.exists():
                seen.add((made.stat().st_uid, stat.S_IMODE(made.stat().st_mode)))

    staged = Path(back.restore_files(held, "app", look, beside=False))
    assert staged.stat().st_uid == 0, "what is still to be added to it is added where nobody else is"
    back.swap_files(held, "app", look)
    beside = Path(back.restore_files(held, "app", look, beside=True))
    assert seen == {(0, 0o700)}
    for path in (beside, *beside.rglob("*"), folder / "files", *(folder / "files").rglob("*")):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (user.pw_uid, user.pw_gid)


def test_a_link_of_ours_counts_as_the_folder_it_leads_to(tmp_path: Path) -> None:
    """Uploads on a larger disk: `ln -s /mnt/big/files files`."""
    data, big, target = tmp_path / "data", tmp_path / "big", tmp_path / "target"
    for folder in (data, big / "deep"):
        folder.mkdir(parents=True)
    (big / "deep/upload").write_text("a note")
    (data / "files").symlink_to("../big")
    packing = TarContents(below(str(data), ("files",)), str(tmp_path))
    archive = _of(packing)
    refuse_unfit(io.BytesIO(archive), "files/app.tar")
    assert unpack(io.BytesIO(archive), str(target)) == 1
    assert (target / "files/deep/upload").read_text() == "a note"
    assert not (target / "files").is_symlink()
    assert packing.untaken == []
    (data / "linked").symlink_to(big)
    assert {name for name, _path in below(str(data / "linked"), (".",))} == {"deep", "deep/upload"}


@pytest.mark.parametrize("linked", [".", "files", "files/on a disk"])
def test_what_lies_on_another_disk_is_refused_in_place_before_any_name_changes(
    tmp_path: Path, linked: str, request: pytest.FixtureRequest
) -> None:
    folder, big = tmp_path / "data", tmp_path / "big"
    (big / "files").mkdir(parents=True)
    if linked == ".":
        folder.symlink_to(big)
    elif linked == "files":
        folder.mkdir()
        (folder / "files").symlink_to(big / "files")
    else:
        (folder / linked).mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / linked], check=True)
        request.addfinalizer(lambda: subprocess.run(["umount", "--lazy", folder / linked], check=True))
    part = Files("files/app.tar", "files", "app", lambda: iter(()), str(folder), ("files",))
    back = Restorer("diary", str(tmp_path), lambda: Contents(None, "", (part,)), lambda: Key(new_identity()), ())
    held = Restorable(Manifest("set", "diary", 1.0, 1.0, "dump", "full", ()), "here", (), ())
    with pytest.raises(StackError) as told:
        back.restore_files(held, "app", lambda _about, _count: None, beside=False)
    assert (str(folder) in told.value.why, "--files app" in told.value.fix) == (True, True)
    assert {path.name for path in tmp_path.iterdir()} == {"data", "big"}


def test_a_link_of_ours_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").symlink_to("/mnt/of a disk that is away")
    with pytest.raises(StackError, match="cannot be read") as told:
        list(below(str(tmp_path), ("files",)))
    assert "/mnt/of a disk that is away" in told.value.why


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of a user who is not root."""
    user, folder = pwd.getpwnam("nobody"), enterable_folder("archives-")
    (folder / "sub").mkdir()
    (folder / "sub/a").write_text("a")
    (folder / "sub/secrets.json").write_text("theirs")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    yield folder
    shutil.rmtree(folder)


def _link(path: Path, target: Path) -> None:
    """A link that the user of `theirs` makes."""
    path.symlink_to(target)
    os.chown(path, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another user")
def test_a_folder_that_becomes_a_link_meanwhile_leads_to_no_secret(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("SECRET")
    (tmp_path / "other").write_text("in another folder")

    def entries() -> Iterator[tuple[str, str]]:
        for name, path in below(str(theirs), ("sub",)):
            if name == "sub/a":
                yield name, path
                (theirs / "sub").rename(theirs / "sub2")
                _link(theirs / "sub", tmp_path)
                yield "other", str(tmp_path / "other")
            else:
                yield name, path

    packing = TarContents(entries(), str(tmp_path))
    assert b"SECRET" not in _of(packing)
    assert packing.untaken == [f"{theirs}/sub/secrets.json cannot be read: Too many levels of symbolic links."]
    _link(theirs / "files", tmp_path)
    assert b"SECRET" not in _of(TarContents(below(str(theirs), ("files",)), str(tmp_path)))


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another user")
def test_a_database_is_opened_with_the_rights_of_whose_folder_it_lies_in(theirs: Path, tmp_path: Path) -> None:
    """SQLite opens by a path, and what lies there may be a link by then."""
    with closing(sqlite3.connect(tmp_path / "secrets.db")) as secrets, secrets:
        secrets.execute("CREATE TABLE secret AS SELECT 'SECRET'")
    (tmp_path / "secrets.db").chmod(0o600)
    with closing(sqlite3.connect(theirs / "own.db", isolation_level=None)) as own:
        own.execute("PRAGMA journal_mode = WAL")
        own.execute("CREATE TABLE mine AS SELECT 'MINE'")
        for path in theirs.glob("own.db*"):
            os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
        packing = TarContents(below(str(theirs), (".",)), str(tmp_path), ("own.db",))
        assert b"MINE" in _of(packing)
        assert (packing.untaken, packing.copied) == ([], ["own.db"])
    _link(theirs / "linked.db", tmp_path / "secrets.db")
    (tmp_path / "copy").touch()
    with pytest.raises(SqliteFailed, match="unable to open"):
        copy(str(theirs / "linked.db"), str(tmp_path / "copy"), 1024**2)
    assert (tmp_path / "copy").read_bytes() == b""
