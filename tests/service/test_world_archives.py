"""Files as one stream: what changes, vanishes or is a database while it is read, and what must never be put back."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.archives import Packing, below, packed, unpack


def _archive(folder: Path, scratch: Path, names: tuple[str, ...] = (".",), exclude: tuple[str, ...] = ()) -> bytes:
    return _of(Packing(below(str(folder), names, exclude), str(scratch)))


def _of(packing: Packing) -> bytes:
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


def test_a_file_that_shrinks_or_grows_while_it_is_read_is_read_again(source: Path, tmp_path: Path) -> None:
    changing = source / "deep/er/file"
    sizes = iter([10, 200_000])

    def entries() -> Iterator[tuple[str, str]]:
        yield "file", str(changing)

    packing = Packing(entries(), str(tmp_path))
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

    packing = Packing(entries(), str(tmp_path))
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
    unpack(io.BytesIO(_of(Packing(entries(), str(tmp_path)))), str(target))
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
        archive = _archive(folder, tmp_path)
        writer.execute("UPDATE pair SET b = 2")
        writer.execute("COMMIT")
    unpack(io.BytesIO(archive), str(target))
    assert [path.name for path in target.iterdir()] == ["panel.sqlite"], "its companions belong to the live one"
    with closing(sqlite3.connect(target / "panel.sqlite")) as copy:
        assert copy.execute("SELECT a, b FROM pair").fetchall() == [(1, 1)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("sqlite-")] == []


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


def test_a_stream_that_is_cut_is_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot be put back"):
        unpack(io.BytesIO(_archive(source, tmp_path)[:40_000]), str(tmp_path / "target"))
