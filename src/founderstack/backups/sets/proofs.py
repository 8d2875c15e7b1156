"""What drills have found, kept beside each set, under a seal that ties it to that very set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from founderstack.backups.sets import documents
from founderstack.backups.sets.set_store import NOT_READABLE, SetStore, sealed_by
from founderstack.model.backup import Manifest, Proof
from founderstack.world.keys.sealing import Key
from founderstack.world.objects.folder import ObjectMissing

_PREFIX = "proof-"


@dataclass(frozen=True)
class Proofs:
    """The papers of one set in one place."""

    valid: tuple[Proof, ...] = ()
    forged: tuple[str, ...] = ()
    """Names of those that nobody with the key has written about this set as it is: changed, copied or made up."""


def keep(store: SetStore, proof: Proof, key: Key) -> None:
    """Write the outcome of a drill beside the set."""
    sealed = replace(proof, seal=key.mark(documents.to_seal(proof)))
    store.write(proof.set, f"{_PREFIX}{int(proof.at)}.json", documents.written(sealed))


def kept(store: SetStore, manifest: Manifest, names: Iterable[str], key: Key | None) -> Proofs:
    """The drills of a set, among the names of what lies there. Without the key nothing is known of any."""
    mine = sorted(name for name in names if name.startswith(_PREFIX))
    if key is None or not mine:
        return Proofs()
    valid, forged, sealed = [], [], sealed_by(manifest, key)
    for name in mine:
        try:
            proof = documents.read(Proof, store.paper(manifest.id, name))
        except ObjectMissing:
            continue  # somebody has removed it meanwhile
        except (ValueError, *NOT_READABLE):
            forged.append(name)
            continue
        if sealed and proof.of == manifest.seal and key.made(proof.seal, documents.to_seal(proof)):
            valid.append(proof)
        else:
            forged.append(name)
    return Proofs(tuple(valid), tuple(forged))
