"""Remove what cannot be used of a set, by its name: copies that are damaged, or that no drill could restore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from founderstack.locale import _, joined
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.vault import FoundSets, Vault
from founderstack.operations.backups.backup import remember
from founderstack.operations.stack.site import Site


@dataclass(frozen=True)
class Copy:
    """What lies of a set in one place."""

    place: str
    where: str
    files: int
    bytes: int


Approve = Callable[[Sequence[Copy]], None]
"""Shows what goes and asks; raises StackError when the answer is no."""


def forget(site: Site, vault: Vault, set_id: str, approve: Approve) -> Sequence[Copy]:
    """Remove each copy of the set that cannot be used, and no other; what was removed.

    Raises StackError where there is none, and where a place does not answer: what lies there is not known then.
    """
    with vault.lock("backup forget"):
        found = vault.found()
        if away := [joined(": ", (place.where, place.error)) for place in found.places if place.error]:
            raise StackError(
                _("Not all places can be asked"),
                joined("; ", away),
                _("Cure what it says, then run the command again."),
            )
        copies = [
            Copy(place.name, place.where, *vault.lying(place.name, set_id))
            for place in found.places
            if _unusable(found, place.name, set_id)
        ]
        if not copies:
            raise StackError(
                _("No copy of “{id}” is damaged").format(id=set_id),
                _("Only what cannot be used is removed by name; the rest goes when its time is over."),
                _("Give the whole name of a damaged one, as “founder backups” shows it."),
                exit_code=EXIT_PRECONDITION,
            )
        approve(copies)
        for copy in copies:
            vault.remove(copy.place, set_id)
        remember(site, vault)
        return copies


def _unusable(found: FoundSets, place: str, set_id: str) -> bool:
    if any(one.name == place and set_id in one.damaged for one in found.places):
        return True
    return any(
        any(name.startswith(f"{place}: ") for name in one.missing) or (one.proof is not None and not one.proof.ok)
        for one in found.sets
        if one.manifest.id == set_id and place in one.places
    )
