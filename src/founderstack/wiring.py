"""Builds the real objects: the only file that knows every layer."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from founderstack import locale
from founderstack.catalogue import COMPONENTS
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.stack import Choices, Machine, Places, Stack
from founderstack.model.vault import Vault
from founderstack.model.words import Database
from founderstack.operations.backups.prove import Drills
from founderstack.operations.backups.rebuild import Opening
from founderstack.operations.stack.site import Site
from founderstack.runtimes.host.ports import StackPorts
from founderstack.runtimes.host.runtime import FOUNDATION, HostRuntime
from founderstack.stackfile.check import check
from founderstack.stackfile.lockfile import read_lock, render_lock
from founderstack.stackfile.read import LIMIT_BYTES, not_a_file, unreadable
from founderstack.world.install import builds
from founderstack.world.keys.secrets import Secrets
from founderstack.world.os import files
from founderstack.world.os.ambient import caller, state_root
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.machine import read_machine
from founderstack.world.source.source_folder import SourceFolder
from founderstack.world.state.history import History
from founderstack.world.state.places import places
from founderstack.world.state.releases import Releases
from founderstack.world.state.settled import Settled

if TYPE_CHECKING:  # verbs that have nothing to do with backups or a migration load nothing of them
    from founderstack.backups.assemble import StackInputs
    from founderstack.backups.sets.origin import SetsElsewhere
    from founderstack.migration.files.upload_target import Shelf
    from founderstack.migration.people.sign_ins import App
    from founderstack.migration.target import Target
    from founderstack.world.objects.s3 import Bucket


def lock_file_of(stack_file: str) -> str:
    """founder.lock beside founder.toml; two stack files in one folder have two."""
    return f"{os.path.splitext(stack_file)[0]}.lock"


def load_stack(file: str, machine: Machine) -> Stack:
    """The checked stack file; from here on everything is said in its language."""
    stack = check_stack(_read(file), file, machine)
    locale.use(stack.language)
    return stack


def check_stack(content: bytes, file: str, machine: Machine) -> Stack:
    """The stack that `content` would describe if it stood in `file`; raises StackError with every problem."""
    choices = ChoiceFile(lock_file_of(file)).load()
    return check(
        content,
        file=file,
        folder=os.path.dirname(file),
        components=COMPONENTS,
        machine=machine,
        choices=choices,
        folder_exists=os.path.isdir,
    )


def open_site(file: str) -> Site:
    """Everything that the verbs need for the stack file at `file`."""
    machine = read_machine()
    stack = load_stack(file, machine)
    where = places(stack.name)
    _refuse_other_owner(stack, where)
    clock = SystemClock()
    secrets = Secrets(where.files.secrets)
    runtime = HostRuntime(stack.name, where, machine, secrets, secrets.fill, clock)
    choice_file = ChoiceFile(lock_file_of(stack.file))
    settled = Settled(stack, where, choice_file.path, lambda: choice_file.load().ports.values(), runtime.traces)

    def lock(command: str) -> AbstractContextManager[None]:
        return stack_lock(where.files.lock, command=f"founder {command}")

    return Site(
        stack=stack,
        components=COMPONENTS,
        machine=machine,
        places=where,
        foundation=FOUNDATION,
        runtime=runtime,
        secrets=secrets,
        history=History(where.files.history),
        choices=choice_file,
        releases=Releases(where.files.releases, clock, lambda digests: builds.prune_releases(where, digests)),
        source=SourceFolder(),
        ports=StackPorts(state_root(), where.state, "0.0.0.0" if stack.domain else "127.0.0.1"),  # noqa: S104
        disk=LocalDisk(),
        clock=clock,
        lock=lock,
        changed=settled.forget,
        settled=settled.remember,
        by=caller(),
    )


def open_vault(site: Site, *, patient: bool = True) -> Vault:
    """The stack's backups; raises StackError where it makes none. Not `patient`: a place that is away is soon told."""
    from founderstack.backups.assemble import vault_of
    from founderstack.world.objects.s3 import LOOKS, TRIES

    return vault_of(made_of(site), tries=TRIES if patient else LOOKS)


def open_drills(site: Site) -> Drills:
    """What restores the stack's backups to see whether they can be."""
    from founderstack.backups.drills import drills_of

    return drills_of(made_of(site))


def opening_of(origin: SetsElsewhere) -> Opening:
    """How a stack that comes back from `origin` is opened."""
    from founderstack.backups.rebuild_target import SetRebuildTarget

    return Opening(open_site, lambda one, site: SetRebuildTarget(one, made_of(site), origin), SystemClock())


def open_origin(place: str | Bucket, key: str) -> SetsElsewhere:
    """A place that a stack is rebuilt from; raises StackError where the key is none."""
    from founderstack.backups.sets.origin import SetsElsewhere
    from founderstack.world.keys.sealing import Key
    from founderstack.world.objects.folder import FolderStore
    from founderstack.world.objects.s3 import Bucket, S3Store

    objects = S3Store(place) if isinstance(place, Bucket) else FolderStore(place)
    return SetsElsewhere(objects, Key(key), state_root())


