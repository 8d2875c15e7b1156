"""The cut-over: everything but the last differences before, those inside a write freeze, and a way back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.migration.cutover import follow, freeze
from founderstack.migration.database.rows import wanted
from founderstack.migration.run import Migration
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.os.files import write_atomic


@dataclass(frozen=True)
class CutOver:
    """How it went."""

    pause_s: float
    """Seconds for which nobody could write anywhere."""
    still_there: Sequence[str]
    """Roles of sessions at the source that could not be ended; what they write there is not brought over."""
    way_back: str
    """Path of the file that says how to go back."""


def start_following(migration: Migration) -> int:
    """Changes arrive by themselves from now on; the number of tables for which that holds."""
    _refuse_before_run(migration)
    with migration.alone("run"):
        context = migration.context("source.dump")
        names = [name for name in wanted(context) if not name.startswith(("auth.", "storage."))]
        return follow.begin(migration.source, migration.target, migration.journal, names, migration.sync_final)


def cut_over(migration: Migration, *, frozen: bool = False) -> CutOver:
    """Bring over the last differences while nobody writes; the source stays read-only afterwards.

    Where it fails, the source can be written to again. `frozen` says that the founder has stopped all writing.
    """
    _refuse_before_run(migration)
    with migration.alone("cutover"):
        following = follow.health(migration.source) is not None
        if not following:
            migration.patiently(migration.sync_final)  # so that little is left for the pause
        migration.journal.note(way_back=freeze.way_back(migration.source))
        began = migration.clock.monotonic()
        left = () if frozen else freeze.freeze(migration.source, migration.clock)
        try:
            if following:
                follow.caught_up(migration.source, migration.clock, migration.options.patience_s)
                follow.end(migration.source, migration.target, migration.journal)
            migration.sync_final()
            if freeze.writers(migration.source):
                raise _still_written()
        except BaseException:
            if not frozen:
                freeze.thaw(migration.source)
            raise
        pause = migration.clock.monotonic() - began
        migration.journal.note(state="cut over", pause_s=round(pause, 2))
        return CutOver(pause, left, _write_way_back(migration))


def reopen(migration: Migration) -> None:
    """The way back: end the following, and let the source be written to again. Safe to call again."""
    with migration.alone("reopen"):
        if migration.journal.run() is not None:
            follow.end(migration.source, migration.target, migration.journal)
            migration.journal.note(state="moved")
        freeze.thaw(migration.source)


def _write_way_back(migration: Migration) -> str:
    path = os.path.join(migration.folder, "way-back.txt")
    text = _(
        "The source holds everything as it was at the cut-over, and is read-only since then.\n"
        "To go back: point your app at it again, and run: founder migrate reopen\n"
        "The same by hand, at the source: {sql}\n"
        "What people wrote into the new database since the cut-over is not at the source.\n"
    )
    write_atomic(path, text.format(sql=freeze.way_back(migration.source)), mode=0o600)
    return path


def _refuse_before_run(migration: Migration) -> None:
    run = migration.journal.run()
    if run is None or run.state == "running":
        raise StackError(
            _("There is nothing to cut over yet"),
            _("The database has not been moved, or not to the end."),
            _("Run: founder migrate run"),
            exit_code=EXIT_PRECONDITION,
        )
    migration.refuse_after_cut_over()


def _still_written() -> StackError:
    return StackError(
        _("Somebody still writes at the source"),
        _("A transaction there has written and is still open, or prepared, although new ones are read-only."),
        _("Stop it, then run the same command again; the source can be written to until then."),
    )
