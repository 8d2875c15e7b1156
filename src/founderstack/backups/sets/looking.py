"""What lies in the places of a stack: each set as it is in each of them, and what of it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from founderstack.backups.sets import proofs
from founderstack.backups.sets.ledger import Ledger
from founderstack.backups.sets.proofs import Proofs
from founderstack.backups.sets.set_store import NOT_READABLE, SetStore, TooNew, sealed_by, without_page
from founderstack.model.backup import MANIFEST, FoundSet, Manifest, Proof
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock, StoredObject
from founderstack.model.vault import FoundSets, Place
from founderstack.planner.backups.schedule import ahead
from founderstack.world.keys.sealing import Key

_AT_ONCE = 8
"""Sets of one place that are read at the same time: a bucket far away takes its time for each."""


@dataclass
class _Seen:
    """What cannot be used of a place: ids of sets."""

    damaged: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    gone: tuple[str, ...] = ()


class Look:
    """One look into all places that answer; each place is judged by what lies in it."""

    def __init__(self, stores: tuple[SetStore, ...], ledger: Ledger, key: Callable[[], Key], clock: Clock) -> None:
        self._stores = stores
        self._ledger = ledger
        self._key = _known(key)
        self._clock = clock
        self._sets: dict[str, FoundSet] = {}
        self._seen = {store.place: _Seen() for store in stores}

    def found(self, away: MutableMapping[str, str]) -> FoundSets:
        """Everything that there is. `away` says which place did not answer, and why: it is not waited for again."""
        for store in self._stores:
            if store.place not in away:
                try:
                    self._look(store)
                except StackError as problem:
                    away[store.place] = problem.summary
        places = tuple(self._place(store, away.get(store.place, "")) for store in self._stores)
        return FoundSets(tuple(sorted(self._sets.values(), key=lambda one: one.manifest.id, reverse=True)), places)

    def _place(self, store: SetStore, error: str) -> Place:
        seen = self._seen[store.place]
        return Place(store.place, store.objects.where, error, tuple(seen.damaged), tuple(seen.newer), seen.gone)

    def _look(self, store: SetStore) -> None:
        # Asked before and after: a backup may begin or end meanwhile.
        where, ledger, seen = store.objects.where, self._ledger, self._seen[store.place]
        begun, left, held = ledger.begun(where), ledger.held(where), store.contents()
        begun, left = begun | ledger.begun(where), left & ledger.held(where)
        there = {set_id for set_id, names in held.items() if MANIFEST in names or without_page(names)}
        seen.gone = tuple(sorted(left - begun - there, reverse=True))
        pages = self._pages(store, {set_id: names for set_id, names in held.items() if MANIFEST in names})
        for set_id, names in held.items():
            if MANIFEST not in names:
                if without_page(names) and set_id not in begun:
                    seen.damaged.append(set_id)
                continue
            if isinstance(page := pages[set_id], StackError):
                (seen.newer if isinstance(page, TooNew) else seen.damaged).append(set_id)
                continue
            manifest, papers = page
            before = self._sets.get(set_id)
            if before and before.manifest != manifest:
                before = self._the_sealed(before, manifest, store.place)
                if before:
                    continue
            self._sets[set_id] = self._with(store, manifest, papers, names, before)

    def _pages(
        self, store: SetStore, held: Mapping[str, Mapping[str, StoredObject]]
    ) -> dict[str, tuple[Manifest, Proofs] | StackError]:
        """The page of contents of each set with the papers of its drills, or why it cannot be used."""

        def read(set_id: str) -> tuple[Manifest, Proofs] | StackError:
            try:
                manifest = store.manifest(set_id)
            except (*NOT_READABLE, TooNew) as problem:
                return problem
            return manifest, proofs.kept(store, manifest, held[set_id], self._key)

        with ThreadPoolExecutor(_AT_ONCE) as readers:
            return dict(zip(held, readers.map(read, held), strict=True))

    def _the_sealed(self, before: FoundSet, manifest: Manifest, place: str) -> FoundSet | None:
        """Of two pages of contents that differ the seal says which was changed; None where it was the one before."""
        key = self._key
        if key and not sealed_by(before.manifest, key) and sealed_by(manifest, key):
            for other in before.places:
                self._seen[other].damaged.append(manifest.id)
            return None
        self._seen[place].damaged.append(manifest.id)
        return before

    def _with(
        self,
        store: SetStore,
        manifest: Manifest,
        papers: Proofs,
        names: Mapping[str, StoredObject],
        before: FoundSet | None,
    ) -> FoundSet:
        """The set as it lies in one more place."""
        sizes = {name: one.size for name, one in names.items()}
        missing = tuple(f"{store.place}: {file.name}" for file in manifest.files if sizes.get(file.name) != file.size)
        valid = papers.valid
        places: tuple[str, ...] = (store.place,)
        forged = tuple(f"{store.place}: {name}" for name in papers.forged)
        if before:
            known = {proof.at for proof in before.proofs}
            valid = (*before.proofs, *(one for one in valid if one.at not in known))
            missing, forged = (*before.missing, *missing), (*before.forged, *forged)
            places = (*before.places, *places)
        return FoundSet(manifest, places, self._in_order(valid), missing, forged)

    def _in_order(self, found: Iterable[Proof]) -> tuple[Proof, ...]:
        """Oldest first; a drill by a clock that was ahead is the newest for nobody."""
        now = self._clock.now()
        return tuple(sorted(found, key=lambda one: (not ahead(one.at, now), one.at)))


def _known(key: Callable[[], Key]) -> Key | None:
    try:
        return key()
    except StackError:
        return None
