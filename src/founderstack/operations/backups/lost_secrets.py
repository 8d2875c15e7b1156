"""Secrets whose file was lost or damaged, back from a backup. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from founderstack.locale import _
from founderstack.model.backup import FoundSet
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.events import Event
from founderstack.operations.stack.site import Site
from founderstack.planner.backups.counting import usable


class Place(Protocol):
    """Where sets lie, opened with the key that somebody had on paper."""

    @property
    def where(self) -> str:
        """The place's address, for a person."""
        ...

    def sets(self, stack: str) -> Sequence[FoundSet]:
        """The sets of a stack, newest first."""
        ...

    def secrets_in(self, one: FoundSet) -> str:
        """The file of the secrets as a set holds it, "" where it holds none."""
        ...


def bring_back(site: Site, places: Iterable[Place], wanted: str) -> FoundSet:
    """Put back the secrets of the newest set that counts, or of the one whose name begins so; returns that set.

    A place is looked at only where those before it have no such set. Raises StackError where none has.
    """
    site.secrets.refuse_readable()
    looked = []
    for place in places:
        looked.append(place.where)
        for one in _meant(place.sets(site.stack.name), wanted, site.clock.now()):
            if text := place.secrets_in(one):
                _put_back(site, one, text)
                return one
    raise StackError(
        _("There is no backup {id}").format(id=wanted) if wanted else _("No backup holds the secrets"),
        _("Looked at: {places}.").format(places=", ".join(looked)),
        _("See what there is: founder backups. Or make new ones for every service: founder secrets rotate --all"),
        exit_code=EXIT_USAGE if wanted else EXIT_PRECONDITION,
    )


def _meant(sets: Sequence[FoundSet], wanted: str, now: float) -> Sequence[FoundSet]:
    return [one for one in sets if one.manifest.id.startswith(wanted)] if wanted else usable(sets, now)


def _put_back(site: Site, one: FoundSet, text: str) -> None:
    with site.lock("secrets restore"):
        site.changed()
        site.secrets.put_back(text)
    site.history.record(Event("done", f"secrets restore:{one.manifest.id}", site.clock.now()))
