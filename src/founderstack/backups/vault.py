"""A stack's backups: what is taken, where it is kept, and what lies there (a model.vault.Vault)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from founderstack.backups.restorer import Restorer
from founderstack.backups.sets import proofs
from founderstack.backups.sets.contents import Contents
from founderstack.backups.sets.ledger import Ledger
from founderstack.backups.sets.looking import Look
from founderstack.backups.sets.set_store import NOT_READABLE, NewSet, SetStore
from founderstack.locale import wire
from founderstack.model.backup import MANIFEST, Manifest, Proof
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock, Engine, Progress, Server
from founderstack.model.state_folder import StateFolder
from founderstack.model.vault import FoundSets, SetDamaged
from founderstack.world.keys.sealing import Key
from founderstack.world.os.files import read_json, remove_tree, write_atomic
from founderstack.world.os.lock import stack_lock

_SCRATCH = ".work"


@dataclass(frozen=True)
class SetHeader:
    """The stack and the machine, for the page of contents."""

    stack: str
    state: str
    """The stack's state folder."""
    os: str
    host: str
    tool: str


class Vault(Restorer):
    """Everything that verbs do with sets. The key is only asked for when it is needed."""

    def __init__(
        self,
        about: SetHeader,
        engine: Engine,
        contents: Callable[[], Contents],
        key: Callable[[], Key],
        stores: tuple[SetStore, ...],
        clock: Clock,
        random_letters: Callable[[], str],
    ) -> None:
        """`stores`: first the one on this machine, then the one that is not, where there is one."""
        super().__init__(about.stack, about.state, contents, key, stores)
        self._about = about
        self._engine = engine
        self._clock = clock
        self._random_letters = random_letters
        self._away: dict[str, str] = {}
        """Place → why it did not answer."""
        self._ledger = Ledger(StateFolder(about.state).ledger)

    def lock(self, command: str) -> AbstractContextManager[None]:
        """One backup or restore at a time."""
        return stack_lock(StateFolder(self._about.state).backup_lock, command=f"founder {command}")

    def kinds(self) -> Sequence[str]:
        """What the engine can take."""
        return self._engine.kinds

    def tidy(self) -> None:
        """Remove what was left on this machine by backups and removals that were killed. Only under the lock."""
        remove_tree(self._scratch)
        self._collect(self._stores[0], {})

    def tidy_away(self) -> None:
        """Remove what was begun off this machine and is on it no more; what is here still is sent to its end."""
        here = self._stores[0].contents()
        for store in self._stores[1:]:
            self._collect(store, here)
            store.tidy()

    def _collect(self, store: SetStore, waiting: Mapping[str, Mapping[str, object]]) -> None:
        """Remove what was begun by us and has no page of contents, here or in the place that it waits in."""
        begun = self._ledger.begun(store.objects.where)
        if not begun:
            return
        held = store.contents()
        whole = {one for one in begun if MANIFEST in held.get(one, {})}
        over = {one for one in begun - whole if MANIFEST not in waiting.get(one, {})}
        for set_id in over:
            store.remove(set_id)
        self._ledger.whole(store.objects.where, whole)
        self._ledger.gone(store.objects.where, over)

    def take(self, kind: str, progress: Progress, replaced_by: str = "") -> Manifest:
        """Take a whole set into the place on this machine."""
        contents, now = self._contents(), self._clock.now()

        def fill(new: NewSet, draft: Manifest) -> Manifest:
            os.makedirs(self._scratch, mode=0o700, exist_ok=True)
            try:
                taken = self._engine.take(kind, contents.server, new, progress) if contents.server else None
                made = contents.pack(new, self._scratch, progress)
            finally:
                remove_tree(self._scratch)
            draft = replace(draft, notes=made.notes, lacks=made.lacks, outside=made.outside, replaced_by=replaced_by)
            if taken is None:
                return draft
            return replace(
                draft,
                taken_at=taken.at,
                kind=taken.kind,
                repository=taken.repository,
                problem=taken.problem,
                lacks=(*taken.lacks, *made.lacks),
            )

        return self._written(now, kind, contents.major, fill)

    def take_of(
        self, server: Server, engine: Engine, kind: str, at: float, moment: str, progress: Progress
    ) -> Manifest:
        """A set of another server: the databases of this one as they were at a moment, which the set is named by."""

        def fill(new: NewSet, draft: Manifest) -> Manifest:
            taken = engine.take("full", server, new, progress)
            return replace(draft, repository={"moment": moment}, lacks=taken.lacks)

        return self._written(at, kind, self._contents().major, fill)

    def _written(self, at: float, kind: str, major: str, fill: Callable[[NewSet, Manifest], Manifest]) -> Manifest:
        """A new set named by a moment; `fill` writes into it and says of the page of contents what is not known yet."""
        began = self._clock.monotonic()
        set_id = f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}-{self._random_letters()}"
        draft = Manifest(
            id=set_id,
            stack=self._about.stack,
            taken_at=at,
            seconds=0.0,
            engine=self._engine.name,
            kind=kind,
            files=(),
            tool=self._about.tool,
            os=self._about.os,
            host=self._about.host,
            major=major,
        )
        here = self._stores[0]
        with self._ledger.writing(here.objects.where, set_id):
            new = here.begin(set_id, self._key())
            try:
                filled = fill(new, draft)
                return new.finish(replace(filled, seconds=round(self._clock.monotonic() - began, 1)))
            except BaseException:
                new.abandon()
                raise

    def away(self) -> str:
        """Where copies off this machine go."""
        return self._stores[1].objects.where if len(self._stores) > 1 else ""

    def send(self, manifest: Manifest, progress: Progress) -> None:
        """Copy a set off the machine."""
        here, there = self._stores[0], self._stores[1]
        try:
            self.bring(manifest, here.place, there.place, progress)
        except SetDamaged:
            raise
        except StackError as problem:
            self._away[there.place] = problem.summary
            raise

    def bring(self, manifest: Manifest, source: str, target: str, progress: Progress) -> None:
        """Copy a set from one place to another."""
        here, there = self._store(source), self._store(target)
        try:
            with self._ledger.writing(there.objects.where, manifest.id):
                here.copy(manifest, there, lambda count: progress(target, count))
        except NOT_READABLE as problem:
            now, why = self._clock.now(), (problem.what,)
            bad = Proof(manifest.id, now, ok=False, seconds=0.0, problems=why, place=source, of=manifest.seal)
            with suppress(StackError):
                proofs.keep(here, bad, self._key())
            raise SetDamaged(problem.what, problem.why, problem.fix) from None

    def found(self) -> FoundSets:
        """Everything that there is, in every place that answers; each place is judged by what lies in it."""
        return Look(self._stores, self._ledger, self._key, self._clock).found(self._away)

    def note(self, found: FoundSets) -> None:
        """Remember what lies in each place that answered, so that it is missed when it does not any more."""
        for place in found.places:
            if not place.error:
                held = [one.manifest.id for one in found.sets if place.name in one.places]
                self._ledger.whole(place.where, (*held, *place.damaged, *place.newer))

    def miss_no_longer(self, place: str, set_ids: Sequence[str]) -> None:
        """Have sets that are gone from a place count as let go of."""
        self._ledger.gone(self._store(place).objects.where, set_ids)

    def remove(self, place: str, set_id: str) -> None:
        """Remove a set from one place."""
        store = self._store(place)
        with self._ledger.removing(store.objects.where, set_id):
            store.remove(set_id)

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Have the engine forget what none of these sets needs."""
        self._engine.forget(kept)

    def write_index(self, value: dict[str, object]) -> None:
        """Keep what the agent and the panel show, in the agent's folder."""
        lies = StateFolder(self._about.state)
        if os.path.isdir(lies.agent):
            write_atomic(lies.backup_index, wire.dumps(value, ensure_ascii=False) + "\n", mode=0o644)

    def journal(self) -> dict[str, object]:
        """What an unfinished restore has written down."""
        return read_json(self._journal_file)

    def write_journal(self, content: dict[str, object]) -> None:
        """Write it down; an empty one is removed."""
        if content:
            write_atomic(self._journal_file, json.dumps(content) + "\n", mode=0o600)
        else:
            remove_tree(self._journal_file)

    @property
    def _journal_file(self) -> str:
        return StateFolder(self._about.state).restore_journal

    @property
    def _scratch(self) -> str:
        return f"{self._about.state}/{_SCRATCH}"
