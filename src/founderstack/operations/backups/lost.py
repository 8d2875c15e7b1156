"""Sets that a place held and holds no more, though nobody here let go of them: brought back, or missed no longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from founderstack.locale import _, joined
from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Emit
from founderstack.model.vault import FoundSets, Vault
from founderstack.operations.backups.backup import SEND, remembered
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting

Approve = Callable[[Mapping[str, Sequence[str]]], None]
"""Shows which sets of which place are missed no longer; raises StackError when the answer is no."""


@dataclass(frozen=True)
class Resent:
    """What came of it."""

    sent: tuple[str, ...]
    """`id (place)` of what is there again."""
    nowhere: Mapping[str, Sequence[str]]
    """Place → ids of what no other place has whole."""


def resend(site: Site, vault: Vault, emit: Emit) -> Resent:
    """Bring each set back to the place that has lost it, from the place that has it whole.

    Raises StackError where a place does not answer. Safe to repeat.
    """
    with vault.lock("backup resend"), remembered(site, vault):
        found = _answering(vault)
        whole = {one.manifest.id: (one.manifest, place) for one in found.sets for place in _whole(one)[:1]}
        sent: list[str] = []
        nowhere: dict[str, list[str]] = {}
        for place in found.places:
            for set_id in place.gone:
                if set_id in whole:
                    _bring(site, vault, *whole[set_id], place.name, emit)
                    sent.append(f"{set_id} ({place.name})")
                else:
                    nowhere.setdefault(place.name, []).append(set_id)
        return Resent(tuple(sent), nowhere)


def miss_no_longer(site: Site, vault: Vault, approve: Approve) -> Mapping[str, Sequence[str]]:
    """Have what is gone count as let go of; what that was. Nothing is removed."""
    with vault.lock("backup forget"), remembered(site, vault):
        lost = {place.name: place.gone for place in _answering(vault).places if place.gone}
        if not lost:
            raise StackError(
                _("No place has lost a backup"),
                _("Each holds all that was brought there and not let go of."),
                _("To remove what is damaged of one, name it: founder backup forget SET"),
                exit_code=EXIT_PRECONDITION,
            )
        approve(lost)
        for place, set_ids in lost.items():
            vault.miss_no_longer(place, set_ids)
        return lost


def _answering(vault: Vault) -> FoundSets:
    found = vault.found()
    if away := [joined(": ", (place.where, place.error)) for place in found.places if place.error]:
        raise StackError(
            _("Not all places can be asked"), joined("; ", away), _("Cure what it says, then run the command again.")
        )
    return found


def _whole(one: FoundSet) -> list[str]:
    broken = {name.partition(": ")[0] for name in one.missing}
    return [place for place in one.places if place not in broken]


def _bring(site: Site, vault: Vault, manifest: Manifest, source: str, target: str, emit: Emit) -> None:
    with reporting(SEND, noted(site.history, emit), site.clock) as report:
        vault.bring(manifest, source, target, report.progress)
