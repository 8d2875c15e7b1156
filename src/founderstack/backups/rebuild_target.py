"""Databases and files of a stack that is being rebuilt (a model.rebuild.RebuildTarget)."""

from __future__ import annotations

from collections.abc import Sequence

from founderstack.backups.assemble import StackInputs, contents_of
from founderstack.backups.restorer import Restorer
from founderstack.backups.sets.origin import SetsElsewhere
from founderstack.model.backup import Backup, FoundSet
from founderstack.model.protocols import Progress
from founderstack.planner.backups.restore import MAINTENANCE, staged
from founderstack.world.os.accounts import ensure_user
from founderstack.world.os.files import ensure_folder

FRESH, ASIDE = " rebuilding", " before"
"""Added to a database's name while it is restored, and to that of the empty one in its place."""


class SetRebuildTarget:
    """Gives back what a set holds to a stack whose database server runs and whose other processes do not."""

    def __init__(self, one: FoundSet, made: StackInputs, origin: SetsElsewhere) -> None:
        views = made.views()
        stores = (origin.store(one.manifest.stack),)
        self._made = made
        self._back = Restorer(
            made.stack.name, made.places.state, lambda: contents_of(made, views), lambda: origin.key, stores
        )
        self._opened = self._back.open(one)

    def databases(self) -> Sequence[str]:
        """Names of the databases in the set; the one that every server has only where somebody put tables into it."""
        return [about.name for about in self._opened.databases if about.name != MAINTENANCE or about.tables]

    def components(self) -> Sequence[str]:
        """Components whose files are in the set and that the stack has."""
        mine = {part.name for part in self._made.stack.parts.values()}
        return [files.component for files in self._opened.files if files.component in mine]

    def restore_roles(self) -> tuple[str, ...]:
        """Make roles that are missing."""
        return self._back.restore_roles(self._opened)

    def restore_database(self, name: str, progress: Progress) -> tuple[str, ...]:
        """Restore a database and put it in the place of the one of its name."""
        about = next(about for about in self._opened.databases if about.name == name)
        fresh, aside = staged(name, FRESH), staged(name, ASIDE)
        self._back.drop_database(aside)
        refused = self._back.restore_database(self._opened, about, fresh, "", progress)
        self._back.compare_database(about, fresh)
        self._back.swap_database(name, fresh, aside)
        self._back.drop_database(aside)
        return refused

    def restore_files(self, component: str, progress: Progress) -> None:
        """Restore a component's files, as its own user's, or its objects, into the storage that runs."""
        if self._is_storage(component):
            self._back.swap_files(self._opened, component, progress)
            return
        declared = self._made.components[component].backup
        account = (declared.account if isinstance(declared, Backup) else "") or component
        user = ensure_user(self._made.stack.name, account)
        ensure_folder(self._made.places.data(account), mode=0o700, owner=user)
        self._back.restore_files(self._opened, component, progress, beside=False)
        self._back.swap_files(self._opened, component, progress)

    def _is_storage(self, component: str) -> bool:
        return component in {file.about for file in self._opened.manifest.of_kind("objects")}
