"""Drills of a stack's own sets (an operations.backups.prove.Drills)."""

from __future__ import annotations

from collections.abc import Callable

from founderstack.backups.assemble import StackInputs, contents_of, places_of
from founderstack.backups.engines import PHYSICAL, EngineInputs
from founderstack.backups.postgres import databases
from founderstack.backups.postgres.drill import Trial, drill, room_needed_mib
from founderstack.backups.postgres.throwaway_server import Scratch
from founderstack.backups.sets import proofs
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import IDENTITY, FoundSet, Proof
from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress, Server
from founderstack.model.words import Database
from founderstack.world.keys.sealing import Key


class StackDrills:
    """Restores sets of one stack beside its running database."""

    def __init__(
        self, stores: tuple[SetStore, ...], key: Callable[[], Key], trial: Trial, running: Server | None
    ) -> None:
        """`running` is asked how large its databases are; it need not answer."""
        self._stores = {store.place: store for store in stores}
        self._key = key
        self._trial = trial
        self._running = running

    def drill(self, one: FoundSet, place: str, progress: Progress) -> Proof:
        """Restore the set as it lies in a place."""
        manifest = one.manifest
        room = room_needed_mib(manifest, self._size())
        return drill(self._stores[place], manifest, self._key(), self._trial, progress, room)

    def keep(self, proof: Proof, places: tuple[str, ...]) -> None:
        """Write the outcome beside the set."""
        for place in places:
            proofs.keep(self._stores[place], proof, self._key())

    def _size(self) -> int:
        """Bytes of the running databases, 0 where they cannot be asked."""
        try:
            return databases.size(self._running) if self._running else 0
        except StackError:
            return 0


def drills_of(made: StackInputs) -> StackDrills:
    """The drills of a stack that has backups and was brought up."""
    settings = made.stack.parts["backup"].settings
    views = made.views()
    database, server = views["backup"].one(Database), contents_of(made, views).server
    scratch = Scratch(made.places.files.drill, database.binaries, server.user if server else made.machine.user)
    stores = tuple(SetStore(place, made.stack.name) for place in places_of(settings, made.places.state, made.secret))
    physical = PHYSICAL.get(made.stack.parts["backup"].component)
    making = EngineInputs(views["backup"], made.secret, made.clock)
    trial = Trial(
        scratch,
        made.clock,
        database.name,
        settings.prove_query,
        physical(making, server) if physical and server else None,
    )
    return StackDrills(stores, lambda: Key(made.secret(IDENTITY)), trial, server)
