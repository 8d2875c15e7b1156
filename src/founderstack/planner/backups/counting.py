"""Which set is meant where nobody names one: the newest that counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from founderstack.locale import _
from founderstack.model.backup import FoundSet
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.planner.backups.schedule import ahead


def counted(sets: Iterable[FoundSet], now: float) -> tuple[FoundSet, ...]:
    """The sets without those from the future, newest first: a clock was wrong, and they are newest for nobody."""
    past = (one for one in sets if not ahead(one.manifest.taken_at, now))
    return tuple(sorted(past, key=lambda one: one.manifest.taken_at, reverse=True))


def why_not(one: FoundSet, now: float) -> str:
    """Why a set is not taken where nobody names it, "" where it may be."""
    if ahead(one.manifest.taken_at, now):
        return _("it bears a time that is still to come")
    if one.manifest.repository.get("moment"):
        return _("it was made to go back to a moment, and that did not end")
    if one.proof is not None and not one.proof.ok:
        return _("a drill could not restore it")
    if {name.partition(": ")[0] for name in one.missing} >= {*one.places}:
        return _("it is whole nowhere")
    return ""


def usable(sets: Iterable[FoundSet], now: float) -> tuple[FoundSet, ...]:
    """Those that may be taken without being named, newest first; what lacks something only where all of them do."""
    found = tuple(one for one in counted(sets, now) if not why_not(one, now))
    return tuple(one for one in found if not one.manifest.lacks) or found


def none_usable(sets: Sequence[FoundSet], now: float, fix: str) -> StackError:
    """The error where there are sets, and none of them may be taken without being named."""
    listed = "; ".join(f"{one.manifest.id}: {why_not(one, now)}" for one in sets[:5])
    return StackError(_("No backup can be taken unseen"), listed, fix, exit_code=EXIT_PRECONDITION)
