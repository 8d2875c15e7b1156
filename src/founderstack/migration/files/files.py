"""The step that brings the bytes of stored objects to where the app keeps its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from founderstack.locale import N_, _, joined, number, shortened
from founderstack.migration.context import Context
from founderstack.migration.files import index
from founderstack.migration.files.copies import PROBLEMS, Pace, compare_names, copy, is_kept, proof
from founderstack.migration.files.index import IndexRow, StoredFile
from founderstack.migration.values import Finding, Item, Progress
from founderstack.model.errors import EXIT_PRECONDITION, StackError

if TYPE_CHECKING:
    import psycopg

    from founderstack.migration.files.remote_files import RemoteFiles
    from founderstack.migration.files.upload_target import Shelf

NAME = "files"
_NO_KEY = N_("No key of the source’s storage was given: an S3 key pair, or the service role’s key.")
_AT_ONCE = 64
"""Rows that are asked for together."""
_SPARE_BYTES = 1024**3
"""Room that is left to the database on the same disk."""


class Files:
    """A migration's step (`migration.steps.Step`). Without `remote` it can only say what there is."""

    name = NAME

    def __init__(self, remote: RemoteFiles | None, shelf: Shelf, *, leave: bool = False) -> None:
        self._remote = None if leave else remote
        self._shelf = shelf
        self._leave = leave

    def plan(self, context: Context) -> Sequence[Item]:
        """Buckets with their objects, and one by one what has only a row or only bytes."""
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        items: list[Item] = []
        with context.source.connect() as source, source.transaction():
            for file in index.objects(source):
                counts[file.bucket_id] += 1
                sizes[file.bucket_id] += file.source_bytes or 0
                if file.source_bytes is None:
                    items.append(_without_metadata(file))
            buckets = [row[0] for row in source.execute('SELECT id FROM storage.buckets ORDER BY id COLLATE "C"')]
        if self._remote is None:
            return [*items, *(self._left(bucket, counts[bucket]) for bucket in buckets)]
        items += [Item(NAME, "bucket", bucket, "moved", _size(sizes[bucket]), "", counts[bucket]) for bucket in buckets]
        with self._remote as remote:
            items += self._odd_ones(context, remote, buckets)
        return [*items, *self._room(sum(sizes.values()))]

    def run(self, context: Context) -> None:
        """Bring everything that is not here yet, or is not here any more as it was brought.

        A kill costs what was on its way; an unfinished file goes on.
        """
        self._bring(context, proves=True)

    def sync_final(self, context: Context) -> None:
        """The same again: what has not changed is not read."""
        self._bring(context)

    def _bring(self, context: Context, *, proves: bool = False) -> None:
        if self._leave:
            return
        if self._remote is None:
            self._need_no_key(context)
            return
        with (
            context.source.connect() as source,
            source.transaction(),
            context.target.connect() as target,
            target.transaction(),
        ):
            index.make(target, context.target.owner)
            gone = index.merge(target, index.objects(source))
        for key in gone:
            self._shelf.remove(key)
        if proves:
            self._forget_lost(context)
        with self._remote as remote:
            self._copy_pending(context, remote)
        self._shelf.tidy()

    def verify(self, context: Context) -> Sequence[Finding]:
        """Every file is read again here; where the source's row holds no digest, its bytes are read again too."""
        remote = self._remote
        if self._leave:
            return [Finding(NAME, _("files: left where they are, as you chose"), True)]
        if remote is None:
            return [Finding(NAME, _("files"), not self._objects(context), _(_NO_KEY))]
        wrong: list[str] = []
        empty: list[str] = []
        pace = _pace(context)
        with remote, context.source.connect() as source, source.transaction(), context.target.connect() as target:
            if not index.there(target):
                return [Finding(NAME, _("files"), False, _("No file has been moved yet."))]
            with target.transaction(force_rollback=True):
                count, unequal = index.unequal(target, index.objects(source))
            for row, problem in _at_once(
                context, pace, _pages(target, index.indexed), lambda row: proof(row, remote, self._shelf, pace)
            ):
                if problem == "no bytes":
                    empty.append(row.file.path)
                elif problem:
                    wrong.append(joined(": ", (row.file.path, _(PROBLEMS[problem]))))
        return [
            Finding(
                NAME,
                _("files: {count} objects on both sides").format(count=count),
                not unequal,
                shortened(unequal, separator="; "),
                by_writing=True,
            ),
            Finding(
                NAME, _("files: size and sha256 of every one"), not wrong, shortened(sorted(wrong), separator="; ")
            ),
            Finding(
                NAME, _("files: rows that had no bytes at the source either"), True, shortened(empty, separator="; ")
            ),
        ]

    def undo(self, context: Context) -> None:
        """Remove every file that was brought over."""
        with context.target.connect() as target:
            if index.there(target):
                for page in _pages(target, index.indexed):
                    for row in page:
                        self._shelf.remove(row.file.key)
                target.execute(f"DROP TABLE {index.INDEX}")
        self._shelf.tidy()

    def _forget_lost(self, context: Context) -> None:
        """Every file that was brought over is read here: what is gone or has changed is pending again."""
        pace = _pace(context)
        with context.target.connect() as target:
            for row, kept in _at_once(
                context, pace, _pages(target, index.indexed), lambda row: is_kept(row, self._shelf)
            ):
                if not kept:
                    index.lost(target, row.file)

    def _copy_pending(self, context: Context, remote: RemoteFiles) -> None:
        pace = _pace(context)
        with context.target.connect() as target:
            here, total = index.amount(target)
            context.tell(Progress(NAME, here, total, "bytes"))
            for file, (received, problem) in _at_once(
                context, pace, _pages(target, index.pending), lambda file: copy(file, remote, self._shelf, pace)
            ):
                if received is None:
                    index.failed(target, file, problem or "")
                    continue
                index.copied(target, file, received, problem)
                here += received.bytes
                context.tell(Progress(NAME, here, max(total, here), "bytes", file.bucket_id))
            context.journal.mark(target, NAME, "files", {"bytes": here})

    def _odd_ones(self, context: Context, remote: RemoteFiles, buckets: Sequence[str]) -> Iterator[Item]:
        """What has a row and no bytes, or bytes and no row."""
        with context.source.connect() as source, source.transaction():
            for bucket in buckets:
                rows = index.names(source, bucket)
                for name, what in compare_names(rows, remote.names(bucket)):
                    why = _("It has a row and no bytes.") if what == "no bytes" else _("It has bytes and no row.")
                    yield Item(NAME, f"object with {what}", f"{bucket}/{name}", "reported", why, "", 1)

    def _objects(self, context: Context) -> bool:
        with context.source.connect() as source, source.transaction():
            return next(index.objects(source), None) is not None

    def _need_no_key(self, context: Context) -> None:
        if self._objects(context):
            raise StackError(
                _("Files cannot be read"),
                _(_NO_KEY),
                _("Name a file with it: --files-key FILE; or leave files behind: --without-files"),
                exit_code=EXIT_PRECONDITION,
            )

    def _left(self, bucket: str, count: int) -> Item:
        if self._leave or not count:
            return Item(
                NAME, "bucket", bucket, "reported", _("You chose to leave its files where they are."), "", count
            )
        fix = _("Name a file with it: --files-key FILE; or leave files behind: --without-files")
        return Item(NAME, "bucket", bucket, "blocker", _(_NO_KEY), fix, count)

    def _room(self, needed: int) -> list[Item]:
        free = self._shelf.free_bytes()
        if free is None or needed + _SPARE_BYTES <= free:
            return []
        why = _("{place} has {free} free; files need {needed} and the database some room.").format(
            place=self._shelf.where, free=_size(free), needed=_size(needed)
        )
        return [Item(NAME, "room", self._shelf.where, "blocker", why, _("Make room, or add a disk."))]


