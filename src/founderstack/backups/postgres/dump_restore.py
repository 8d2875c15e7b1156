"""Brings a dump back into a new, empty database: what is not the superuser's, by a role that may nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from founderstack.backups.postgres import dump_list, makers
from founderstack.backups.postgres.dump_list import Entry, Run
from founderstack.backups.postgres.makers import Maker
from founderstack.backups.postgres.session import ask, environment, sign_in
from founderstack.backups.sets.set_store import OpenSet
from founderstack.backups.sets.streams import CountingSource, RecordingSource
from founderstack.model.backup import SetFile
from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress, Server, Source
from founderstack.world.os.disk import refuse_to_fill
from founderstack.world.os.process_streams import LISTED, feed
from founderstack.world.os.processes import Result, failure

NICE = 5
# Not every statement waits for the disk: the first one of others that follows, such as the maker's removal, waits for
# all that came before it.
_TOGETHER = "synchronous_commit=off"
_CHUNK = 1024 * 1024
# To look rows up is to plan a question about whoever's table is referred to, and so to run code of theirs.
_VALID = """
UPDATE pg_constraint SET convalidated = true WHERE contype = 'f' AND xmin = pg_current_xact_id()::xid
"""


@dataclass(frozen=True)
class DumpRestore:
    """What is brought back, and where to."""

    server: Server
    opened: OpenSet
    file: SetFile
    into: str
    """The database, which is new and empty."""
    tablespaces: tuple[str, ...]
    """Those that it is spread over; () puts everything into the usual place."""
    table: tuple[str, str] | None = None
    """Schema and name of the only table whose rows are wanted, among empty ones."""


def bring_back(what: DumpRestore, progress: Progress) -> None:
    """Bring it all back; raises StackError where anything goes wrong, and leaves what there is then."""
    server = what.server
    with what.opened.open(what.file) as source:
        beginning = RecordingSource(source)
        listed = feed([f"{server.binaries}/pg_restore", "--list", "--verbose"], beginning, user=server.user, nice=NICE)
    found, own = dump_list.entries(listed), makers.superusers(server)
    if looked_at := dump_list.read(found, own):
        found = dump_list.computing(found, looked_at, _script(server, beginning.kept, looked_at))
    plan = dump_list.plan(found, own, definitions_only=bool(what.table))
    maker = makers.make(server, what.into, what.tablespaces) if plan.foreign or plan.rows else None
    if maker:
        maker.guard.stand(_script(server, beginning.kept, ()))
    bringer = _Bringer(what, beginning.kept, maker, found)
    bringer.do(plan.before)
    bringer.rows(plan.rows, progress)
    bringer.do(plan.after)
    bringer.give_to_owners(plan.foreign)
    # Until then sequences are the maker's, and code may have taken from any.
    bringer.superuser((*plan.late, *plan.places))
    bringer.refresh(plan.refreshing)
    bringer.remove_maker()
    bringer.superuser(plan.last)


def _script(server: Server, beginning: bytes, found: Sequence[Entry]) -> str:
    command = [f"{server.binaries}/pg_restore", "--file=-", f"--use-list={LISTED}"]
    listed = Run(tuple(found), inert=False).listed
    return feed(command, io.BytesIO(beginning), user=server.user, nice=NICE, listed=listed)


class _Bringer:
    def __init__(self, what: DumpRestore, beginning: bytes, maker: Maker | None, found: Sequence[Entry]) -> None:
        self._what = what
        self._beginning = beginning
        self._maker = maker
        self._sealed = maker.guard.sealed() if maker else ""
        self._borrowed: dict[str, str] = {}
        self._functions = {entry.words for entry in found if entry.computes}
        self._listed = {entry.number: entry.words for entry in found}
        (self._folder,) = ask(what.server, "postgres", "SHOW data_directory")

    def do(self, runs: Sequence[Run]) -> None:
        """What is made of the archive's beginning alone, where all but rows is."""
        for run in runs:
            if run.inert and run.looks_up:
                self._refer(run.entries)
            elif run.inert:
                self.superuser(run.entries)
            else:
                self._by_maker(run)

    def _refer(self, found: Sequence[Entry]) -> None:
        """Foreign keys of the superuser's tables: they held where the rows were dumped, with which all is compared."""
        self._refuse_planted()
        made, others = dump_list.unchecked(_script(self._what.server, self._beginning, found))
        ask(
            self._what.server,
            self._what.into,
            "SET search_path = pg_catalog",
            "BEGIN",
            *made,
            _VALID,
            *others,
            "COMMIT",
        )

    def _refuse_planted(self) -> None:
        if self._maker:
            self._maker.refuse_more_than(self._borrowed, self._functions)

    def superuser(self, found: Sequence[Entry]) -> None:
        if found:
            self._refuse_planted()
            self._restore(Run(tuple(found), inert=True), io.BytesIO(self._beginning), [])

    def _by_maker(self, run: Run) -> None:
        assert self._maker is not None
        self._borrowed |= self._maker.prepare()
        needed = {number for entry in run.entries for number in entry.needs} if run.looks_up else set()
        with self._maker.referring({self._listed[number] for number in needed & self._listed.keys()}):
            self._restore(run, io.BytesIO(self._beginning), [])

    def rows(self, found: Sequence[Entry], progress: Progress) -> None:
        """Rows; what extensions keep in their tables by the superuser alone, since it rules what they do.

        So are large objects, which are their owners' by now: code in the database must not see those of others.
        """
        of_extensions = makers.extension_tables(self._what.server, self._what.into) if found else ()
        apart, others = list[Entry](), list[Entry]()
        for entry in found:
            (apart if entry.words in of_extensions or entry.is_of(dump_list.LARGE_CONTENT) else others).append(entry)
        if self._maker:
            self._borrowed |= self._maker.prepare()
        one = self._what.table
        chosen = [f"--schema={one[0]}", f"--table={one[1]}"] if one else []
        if apart and not one:
            with self._what.opened.open(self._what.file) as source:
                self._restore(Run(tuple(apart), inert=True), source, [])
        with self._what.opened.open(self._what.file) as source:
            told = CountingSource(source, self._what.file.about, progress)
            if others:
                with self._maker.filling() if self._maker else nullcontext():
                    self._restore(Run(tuple(others), inert=not self._maker), told, chosen)
            while told.read(_CHUNK):
                pass  # only who has read all of it knows that it is what was written

    def give_to_owners(self, found: Sequence[Entry]) -> None:
        if not self._maker:
            return
        script = _script(self._what.server, self._beginning, found)
        owners = dump_list.owners(script)
        back = (f"ALTER ROUTINE {routine} OWNER TO {owner}" for routine, owner in self._borrowed.items())
        ask(self._what.server, self._what.into, f"SET {_TOGETHER}", "SET search_path = pg_catalog", *owners, *back)

    def refresh(self, runs: Sequence[Run]) -> None:
        if runs and self._maker:
            self._maker.let_refresh()
        for run in runs:
            # Its owner sees in it what policies show to its owner; else PostgreSQL would refuse to fill it.
            self._restore(run, io.BytesIO(self._beginning), ["--enable-row-security"])

    def remove_maker(self) -> None:
        if self._maker:
            self._maker.remove()
        self._maker = None

    def _restore(self, run: Run, source: Source, options: Sequence[str]) -> None:
        maker = None if run.inert else self._maker
        if maker is None:
            self._feed(self._what.server.superuser, run, source, options, {}, failure)
        else:
            password = {"PGPASSWORD": maker.password}
            self._feed(maker.name, run, source, ["--no-owner", *options], password, maker.guard.failure)
            maker.guard.refuse_another(self._sealed)

    def _feed(
        self,
        role: str,
        run: Run,
        source: Source,
        options: Sequence[str],
        secret: Mapping[str, str],
        failed: Callable[[Sequence[str], Result], StackError],
    ) -> None:
        server, where = self._what.server, [] if self._what.tablespaces else ["--no-tablespaces"]
        command = [f"{server.binaries}/pg_restore", "--exit-on-error", f"--use-list={LISTED}", *where, *options]
        feed(
            [*command, *sign_in(server, role, self._what.into)],
            source,
            user=server.user,
            env={"PGOPTIONS": f"{environment(server, role)['PGOPTIONS']} -c {_TOGETHER}", **secret},
            nice=NICE,
            listed=run.listed,
            watch=self._refuse_to_fill,
            failed=failed,
        )

    def _refuse_to_fill(self) -> None:
        """What compresses well takes many times its dump: end it while the server can still remove what it has made."""
        refuse_to_fill(self._folder, 1)