def made_of(site: Site) -> StackInputs:
    """What a vault, drills and moments of the stack are made from."""
    from founderstack.backups.assemble import StackInputs
    from founderstack.operations.stack.prepare import app_files

    return StackInputs(
        stack=site.stack,
        components=site.components,
        machine=site.machine,
        places=site.places,
        choices=site.choices.load(),
        secret=site.secrets.get,
        lock_file=lock_file_of(site.stack.file),
        clock=site.clock,
        app_files=app_files(site),
    )


def migration_target(site: Site) -> Target:
    """The stack's own database, as a migration signs in to it: as its superuser, over its socket.

    Raises StackError where the stack was never brought up.
    """
    from founderstack.migration.target import Target
    from founderstack.operations.stack.prepare import prepare
    from founderstack.world.net.postgres import Address

    view = prepare(site).resolved.views["database"]
    database, endpoint = view.one(Database), view.endpoint("database")
    if not os.path.isdir(database.folder):
        raise StackError(
            _("This stack has no database yet"),
            _("It is made when the stack is brought up for the first time, and a migration needs it."),
            _("Run: founder up"),
            exit_code=EXIT_PRECONDITION,
        )
    address = Address(endpoint.socket, endpoint.port, "postgres", database.name)
    return Target(address, database.binaries)


def try_place(stack: Stack, where: Places, given: Mapping[str, str]) -> None:
    """See that the place off this machine takes, lists and gives up an object; raises StackError where it does not."""
    from founderstack.backups.assemble import places_of, try_out

    try_out(places_of(stack.parts["backup"].settings, where.state, given.__getitem__)[-1])


def migration_shelf(site: Site) -> Shelf:
    """Where the app keeps people's files: the stack's bucket where it has one, the app's folder otherwise."""
    from founderstack.migration.files.upload_target import BucketShelf, FolderShelf
    from founderstack.operations.stack.prepare import prepare
    from founderstack.world.objects.s3 import Bucket, S3Store

    view = prepare(site).resolved.views["app"]
    secrets = Secrets(site.places.files.secrets)
    offered = {name: secrets.fill(text) for name, text in view.variables.items() if name.startswith("S3_")}
    if offered:
        bucket = Bucket(
            offered["S3_ENDPOINT"],
            offered["S3_BUCKET"],
            offered["S3_ACCESS_KEY_ID"],
            offered["S3_SECRET_ACCESS_KEY"],
            offered["S3_REGION"],
        )
        return BucketShelf(S3Store(bucket))
    folder = f"{view.places.data('app')}/files"
    if not os.path.isdir(folder):
        raise StackError(
            _("The app has no folder for files yet"),
            _("{path} is made when the app is brought up.").format(path=folder),
            _("Run: founder up"),
            exit_code=EXIT_PRECONDITION,
        )
    return FolderShelf(folder)


def migration_app(site: Site) -> App | None:
    """The app as people reach it, None before its first release."""
    from founderstack.migration.people.sign_ins import App
    from founderstack.operations.stack.prepare import prepare

    view = prepare(site).resolved.views["app"]
    return App(view.app_url, site.places.files.authority) if view.release else None


class ChoiceFile:
    """founder.lock (an operations.stack.site.ChoiceStore)."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """The file."""
        return self._path

    def load(self) -> Choices:
        """What was chosen; nothing where there is no file yet."""
        return read_lock(_read(self._path)) if os.path.exists(self._path) else Choices()

    def save(self, choices: Choices) -> None:
        """Write down what was chosen."""
        files.write_atomic(self._path, render_lock(choices))


class LocalDisk:
    """This machine's files (an operations.stack.site.Disk)."""

    def read(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        return files.read_text(path)

    def exists(self, path: str) -> bool:
        """True where there is a file or a folder."""
        return os.path.exists(path)

    def free_mib(self, path: str) -> int:
        """Free space where `path` lies or would lie."""
        while not os.path.exists(path):
            path = os.path.dirname(path)
        return files.free_mib(path)

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all in it."""
        files.remove_tree(path)


def _read(path: str) -> bytes:
    label = os.path.basename(path)
    try:
        # Not blocking: opening a FIFO would wait for a writer for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise not_a_file(label)
            return opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise unreadable(label, error) from error


def _refuse_other_owner(stack: Stack, where: Places) -> None:
    """Two stack files with one name would take turns in undoing each other."""
    owner = files.read_json(where.files.about).get("file", stack.file)
    if owner != stack.file and os.path.exists(owner):
        raise StackError(
            _("Another stack on this machine is called “{name}”").format(name=stack.name),
            _("{state} belongs to {owner}.").format(state=where.state, owner=owner),
            _("Give this one another name in {file}.").format(file=stack.file),
            exit_code=EXIT_PRECONDITION,
        )
