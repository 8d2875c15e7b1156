"""Drills: a set is restored beside the running database to see that it can be, and compared with what was dumped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from founderstack.backups.buckets.part import look_through
from founderstack.backups.postgres import databases, facts, makers, roles
from founderstack.backups.postgres.deadlines import ended_in_time
from founderstack.backups.postgres.session import connected, rows
from founderstack.backups.postgres.throwaway_server import NotTheSet, Scratch, refuse_small_disk, running
from founderstack.backups.sets.set_store import OpenSet, SetStore
from founderstack.backups.sets.streams import CountingSource
from founderstack.locale import _
from founderstack.model.backup import Facts, Manifest, PartKind, Proof
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock, Progress, Server
from founderstack.world.keys.sealing import Key
from founderstack.world.os.files import free_mib
from founderstack.world.tar.unpacking import refuse_unfit

UNPACKED = 5
"""How many times as large as its dump a database may become, where nobody can be asked how large it is."""
# The path that whoever asks the app's database finds; ours is another.
_OWN_PATH = """
SELECT set_config('search_path', coalesce((SELECT substr(one, length('search_path=') + 1)
    FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) AS one
    WHERE setrole = 0 AND datname = current_database() AND starts_with(one, 'search_path=')), '"$user", public'), false)
"""
_FULL_MIB = 64
_ALWAYS_THERE = ("postgres", "template1")
_CHUNK = 1024 * 1024
_ARCHIVES: tuple[PartKind, ...] = ("files", "settings", "source")
"""What a restore unpacks."""


Physical = Callable[[Manifest, str, Progress], tuple[tuple[str, ...], float]]
"""Gets the set and the place's name: what is not as it should be, and the seconds until the copy answered."""


@dataclass(frozen=True)
class Trial:
    """What a drill works with."""

    scratch: Scratch
    clock: Clock
    database: str = ""
    """The app's database."""
    question: str = ""
    """SQL that the app's database must answer with a row at least, "" for none."""
    physical: Physical | None = None
    """How to prove what an engine keeps in a repository of its own, where it does."""


def room_needed_mib(manifest: Manifest, running_bytes: int = 0) -> int:
    """MiB that the copy takes: what the running databases take, or a guess from the set where they do not run."""
    dumped = sum(file.plain_size for file in manifest.of_kind("dump"))
    return (running_bytes or dumped * UNPACKED) // 2**20


def drill(store: SetStore, manifest: Manifest, key: Key, trial: Trial, progress: Progress, room_mib: int) -> Proof:
    """Restore the set and say how it went; nothing of it is left.

    Every file is read to its end and checked; the databases are restored into a throw-away server and compared with
    what was dumped: rows, their content, roles, owners and rights. Raises StackError, which says nothing about the
    set, where there is no room, the place cannot be reached or the throw-away server does not start.
    """
    refuse_small_disk(trial.scratch.folder, room_mib)
    began, at = trial.clock.monotonic(), trial.clock.now()
    opened, compared, refused = store.opened(manifest, key), 0.0, list[str]()
    try:
        rest = _read_the_rest(opened, progress)
        problems, seconds, compared = _tried(opened, trial, progress, began, refused)
        problems = (*rest, *problems)
        if trial.physical and "point" in manifest.repository:
            # What a restore takes is what the repository takes; the dump is for other versions of the server.
            more, seconds = trial.physical(manifest, store.place, progress)
            problems = (*problems, *more)
    except StackError as error:
        problems, seconds = _blamed(store, manifest, trial, error), trial.clock.monotonic() - began
    return Proof(
        manifest.id,
        at,
        ok=not problems,
        seconds=round(seconds, 1),
        loss_s=max(at - manifest.taken_at, 0.0),
        problems=problems,
        place=store.place,
        compared_s=round(compared, 1),
        of=manifest.seal,
        refused=tuple(refused),
    )


def _tried(
    opened: OpenSet, trial: Trial, progress: Progress, began: float, refused: list[str]
) -> tuple[tuple[str, ...], float, float]:
    """What is not as it was, the seconds until the copy answered, and those that comparing took.

    Settings that the server refuses are added to `refused`.
    """
    wanted, clock = databases.facts_of(opened), trial.clock
    missing = _missing(wanted, trial)
    with running(trial.scratch) as server:
        refused += _restore(server, opened, wanted, progress)
        answered = clock.monotonic()
        problems = (*missing, *_differences(server, wanted), *(() if missing else _smoke(server, trial)))
        return problems, answered - began, clock.monotonic() - answered


def _missing(wanted: Facts, trial: Trial) -> tuple[str, ...]:
    """A set without the app's database is no backup of the stack, however well the rest comes back."""
    if not trial.database or trial.database in [about.name for about in wanted.databases]:
        return ()
    return (_("The set does not hold the app's database, {name}.").format(name=trial.database),)


def _read_the_rest(opened: OpenSet, progress: Progress) -> tuple[str, ...]:
    """Read what no database is made of to its end, where it is checked; objects that are not as they were taken."""
    problems: list[str] = []
    for file in opened.manifest.files:
        if file.kind != "dump":
            with opened.open(file) as raw:
                source = CountingSource(raw, file.about or file.name, progress)
                if file.kind == "objects":
                    problems += [
                        _("The object {name} is not as it was taken.").format(name=name)
                        for name in look_through(source)
                    ]
                elif file.kind in _ARCHIVES:
                    refuse_unfit(source, file.name)
                while source.read(_CHUNK):
                    pass
    return tuple(problems)


def _restore(server: Server, opened: OpenSet, wanted: Facts, progress: Progress) -> list[str]:
    refused = list(roles.restore_roles(server, opened))
    for about in wanted.databases:
        refused += databases.restore_database(server, opened, about, _name(about.name), progress)
    return refused


def _name(database: str) -> str:
    """What a database is called in the copy: what the server itself signs in to cannot be replaced."""
    return f"restored {database}" if database in _ALWAYS_THERE else database


def _differences(server: Server, wanted: Facts) -> Iterator[str]:
    for before in wanted.databases:
        yield from facts.differences(before, databases.counted(server, _name(before.name), before))
    with connected(server, "postgres", server.superuser) as connection:
        if facts.roles_digest(connection) != wanted.roles:
            yield _("The roles, what they may do or whose members they are, are others than were dumped.")


def _smoke(server: Server, trial: Trial) -> Iterator[str]:
    """Ask what the founder wants to be asked, as somebody who may only read: it may run code of the database."""
    if not (trial.question and trial.database):
        return
    try:
        name = _name(trial.database)
        with makers.reading(server, name) as connection, ended_in_time(server, connection, name):
            connection.execute(_OWN_PATH)
            if not rows(connection, trial.question):
                yield _("The question of `prove_query` got no row.")
    except StackError as error:
        yield _("The question of `prove_query` failed: {why}").format(why=error.why)


def _blamed(store: SetStore, manifest: Manifest, trial: Trial, error: StackError) -> tuple[str, ...]:
    """What an error says about the set; raises it again where the set is not to blame."""
    damaged = store.damage(manifest)
    if damaged:
        return tuple(_("{name} is missing or not as it was written.").format(name=name) for name in damaged)
    if isinstance(error, NotTheSet) or free_mib(trial.scratch.folder) < _FULL_MIB:
        raise error
    return (error.summary,)
