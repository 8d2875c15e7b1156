"""Prove that a backup can be restored, by restoring it: beside the running database, checked, and removed again."""

from __future__ import annotations

from typing import Protocol

from founderstack.locale import _, joined
from founderstack.model.backup import FoundSet, Proof
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.protocols import Emit, Progress
from founderstack.model.vault import FoundSets, Vault
from founderstack.operations.backups.backup import remember
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.planner.backups.counting import counted, none_usable

PROVE = "backup:prove"


class Drills(Protocol):
    """Restores sets to see whether they can be."""

    def drill(self, one: FoundSet, place: str, progress: Progress) -> Proof:
        """Restore the set as it lies in a place; raises StackError where it is not the set that is to blame."""
        ...

    def keep(self, proof: Proof, places: tuple[str, ...]) -> None:
        """Write the outcome beside the set in each of these places."""
        ...


def prove(site: Site, vault: Vault, drills: Drills, wanted: str, emit: Emit) -> Proof:
    """Restore the newest set, or the one of this id, and keep the outcome beside it; it may be that it failed.

    Where it lies in several places, the farthest is read: that is the one that is left when this machine is not.
    Raises StackError where there is no such set, no room for a copy, or the place cannot be reached.
    """
    with vault.lock("backup prove"):
        one = chosen(vault.found(), wanted, site.clock.now())
        with reporting(f"{PROVE}:{one.manifest.id}", noted(site.history, emit), site.clock) as report:
            proof = drills.drill(one, one.places[-1], report.progress)
            drills.keep(proof, one.places)
            report.outcome, report.failed = joined(" ", proof.problems), not proof.ok
        remember(site, vault)
        return proof


def chosen(found: FoundSets, wanted: str, now: float) -> FoundSet:
    """The newest set that counts, or the one of this id; raises StackError where there is none."""
    sets = [one for one in found.sets if one.manifest.id == wanted] if wanted else counted(found.sets, now)
    if sets:
        return sets[0]
    unreachable = [joined(": ", (place.where, place.error)) for place in found.places if place.error]
    if unreachable:
        raise StackError(
            _("No backup can be found"),
            joined("; ", unreachable),
            _("Cure what it says, then run the command again."),
        )
    if found.sets and not wanted:
        raise none_usable(found.sets, now, _("Take one: founder backup"))
    if not wanted:
        raise StackError(
            _("There is no backup yet"),
            _("None was taken, or none is where the stack file says that they are kept."),
            _("Take one: founder backup"),
            exit_code=EXIT_PRECONDITION,
        )
    raise StackError(
        _("There is no backup {id}").format(id=wanted),
        _("It is in none of the places that the stack file names."),
        _("Choose another one: founder backups"),
        exit_code=EXIT_USAGE,
    )
