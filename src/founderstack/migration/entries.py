"""The objects of the source as pg_dump tells them, and each with its fate. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.migration.values import Item


@dataclass(frozen=True)
class Entry:
    """One object of the source, or one property of an object."""

    id: int
    kind: str
    """As pg_dump calls it, `FK CONSTRAINT`."""
    label: str
    """Schema, name and owner as pg_restore lists them: for people, not to be taken apart."""
    class_oid: int
    """The catalogue that the object is in; 0 where the entry is a property (a comment, an attached partition)."""
    oid: int
    needs: tuple[int, ...]
    """Entries that must be there before."""
    sql: str


@dataclass(frozen=True)
class DecidedEntry:
    """An entry with its fate."""

    entry: Entry
    item: Item
    after_rows: bool
    """True where it is made after the rows are there."""
    schema: str = ""
    """Its schema, or its table's, quoted where it must be; "" where it has none."""
    table: str = ""
    """As `Known.table`."""

    @property
    def key(self) -> str:
        """Its name in the journal."""
        return f"{self.entry.kind} {self.item.name} · {self.entry.label}"

    @property
    def carried(self) -> bool:
        """True where its statements are run at the target."""
        return self.item.fate == "moved" or (self.item.fate == "converted" and self.entry.kind != "FUNCTION")
