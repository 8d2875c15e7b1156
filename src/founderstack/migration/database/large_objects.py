"""Large objects: their bytes in pieces, their comments; owners and privileges come with everybody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.values import Finding, Item

if TYPE_CHECKING:
    import psycopg

_PIECE = 2**20
_LIST = "SELECT oid::bigint, obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata ORDER BY oid"


class LargeObjects:
    """The step: every large object under its own number."""

    name = "large objects"

    def plan(self, context: Context) -> Sequence[Item]:
        """One line for each; one that may not be read is a blocker."""
        with context.source.connect() as source:
            return [_item(source, oid) for oid, _comment in source.execute(_LIST).fetchall()]

    def run(self, context: Context) -> None:
        """Bring over those that are missing or have other bytes; remove what we brought and the source removed."""
        done = context.journal.done(self.name)
        with context.source.reader() as source:
            wanted = source.execute(_LIST).fetchall()
            for oid, comment in wanted:
                mark = _digest(source, oid)
                if done.get(str(oid), {}).get("digest") != mark:
                    _bring(context, source, oid, comment, mark)
        gone = set(done) - {str(oid) for oid, _comment in wanted}
        with context.target.connect() as target, target.transaction():
            for oid in gone:
                target.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = %s::oid", (oid,))

    def sync_final(self, context: Context) -> None:
        """As `run`."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """The same bytes under the same numbers."""
        with context.source.connect() as source, context.target.connect() as target:
            wanted = source.execute(_LIST).fetchall()
            there = dict(target.execute(_LIST).fetchall())
            differing = [
                oid
                for oid, comment in wanted
                if oid not in there or there[oid] != comment or _digest(source, oid) != _digest(target, oid)
            ]
        what = _("bytes of {count} large objects").format(count=len(wanted))
        return [Finding(self.name, what, not differing, ", ".join(map(str, differing)), by_writing=True)]


def _item(source: psycopg.Connection[Any], oid: int) -> Item:
    import psycopg

    try:
        source.execute("SELECT lo_get(%s::oid, 0, 1)", (oid,))
    except psycopg.errors.InsufficientPrivilege:
        fix = _("At the source, run: {sql}").format(sql=f"GRANT SELECT ON LARGE OBJECT {oid} TO …;")
        return Item(LargeObjects.name, "large object", str(oid), "blocker", _("It may not be read."), fix)
    return Item(LargeObjects.name, "large object", str(oid), "moved")


def _pieces(connection: psycopg.Connection[Any], oid: int) -> Iterator[bytes]:
    place = 0
    while True:
        row = connection.execute("SELECT lo_get(%s::oid, %s, %s)", (oid, place, _PIECE)).fetchone()
        piece = bytes(row[0]) if row else b""
        if not piece:
            return
        yield piece
        place += len(piece)


def _digest(connection: psycopg.Connection[Any], oid: int) -> str:
    mark = hashlib.sha256()
    for piece in _pieces(connection, oid):
        mark.update(piece)
    return mark.hexdigest()


def _bring(context: Context, source: psycopg.Connection[Any], oid: int, comment: str | None, mark: str) -> None:
    from psycopg import sql

    with context.target.connect() as target, target.transaction():
        target.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = %s::oid", (oid,))
        target.execute("SELECT lo_create(%s::oid)", (oid,))
        place = 0
        for piece in _pieces(source, oid):
            target.execute("SELECT lo_put(%s::oid, %s, %s)", (oid, place, piece))
            place += len(piece)
        about = sql.SQL("COMMENT ON LARGE OBJECT {} IS {}").format(sql.Literal(oid), sql.Literal(comment))
        target.execute(about)
        context.journal.mark(target, LargeObjects.name, str(oid), {"digest": mark})
