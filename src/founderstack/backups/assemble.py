"""Puts a stack's vault together: from its components' declarations, its settings and its secrets."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from founderstack import __version__
from founderstack.backups.buckets.part import NotTaken, Objects
from founderstack.backups.engines import MOMENTS, EngineInputs, engine_of
from founderstack.backups.postgres import swapping
from founderstack.backups.sets.contents import Contents, Files
from founderstack.backups.sets.set_store import SetStore
from founderstack.backups.vault import SetHeader, Vault
from founderstack.locale import _
from founderstack.model.backup import IDENTITY, S3_KEY, S3_SECRET, THIS_MACHINE, Backup
from founderstack.model.component import Component, View
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.point_in_time import PointInTime
from founderstack.model.protocols import Clock, ObjectStore, Server
from founderstack.model.stack import Choices, Machine, Places, Stack
from founderstack.model.state_folder import StateFolder
from founderstack.model.words import Buckets, Database
from founderstack.planner.stack.resolve import Facts, views_of
from founderstack.world.keys.sealing import Key
from founderstack.world.objects.folder import FolderStore, missing
from founderstack.world.objects.s3 import TRIES, Bucket, S3Store
from founderstack.world.os.accounts import user_name
from founderstack.world.source.sources import source_files
from founderstack.world.tar.packing import below

SETTINGS = "settings.tar"
"""In it: `stack/` with the stack file and its lock, and below `state/` what is named here."""
STATE_FILES = ("secrets.json", "releases.json", "tls")

Secret = Callable[[str], str]
Entries = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class StackInputs:
    """What a vault is made from."""

    stack: Stack
    components: Mapping[str, Component]
    machine: Machine
    places: Places
    choices: Choices
    secret: Secret
    lock_file: str
    clock: Clock
    app_files: frozenset[str] = frozenset()
    """Names of the files in the app's folder, from which its kind is told."""

    def views(self) -> Mapping[str, View]:
        """Each role's component as it is on this machine, whatever release serves."""
        facts = Facts(self.machine, self.places, self.choices, app_files=self.app_files)
        return views_of(self.stack, self.components, facts)


def vault_of(made: StackInputs, *, tries: int = TRIES) -> Vault:
    """The stack's vault; raises StackError where it has no backups, or nothing yet to back up.

    `tries`: how often a place off the machine is asked before it counts as away.
    """
    part = made.stack.parts.get("backup")
    if part is None:
        raise _no_engine(made.stack.file)
    if not made.choices.ports:
        raise StackError(
            _("There are no backups here yet"),
            _("This stack was never brought up on this machine."),
            _("Run “founder up” first; or bring back a whole stack from elsewhere: founder rebuild --from PLACE"),
            exit_code=EXIT_PRECONDITION,
        )
    views = made.views()
    making = EngineInputs(views["backup"], made.secret, made.clock)
    about = SetHeader(made.stack.name, made.places.state, made.machine.os, made.machine.hostname, __version__)
    places = places_of(part.settings, made.places.state, made.secret, tries)
    stores = tuple(SetStore(place, made.stack.name) for place in places)
    return Vault(
        about,
        engine_of(part.component, making),
        lambda: contents_of(made, views),
        lambda: Key(made.secret(IDENTITY)),
        stores,
        made.clock,
        lambda: os.urandom(3).hex(),
    )


def reopen_databases(made: StackInputs) -> Sequence[str]:
    """Open databases that an interrupted restore has closed; their names.

    Raises StackError where the server cannot be asked.
    """
    server = server_of(made.views()) if made.choices.ports else None
    return swapping.opened_again(server, server.needed) if server else ()


def moments_of(made: StackInputs) -> PointInTime:
    """The moments that the stack can go back to; raises StackError where its backups keep no log of changes."""
    part = made.stack.parts["backup"]
    found = MOMENTS.get(part.component)
    views = made.views()
    server = contents_of(made, views).server
    if found is None or server is None:
        raise StackError(
            _("These backups cannot go back to a moment"),
            _("[backup] uses {engine}, which keeps no log of changes between backups.").format(engine=part.component),
            _('Write use = "{engine}" below [backup], run: founder up, and then: founder backup').format(
                engine=next(iter(MOMENTS))
            ),
            exit_code=EXIT_PRECONDITION,
        )
    return found(EngineInputs(views["backup"], made.secret, made.clock), vault_of(made), server)


def place_here(settings: Any, state: str) -> FolderStore:
    """The folder of this machine where sets are kept."""
    return FolderStore(settings.folder or f"{state}/backups")


def places_of(settings: Any, state: str, secret: Secret, tries: int = TRIES) -> tuple[ObjectStore, ...]:
    """Where sets are kept: a folder of this machine and, where one is set, a bucket."""
    here = place_here(settings, state)
    here = FolderStore(settings.folder or StateFolder(state).backups)
    if not settings.s3_bucket:
        return (here,)
    if not settings.s3_endpoint:
        raise StackError(
            _("The place off this machine is not known"),
            _("[backup] has s3_bucket, but not s3_endpoint."),
            _('Add the address of your provider: s3_endpoint = "https://…"'),
            exit_code=EXIT_PRECONDITION,
        )
    bucket = Bucket(
        settings.s3_endpoint,
        settings.s3_bucket,
        _given(secret, S3_KEY),
        _given(secret, S3_SECRET),
        settings.s3_region,
        settings.s3_prefix,
        settings.s3_ca,
        tries,
    )
    return (here, S3Store(bucket))


def try_out(place: ObjectStore) -> None:
    """See that a place takes an object, shows it, and lets it be removed; raises StackError with the cure."""
    name = f"try-{os.urandom(6).hex()}"
    place.put(name, io.BytesIO(b"founder"))
    if not any(one.name == name for one in place.list(name)):
        raise missing(name, place.where)
    place.delete([name])


def contents_of(made: StackInputs, views: Mapping[Any, View]) -> Contents:
    """All that the stack would miss."""
    server, files = server_of(views), [*_component_files(made), *_own_files(made)]
    major = made.choices.versions.get(made.stack.parts["database"].component, "")
    return Contents(server, major, tuple(files), tuple(_component_objects(made, views)))


def server_of(views: Mapping[Any, View]) -> Server | None:
    """How to sign in to the stack's database server, None where it has none."""
    view = next(iter(views.values()))
    database = view.find(Database)
    if database is None:
        return None
    endpoint = view.endpoint("database")
    return Server(
        database.binaries,
        endpoint.socket,
        endpoint.port,
        view.system_user(database.account),
        reader=database.reader,
        needed=database.name,
        passing=database.rotating_roles,
    )


def _component_files(made: StackInputs) -> Iterator[Files]:
    for part in made.stack.parts.values():
        declared = made.components[part.component].backup
        if not isinstance(declared, Backup) or declared.kind != "files":
            continue
        account = declared.account or part.name
        folder = made.places.data(account)
        yield Files(
            name=f"files/{part.name}.tar",
            kind="files",
            about=part.name,
            entries=_entries(folder, declared.folders, declared.exclude),
            folder=folder,
            names=declared.folders,
            account=user_name(made.stack.name, account) if made.machine.root else "",
            databases=declared.databases,
            by_name=declared.by_name,
            log=declared.log,
        )


def _component_objects(made: StackInputs, views: Mapping[Any, View]) -> Iterator[Objects]:
    cure = _("See what is the matter with it: founder status; start it with: founder up")
    for storage in views["backup"].all(Buckets):
        server = Bucket(storage.endpoint, "", storage.key, made.secret(storage.secret), storage.region, cure=cure)
        own = _own_sets(made.stack.parts["backup"].settings, made.stack.name, storage.ports)
        yield Objects(storage.component, server, NotTaken(storage.left_out, own))


def _own_sets(settings: Any, stack: str, ports: tuple[int, ...]) -> str:
    """What `bucket/key` begins with where the stack's own sets lie in its own storage, "" where they lie elsewhere."""
    address = urlsplit(settings.s3_endpoint)
    if not settings.s3_bucket or address.hostname not in THIS_MACHINE or address.port not in ports:
        return ""
    return "/".join(filter(None, (settings.s3_bucket, settings.s3_prefix, stack))) + "/"


def _entries(folder: str, names: Iterable[str], exclude: Iterable[str]) -> Callable[[], Entries]:
    return lambda: below(folder, tuple(names), tuple(exclude))


def _own_files(made: StackInputs) -> Iterator[Files]:
    """What is the stack's and no component's: its files, its secrets, its certificates, the source of its app."""

    def settings() -> Entries:
        for path in (made.stack.file, made.lock_file):
            if os.path.exists(path):
                yield f"stack/{os.path.basename(path)}", path
        for name, path in below(made.places.state, STATE_FILES):
            yield f"state/{name}", path

    def source() -> Entries:
        if os.path.isdir(folder):
            yield from ((name, f"{folder}/{name}") for name in source_files(folder))

    yield Files(SETTINGS, "settings", "", settings)
    if "app" in made.stack.parts:
        folder = f"{made.stack.folder}/{made.stack.parts['app'].settings.path}"
        yield Files("source.tar", "source", "app", source, folder, (".",))


def _given(secret: Secret, name: str) -> str:
    try:
        return secret(name)
    except StackError:
        raise StackError(
            _("The secret {name} is not set").format(name=name),
            _("The place off this machine cannot be signed in to without it."),
            _("Run: founder secrets set {name}").format(name=name),
            exit_code=EXIT_PRECONDITION,
        ) from None


def _no_engine(stack_file: str) -> StackError:
    """The error for a stack that shall make no backups."""
    return StackError(
        _("This stack makes no backups"),
        _('{file} says [backup] use = "none".').format(file=stack_file),
        _("Take that line out of the file, run: founder up, and try again."),
        exit_code=EXIT_PRECONDITION,
    )
