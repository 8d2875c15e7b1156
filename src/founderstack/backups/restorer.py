"""How what a set holds comes back to a stack: beside what is used, or in its place."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Sequence

from founderstack.backups.buckets.part import Objects, refuse_damaged
from founderstack.backups.postgres import databases, facts, roles, swapping
from founderstack.backups.sets import logs
from founderstack.backups.sets.contents import Contents, Files
from founderstack.backups.sets.set_store import OpenSet, SetStore
from founderstack.backups.sets.streams import CountingSource
from founderstack.locale import _
from founderstack.model.backup import DatabaseFacts, FoundSet, Manifest, SetFile
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Progress, Server
from founderstack.model.state_folder import StateFolder
from founderstack.model.vault import FilesOf, LeftoverCopy, Restorable
from founderstack.world.keys.sealing import Key
from founderstack.world.os import disk
from founderstack.world.os.files import ensure_folder, remove_tree
from founderstack.world.tar.unpacking import unpack

HERE = "localhost"
"""Where somebody sits who types a command."""
RESTORING, REPLACED = ".restoring", ".replaced"


class Restorer:
    """The half of the vault that restores."""

    def __init__(
        self,
        stack: str,
        state: str,
        contents: Callable[[], Contents],
        key: Callable[[], Key],
        stores: tuple[SetStore, ...],
    ) -> None:
        self._stack = stack
        self._state = state
        self._contents = contents
        self._key = key
        self._stores = stores
        self._opened: dict[str, OpenSet] = {}

    def in_psql(self, *statements: str) -> str:
        """The command that has the database's superuser say this, "" without a database."""
        server = self._contents().server
        return server.in_psql(*statements) if server else ""

    def open(self, one: FoundSet) -> Restorable:
        """Open a set with the key, from the nearest place that has all of it."""
        store = self._whole(one)
        opened = store.opened(one.manifest, self._key())
        self._opened[one.manifest.id] = opened
        held = databases.facts_of(opened)
        named = {files.about for files in self._contents().files if files.by_name}
        dumped = {file.about: file.plain_size for file in one.manifest.of_kind("dump")}
        return Restorable(
            manifest=one.manifest,
            place=store.place,
            databases=held.databases,
            files=tuple(FilesOf(file.about, file.plain_size, file.about in named) for file in _archives(one.manifest)),
            sizes=dumped,
        )

    def make_roles(self, one: Restorable) -> tuple[str, ...]:
        """Make roles that are missing, as nothing but owners; refuses dumps that this server is too old for."""
        databases.refuse_older_server(one.manifest, self._server)
        return roles.make_roles(self._server, self._opened[one.manifest.id], self._server.passing)

    def restore_roles(self, one: Restorable) -> tuple[str, ...]:
        """Make all roles as they were, on a new server; refuses dumps that this server is too old for."""
        databases.refuse_older_server(one.manifest, self._server)
        return roles.restore_roles(self._server, self._opened[one.manifest.id], self._server.passing)

    def restore_database(
        self, one: Restorable, about: DatabaseFacts, into: str, table: str, progress: Progress
    ) -> tuple[str, ...]:
        """Restore a database, or one table of it, under another name."""
        opened = self._opened[one.manifest.id]
        return databases.restore_database(self._server, opened, about, into, progress, table=table)

    def compare_database(self, about: DatabaseFacts, restored: str) -> None:
        """Compare every row, right and owner of a restored database with what was dumped."""
        try:
            if problems := facts.differences(about, databases.counted(self._server, restored, about)):
                raise _not_as_dumped(about.name, problems)
        except BaseException:
            databases.drop(self._server, restored)
            raise

    def standing_database(self, name: str) -> LeftoverCopy | None:
        """The database of that name, None where there is none."""
        found = databases.made(self._server, name)
        return LeftoverCopy("database", name, *found) if found else None

    def standing_files(self, component: str) -> LeftoverCopy | None:
        """What lies in the folder of a component's restored files, None for nothing."""
        folder = self.restored_folder(component)
        found = disk.lying(folder)
        return LeftoverCopy("files", folder, *found) if found else None

    def has_database(self, name: str) -> bool:
        """True where the server has it."""
        return databases.exists(self._server, name)

    def swap_database(self, name: str, restored: str, aside: str) -> None:
        """Put the restored one in the place of the other."""
        swapping.swap(self._server, name, restored, aside)

    def drop_database(self, name: str) -> None:
        """Remove a copy, or what one has replaced; raises StackError where it is anybody else's."""
        databases.drop_copy(self._server, name)

    def restore_files(self, one: Restorable, component: str, progress: Progress, *, beside: bool) -> str:
        """Put a component's files into a new folder: one to look at, or one that waits to take the used one's place.

        Objects take no place but their own: before that, their archive is read to its end and compared.
        """
        about = self._part(component)
        if isinstance(about, Files) and not beside:
            _refuse_elsewhere(about)
        folder = self.restored_folder(component)
        with self._opened[one.manifest.id].open(_archive(one, component)) as raw:
            source = CountingSource(raw, component, progress)
            if isinstance(about, Files):
                folder = folder if beside else about.folder + RESTORING
                uid, gid = _ids(about.account)
                _empty(folder, above=0o711 if beside else 0o755)
                unpack(source, folder, uid=uid, gid=gid)
                if beside:
                    os.chown(folder, uid, gid)
            elif beside:
                _empty(folder, above=0o711)
                about.lay_out(source, folder)
            else:
                refuse_damaged(source)
        return folder

    def swap_files(self, one: Restorable, component: str, progress: Progress) -> bool:
        """Put restored files in the place of the used ones; what was killed in the middle is finished.

        True where programs that have the former ones open must be started again.
        """
        about = self._part(component)
        if isinstance(about, Objects):
            with self._opened[one.manifest.id].open(_archive(one, component)) as source:
                about.put_back(CountingSource(source, component, progress))
            return False
        database, table = about.log
        if database and os.path.isdir(about.folder + RESTORING):
            restored = f"{about.folder}{RESTORING}/{database}"
            logs.carry_over(f"{about.folder}/{database}", restored, table)
            if os.path.lexists(restored):
                os.chown(restored, *_ids(about.account), follow_symlinks=False)
        self._swap_folders(about)
        return True

    def enter(self, at: float, who: str, action: str, detail: str) -> None:
        """Note who did what in every log that the stack keeps of such things."""
        for about in self._contents().files:
            database, table = about.log
            if database:
                logs.enter(f"{about.folder}/{database}", table, logs.Entry(at, who, HERE, action, detail))

    @staticmethod
    def _swap_folders(about: Files) -> None:
        fresh, gone = about.folder + RESTORING, about.folder + REPLACED
        names = [""] if "." in about.names else list(about.names)
        if not os.path.isdir(fresh):
            return
        for name in names:
            used, new, old = (os.path.join(folder, name).rstrip("/") for folder in (about.folder, fresh, gone))
            if not os.path.lexists(new):
                continue
            if os.path.lexists(used) and not os.path.lexists(old):
                os.makedirs(os.path.dirname(old), mode=0o700, exist_ok=True)
                os.rename(used, old)
            remove_tree(used)
            os.chown(new, *_ids(about.account), follow_symlinks=False)
            os.rename(new, used)
        remove_tree(fresh)
        remove_tree(gone)

    def settle(self, key: str) -> None:
        """Bring to rest what a swap that was killed left between two names: what was used is used again."""
        kind, _colon, name = key.partition(":")
        if kind == "database":
            swapping.open_again(self._server, name)
            return
        about = self._part(name)
        if isinstance(about, Files):
            self._back_to_their_names(about)

    @staticmethod
    def _back_to_their_names(about: Files) -> None:
        gone = about.folder + REPLACED
        for name in [""] if "." in about.names else list(about.names):
            used, old = (os.path.join(folder, name).rstrip("/") for folder in (about.folder, gone))
            if os.path.lexists(old) and not os.path.lexists(used):
                os.rename(old, used)
        remove_tree(gone)

    def restored_folder(self, component: str) -> str:
        """Where files are restored to beside the used ones."""
        return f"{StateFolder(self._state).restored}/{component}"

    def _part(self, component: str) -> Files | Objects:
        contents = self._contents()
        parts: list[Files | Objects] = [files for files in contents.files if files.kind == "files"]
        for part in (*parts, *contents.objects):
            if part.about == component:
                return part
        raise StackError(
            _("There is no component “{name}” whose files could be restored").format(name=component),
            _("The stack file does not have it any more."),
            _("Put it back into the stack file, run: founder up, and try again."),
            exit_code=EXIT_PRECONDITION,
        )

    @property
    def _server(self) -> Server:
        server = self._contents().server
        assert server is not None, "databases are only restored where the set holds some"
        return server

    def lying(self, place: str, set_id: str) -> tuple[int, int]:
        """Files and bytes of what lies in a place under a set's name, whatever it is."""
        sizes = [one.size for one in self._store(place).contents().get(set_id, {}).values()]
        return len(sizes), sum(sizes)

    def _store(self, place: str) -> SetStore:
        return next(store for store in self._stores if store.place == place)

    def _whole(self, one: FoundSet) -> SetStore:
        """The nearest place that has every file of the set."""
        broken = {name.partition(": ")[0] for name in one.missing}
        for place in one.places:
            if place not in broken:
                return self._store(place)
        raise StackError(
            _("The set {id} is not whole anywhere").format(id=one.manifest.id),
            _("Missing: {files}.").format(files=", ".join(one.missing)),
            _("Take another set: founder backups"),
        )


