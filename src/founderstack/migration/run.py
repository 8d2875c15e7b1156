"""A migration as a whole: planned, run, and run again until it is done; compared; taken back."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from founderstack.locale import _
from founderstack.migration import preflight, trouble
from founderstack.migration.context import Context
from founderstack.migration.database import additions, hand, mending, schema
from founderstack.migration.journal import SCHEMA, Journal
from founderstack.migration.parallel import each
from founderstack.migration.removal import take_out
from founderstack.migration.source import APPLICATION, Source, Unreachable
from founderstack.migration.steps import Extra, Step, steps_for
from founderstack.migration.target import Target
from founderstack.migration.values import Finding, Item, Kind, Options, Progress
from founderstack.model.errors import EXIT_PRECONDITION, StackError, StackErrors
from founderstack.model.protocols import Clock
from founderstack.world.net.postgres import table_exists
from founderstack.world.os.files import ensure_folder
from founderstack.world.os.lock import stack_lock

_AGAIN_AFTER_S = 2.0
_ATTEMPTS_WITHOUT_PROGRESS = 5
_ENDS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Migration:
    """From one source into one target. Every method may be called again."""

    source: Source
    target: Target
    kind: Kind
    folder: str
    """Its own folder (0700)."""
    options: Options
    clock: Clock
    tell: Callable[[Progress], None]
    extras: tuple[Extra, ...] = ()
    """Steps beside the database."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in order."""
        return (*steps_for(self.kind), *self.extras)

    @property
    def journal(self) -> Journal:
        """What is done already."""
        return Journal(self.target)

    def plan(self) -> tuple[dict[str, Any], list[Item]]:
        """(facts, what becomes of everything). Writes nothing but the archive in its own folder."""
        found = preflight.facts(self.source, self.target)
        if blockers := self._blockers(found):
            return found, blockers
        ensure_folder(self.folder, mode=0o700)
        with hand.reading(self.target) as reader:
            context = replace(self.context("plan.dump"), worker=reader)
            return found, [item for step in self.steps for item in step.plan(context)]

    def run(self) -> None:
        """Do all of it; a source or a target that goes away is waited for. Raises StackError with every blocker."""
        ensure_folder(self.folder, mode=0o700)
        with self.alone("run"):
            self.refuse_after_cut_over()
            self.patiently(self._run_once)

    def refuse_after_cut_over(self) -> None:
        """Raise StackError where people may have written here what the source does not hold."""
        if (run := self.journal.run()) and run.state == "cut over":
            raise StackError(
                _("The migration is cut over already"),
                _("What people have written here since then would be replaced by what the source holds."),
                _("To bring the source over once more, give that up first: founder migrate reopen"),
                exit_code=EXIT_PRECONDITION,
            )

    def _run_once(self) -> None:
        self._end_remains()
        again = self.journal.run() is not None
        with self.source.snapshot(), hand.lent(self.target) as worker:
            context = self._begin(worker)
            hand.let_work(context)
            if again:
                mending.mend(context)
            for step in steps_for(self.kind):
                step.run(context)
        for extra in self.extras:  # the source's snapshot is not held open for as long as files take
            extra.run(context)
        if (run := self.journal.run()) and run.state == "running":
            self.journal.note(state="moved")
        if again:
            mending.refuse_what_stays(context)

    def sync_final(self, snapshot: str = "") -> None:
        """Bring over what has changed since the run; for a cut-over, inside its write freeze."""
        with self.source.snapshot(snapshot), hand.lent(self.target) as worker:
            context = self._begin(worker)
            hand.let_work(context)
            for step in self.steps:
                step.sync_final(context)

    def verify(self) -> list[Finding]:
        """Both sides as they are now."""
        if self.journal.run() is None:
            raise StackError(
                _("There is nothing to verify yet"),
                _("The target knows of no migration."),
                _("Run: founder migrate SOURCE run"),
                exit_code=EXIT_PRECONDITION,
            )
        ensure_folder(self.folder, mode=0o700)
        with hand.reading(self.target) as reader:
            return self._verify(replace(self.context("verify.dump"), worker=reader))

    def _verify(self, context: Context) -> list[Finding]:
        inside = steps_for(self.kind)
        found: dict[int, Sequence[Finding]] = {}

        def look(place: int) -> None:
            found[place] = inside[place].verify(context)

        # Rows take most of the time; all else is asked meanwhile, unless the source is to be spared.
        each(range(len(inside)), min(self.options.jobs, 2), look)
        beside = [finding for extra in self.extras for finding in extra.verify(context)]
        return [*(finding for place in sorted(found) for finding in found[place]), *beside]

    def undo(self) -> None:
        """Take out of the target what the migration has made there. The source is not touched."""
        with self.alone("undo"):
            self._end_remains()
            if self.journal.run() is None:
                return
            context = self.context("source.dump")
            for extra in self.extras:
                extra.undo(context)
            take_out(context)
            hand.clear(self.target)

    def alone(self, what: str) -> AbstractContextManager[None]:
        """One command at a time works on a migration."""
        return stack_lock(os.path.join(self.folder, "lock"), command=f"founder migrate {what}")

    def patiently(self, do: Callable[[], None]) -> None:
        """`do`, again where the source or the target went away meanwhile, as long as there is progress and patience."""
        import psycopg

        failures, before = 0, -1
        place = trouble.place_of(self.target)
        while True:
            try:
                return do()
            except psycopg.errors.DiskFull as error:
                raise trouble.disk_full(error) from error
            except (psycopg.OperationalError, Unreachable) as error:
                self._wait_for_both(error, place)
                done = self._done()
                failures, before = (failures + 1 if done == before else 0), done
                if failures >= _ATTEMPTS_WITHOUT_PROGRESS:
                    raise trouble.lost(error) from error
                self.tell(Progress("connection", 0, 0, "objects", _("again: {why}").format(why=trouble.broken(error))))

    def _wait_for_both(self, error: Exception, place: str) -> None:
        deadline = self.clock.monotonic() + self.options.patience_s
        while True:
            self.clock.wait(_AGAIN_AFTER_S)
            try:
                with self.source.connect(), self.target.connect():
                    return
            except Unreachable as still:
                if trouble.is_full(place):
                    raise trouble.disk_full(error) from error
                if self.clock.monotonic() > deadline:
                    raise still from error
                self.tell(Progress("connection", 0, 0, "objects", still.what))

    def _done(self) -> int:
        with self.target.connect() as target:
            if not table_exists(target, f"{SCHEMA}.done"):
                return 0
            counted = target.execute(f"SELECT count(*) FROM {SCHEMA}.done").fetchone()
            return int(counted[0]) if counted else 0

    def _begin(self, worker: Target) -> Context:
        """The context of a run that may go on: new and without blockers, or the one that the target knows of."""
        run = self.journal.run()
        if run is None:
            found = preflight.facts(self.source, self.target)
            _refuse(self._blockers(found))
        context = replace(self.context("source.dump"), worker=worker)
        digest = schema.digest(context.objects)
        if run is None:
            with hand.reading(self.target) as reader:
                quick = replace(context, counts=False, worker=reader)
                _refuse(item for step in self.steps for item in step.plan(quick))
            with self.target.connect() as target:
                present = additions.present(target, self.target.owner)
            self.journal.begin(self.source.address.url, self.kind, digest, **{additions.PRESENT: present})
        elif run.source != self.source.address.url:
            raise StackError(
                _("The target holds a migration from somewhere else"),
                _("It came from {url}.").format(url=run.source),
                _("Take it back first: founder migrate undo"),
                exit_code=EXIT_PRECONDITION,
            )
        elif run.digest != digest:
            raise StackError(
                _("The source’s objects are other ones than when the migration began"),
                _("Somebody has changed a table, a function or a policy there."),
                _("Begin anew: founder migrate undo, then founder migrate run"),
                exit_code=EXIT_PRECONDITION,
            )
        return context

    def context(self, dump: str) -> Context:
        """What the steps work with: the source's objects are read anew, into the archive of this name."""
        journal = self.journal
        begun = journal.run() is not None
        path = os.path.join(self.folder, dump)
        decided = schema.read(self.source, self.target, self.kind, self.options, path=path, begun=begun)
        context = Context(
            self.kind, self.source, self.target, journal, self.folder, self.options, self.clock, self.tell
        )
        return replace(context, objects=decided, run_id=str(uuid.uuid4()))

    def _blockers(self, found: Mapping[str, Any]) -> list[Item]:
        blockers = preflight.blockers(self.source, self.kind, found)
        return blockers if self.journal.run() else [*blockers, *preflight.room(self.target, found)]

    def _end_remains(self) -> None:
        """End what an earlier command, killed in the middle, still has at work in the target."""
        others = (
            "FROM pg_stat_activity WHERE application_name = %s AND pid <> pg_backend_pid()"
            " AND datname = current_database() AND usename = current_user"
        )
        deadline = self.clock.monotonic() + _ENDS_WITHIN_S
        with self.target.connect() as target:
            while target.execute(f"SELECT pg_terminate_backend(pid) {others}", (APPLICATION,)).fetchall():
                if self.clock.monotonic() > deadline:
                    raise trouble.lost(TimeoutError(_("an earlier run does not end")))
                self.clock.wait(0.1)


def _refuse(items: Iterable[Item]) -> None:
    if blockers := [item for item in items if item.fate == "blocker"]:
        raise StackErrors([_blocked(item) for item in blockers])


def _blocked(item: Item) -> StackError:
    what = f"{item.kind} {item.name}"
    return StackError(what, item.why, item.fix or _("See: founder migrate plan"), exit_code=EXIT_PRECONDITION)
