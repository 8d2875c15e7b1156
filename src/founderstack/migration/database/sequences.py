"""Sequences: the next number at the target is the one that the source would have given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.values import Finding, Item

if TYPE_CHECKING:
    import psycopg

_SEQUENCES = """
SELECT named.identity FROM pg_class AS c CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS named
WHERE c.relkind = 'S' AND c.oid >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
"""

State = tuple[int, bool]
"""(last value, whether it was given out)."""


class Sequences:
    """The step: how far each sequence has counted. Sequences keep to no snapshot, so they come last."""

    name = "sequences"

    def plan(self, context: Context) -> Sequence[Item]:
        """They are listed with the objects; those of identity columns are part of their tables."""
        return ()

    def run(self, context: Context) -> None:
        """Set every sequence that both sides have."""
        with context.source.connect() as source, context.target.connect() as target, target.transaction():
            there = _names(target)
            for name in sorted(_names(source) & there):
                target.execute("SELECT setval(%s::regclass, %s, %s)", (name, *_state(source, name)))

    def sync_final(self, context: Context) -> None:
        """As `run`."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """Each has counted equally far on both sides."""
        with context.source.connect() as source, context.target.connect() as target:
            both = sorted(_names(source) & _names(target))
            differing = [name for name in both if _state(source, name) != _state(target, name)]
        why = _("it stands elsewhere than at the source")
        return [
            *(Finding(self.name, name, False, why, by_writing=True) for name in differing),
            Finding(
                self.name, _("positions of {count} sequences").format(count=len(both)), not differing, by_writing=True
            ),
        ]


def _names(connection: psycopg.Connection[Any]) -> set[str]:
    return {name for (name,) in connection.execute(_SEQUENCES).fetchall()}


def _state(connection: psycopg.Connection[Any], name: str) -> State:
    row = connection.execute(f"SELECT last_value, is_called FROM {name}").fetchone()
    assert row is not None
    return int(row[0]), bool(row[1])