Row = TypeVar("Row", bound=StoredFile | IndexRow)
Answer = TypeVar("Answer")


def _pace(context: Context) -> Pace:
    return Pace(context.clock, context.options.rate_mib_s * 1024**2)


def _pages(target: psycopg.Connection[Any], page: Callable[..., list[Row]]) -> Iterator[list[Row]]:
    """The index in pages, in the order of its keys."""
    after = ""
    while rows := page(target, after=after, most=_AT_ONCE):
        yield rows
        last: StoredFile | IndexRow = rows[-1]
        after = last.file.key if isinstance(last, IndexRow) else last.key


def _at_once(
    context: Context, pace: Pace, pages: Iterator[list[Row]], work: Callable[[Row], Answer]
) -> Iterator[tuple[Row, Answer]]:
    """The work's answer for every row, as they come; the first error ends all of it."""
    with ThreadPoolExecutor(max(context.options.jobs, 1)) as pool:
        try:
            for rows in pages:
                asked = {pool.submit(work, row): row for row in rows}
                for done in as_completed(asked):
                    yield asked[done], done.result()
        finally:
            pace.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)


def _without_metadata(file: StoredFile) -> Item:
    why = _("The source does not know its size and type: they are taken from its bytes and its name.")
    return Item(NAME, "object without metadata", file.path, "moved", why, "", 1)


def _size(count: int) -> str:
    return f"{number(count / 1024**3, 1)} GiB" if count >= 1024**3 else f"{number(count / 1024**2, 1)} MiB"
