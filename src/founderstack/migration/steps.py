"""The steps of a migration in their order, and what each one answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from founderstack.migration.context import Context
from founderstack.migration.values import Finding, Item, Kind


class Step(Protocol):
    """One part of the migration. Every method may be called again, also after a kill in the middle of it."""

    @property
    def name(self) -> str:
        """Its name in the journal and in reports."""
        ...

    def plan(self, context: Context) -> Sequence[Item]:
        """What becomes of everything this step is about. Reads only, on both sides; the journal may be empty."""
        ...

    def run(self, context: Context) -> None:
        """Bring the target to what the plan says, from the source's current snapshot. What is done already stays."""
        ...

    def sync_final(self, context: Context) -> None:
        """Bring over what has changed at the source since `run`, inside the write freeze: short."""
        ...

    def verify(self, context: Context) -> Sequence[Finding]:
        """Compare both sides as they are now. Reads only."""
        ...


class Extra(Step, Protocol):
    """A step beside the database, done after it and outside of its snapshot: people, files."""

    def undo(self, context: Context) -> None:
        """Take out of the target what `run` made there."""
        ...


def steps_for(kind: Kind) -> Sequence[Step]:
    """The steps in their order. Objects first, then rows, then what checks and speeds up rows, then who may do what."""
    from founderstack.migration.database.finish import Finish
    from founderstack.migration.database.large_objects import LargeObjects
    from founderstack.migration.database.rights import Rights
    from founderstack.migration.database.roles import Roles
    from founderstack.migration.database.rows import Rows
    from founderstack.migration.database.schema import Schema
    from founderstack.migration.database.sequences import Sequences
    from founderstack.migration.database.set_aside import Aside

    first: tuple[Step, ...] = (Roles(), Schema(), Rows(), LargeObjects(), Finish())
    last: tuple[Step, ...] = (Rights(), Sequences())
    return (*first, *last) if kind == "plain" else (*first, Aside(), *last)