def _archives(manifest: Manifest) -> tuple[SetFile, ...]:
    return (*manifest.of_kind("files"), *manifest.of_kind("objects"))


def _archive(one: Restorable, component: str) -> SetFile:
    return next(file for file in _archives(one.manifest) if file.about == component)


def _empty(folder: str, *, above: int) -> None:
    """A new folder that is ours alone: whose the files are gets near them when all are there."""
    remove_tree(folder)
    ensure_folder(os.path.dirname(folder), mode=above)
    ensure_folder(folder, mode=0o700)


def _refuse_elsewhere(about: Files) -> None:
    """Names change on one disk alone: raises StackError, before any has, for what lies on another."""
    # What is restored waits beside the folder, and what it replaces goes there.
    itself = about.folder if os.path.islink(about.folder) or disk.is_mounted(about.folder) else ""
    for path in (os.path.normpath(os.path.join(about.folder, name)) for name in about.names):
        if found := itself or disk.elsewhere(path):
            raise StackError(
                _("The files of {component} cannot be restored in place").format(component=about.about),
                _("{path} leads to another disk or folder, and names can only change within one.").format(path=found),
                _(
                    "Restore them beside and copy what you want over the old ones: founder restore --files {component}"
                    "\nThe databases alone: founder restore --in-place --only databases"
                ).format(component=about.about),
                exit_code=EXIT_PRECONDITION,
            )


def _not_as_dumped(database: str, problems: Sequence[str]) -> StackError:
    return StackError(
        _("The database {name} did not come back as it was dumped").format(name=database),
        " ".join(problems),
        _("Nothing was changed. Take another set: founder backups"),
    )


def _ids(user: str) -> tuple[int, int]:
    if not user:
        return -1, -1
    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid
