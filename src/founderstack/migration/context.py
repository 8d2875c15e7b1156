"""What every step of a migration works with: both sides, the journal, and the objects with their fates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from founderstack.migration.entries import DecidedEntry
from founderstack.migration.journal import Journal
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Kind, Options, Progress
from founderstack.model.protocols import Clock


@dataclass(frozen=True)
class Context:
    """All that a step works with."""

    kind: Kind
    source: Source
    target: Target
    journal: Journal
    folder: str
    """Where the migration keeps its files (0700)."""
    options: Options
    clock: Clock
    tell: Callable[[Progress], None]
    counts: bool = True
    """False where a plan is asked only for what stands in the way: then it counts no rows."""
    run_id: str = ""
    """Names this command's run: a later one has another."""
    objects: Sequence[DecidedEntry] = ()
    """Every object of the source with its fate, in the order in which they can be made."""
    worker: Target | None = None
    """See `hand`."""

    @property
    def hand(self) -> Target:
        """The target as somebody signs in without the superuser's rights: whose rights the source's code has."""
        assert self.worker is not None
        return self.worker
