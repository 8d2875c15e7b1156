"""One stored object: brought over, proved afterwards, and names compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Literal

from founderstack.locale import N_
from founderstack.migration.files.remote_files import BytesMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from founderstack.migration.files.index import IndexRow, StoredFile
    from founderstack.migration.files.remote_files import RemoteFiles
    from founderstack.migration.files.upload_target import Fetch, Shelf, StoredUpload
    from founderstack.model.protocols import Clock, Source

Problem = Literal["no bytes", "size", "digest", "gone", "changed"]

PROBLEMS: Mapping[str, str] = {
    "no bytes": N_("the source has its row and no bytes"),
    "size": N_("its size is not what the source says"),
    "digest": N_("its bytes are not those of the source"),
    "gone": N_("it is missing here"),
    "changed": N_("it has changed here since it was brought over"),
}
_CHUNK = 1024 * 1024


@dataclass
class Pace:
    """How much may be read in a second, by all threads together; 0 for no limit."""

    clock: Clock
    bytes_per_s: float
    stopped: bool = False
    """True when nobody wants any more bytes: every reader ends at its next one."""
    _free_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def spend(self, amount: int) -> None:
        """Wait until this many bytes may be read; raises InterruptedError when it was stopped."""
        if self.stopped:
            raise InterruptedError
        if not self.bytes_per_s:
            return
        with self._lock:
            now = self.clock.monotonic()
            begins = max(now, self._free_at)
            self._free_at = begins + amount / self.bytes_per_s
        if begins > now:
            self.clock.wait(begins - now)


def copy(file: StoredFile, remote: RemoteFiles, shelf: Shelf, pace: Pace) -> tuple[StoredUpload | None, Problem | None]:
    """What was received, and what is wrong with it. What does not fit to the source's row is read a second time."""
    received, problem = None, None
    for _attempt in range(2):
        try:
            received = shelf.receive(file.key, f"{file.object_id}-{file.source_mark[:16]}", _paced(file, remote, pace))
        except BytesMissing:
            return None, "no bytes"
        problem = _compare(file, received)
        if problem is None:
            break
    return received, problem


def is_kept(row: IndexRow, shelf: Shelf) -> bool:
    """False where a file that was brought over is gone or has changed here since; it is read whole."""
    if row.sha256 is None:
        return True
    found = shelf.look(row.file.key)
    return found is not None and found.sha256 == row.sha256


def proof(row: IndexRow, remote: RemoteFiles, shelf: Shelf, pace: Pace) -> Problem | None:
    """What is wrong with a file at the target, after reading it; its source is read too where its row has no digest."""
    if row.problem == "no bytes":
        return "no bytes"
    received = shelf.look(row.file.key)
    if received is None:
        return "gone"
    if received.sha256 != row.sha256:
        return "changed"
    problem = _compare(row.file, received)
    if problem or row.file.md5:
        return problem
    return None if _sha256_at_source(row.file, remote, pace) == received.sha256 else "digest"


def compare_names(rows: Iterator[str], listed: Iterator[str]) -> Iterator[tuple[str, Literal["no bytes", "no row"]]]:
    """What is only in one of two lists, whatever their order; a file of SQLite's own keeps memory small."""
    with closing(sqlite3.connect("")) as names:
        names.execute("CREATE TABLE listed (name TEXT PRIMARY KEY) WITHOUT ROWID")
        names.executemany("INSERT OR IGNORE INTO listed VALUES (?)", ((name,) for name in listed))
        for row in rows:
            if not names.execute("DELETE FROM listed WHERE name = ?", (row,)).rowcount:
                yield row, "no bytes"
        for (name,) in names.execute("SELECT name FROM listed ORDER BY name"):
            yield name, "no row"


def _compare(file: StoredFile, received: StoredUpload) -> Problem | None:
    if file.source_bytes is not None and file.source_bytes != received.bytes:
        return "size"
    return "digest" if file.md5 and file.md5 != received.md5 else None


def _sha256_at_source(file: StoredFile, remote: RemoteFiles, pace: Pace) -> str:
    hasher = sha256()
    try:
        with _paced(file, remote, pace)(0) as source:
            while chunk := source.read(_CHUNK):
                hasher.update(chunk)
    except BytesMissing:
        return ""
    return hasher.hexdigest()


def _paced(file: StoredFile, remote: RemoteFiles, pace: Pace) -> Fetch:
    fetch = remote.reading(file.bucket_id, file.name)

    @contextmanager
    def paced(offset: int) -> Iterator[Source]:
        with fetch(offset) as source:
            yield _Paced(source, pace)

    return paced


@dataclass
class _Paced:
    source: Source
    pace: Pace

    def read(self, size: int = -1, /) -> bytes:
        chunk = self.source.read(size)
        self.pace.spend(len(chunk))
        return chunk
