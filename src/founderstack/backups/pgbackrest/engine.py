"""The engine `pgbackrest`: the server's own files and its log of changes, and a dump for other versions beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from founderstack.backups.pgbackrest.repository import Repository
from founderstack.backups.pgbackrest.sayings import Progress as Percent
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.postgres.session import ask
from founderstack.locale import _
from founderstack.model.backup import Manifest
from founderstack.model.component import View
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.point_in_time import StoredBackup
from founderstack.model.protocols import Clock, EngineResult, Progress, Server, SetWriter
from founderstack.model.sql import literal
from founderstack.model.words import Database
from founderstack.planner.backups.point_in_time import kind_of_backup, needed

DUMP_ALONE = "dump"
"""Kind of a set that holds no more than a dump, because pgBackRest could not do its part."""
_CANARY = "COMMENT ON DATABASE postgres IS {text}"
"""A text that changes at the restore point: a drill that ends there sees the first, and no table is anybody's."""


class PgBackRest:
    """Takes backups into every repository, and a dump into the set."""

    name = "pgbackrest"
    kinds = ("incr", "diff", "full")

    def __init__(self, repository: Repository, clock: Clock, refused: str = "") -> None:
        """`refused` is the address of an S3 that pgBackRest does not speak to, "" where there is none."""
        self._repository = repository
        self._clock = clock
        self._refused = refused
        self._dump = Dump()

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> EngineResult:
        """A backup in every repository, then the dump.

        What goes wrong with pgBackRest alone does not keep the dump from being taken: the set says what it lacks.
        """
        if self._refused:
            raise _plain_address(self._refused)
        try:
            became, kept, at = self._into_repositories(kind, server, progress)
        except StackError as error:
            taken = self._dump.take("full", server, out, progress)
            return replace(taken, kind=DUMP_ALONE, problem=error.summary)
        taken = self._dump.take("full", server, out, progress)
        return replace(taken, kind=became, at=min(at, taken.at), repository=kept)

    def forget(self, kept: Sequence[Manifest]) -> None:
        """Let go of backups that none of the kept sets stands for or builds upon.

        Of none while a repository does not say what it holds: what builds upon what is not known then.
        """
        labels = {label for one in kept for name, label in one.repository.items() if name.startswith("repo")}
        stock = self._repository.stored()
        if labels and not stock.unknown:
            keep = needed(stock.backups, labels)
            self._repository.expire([backup for backup in stock.backups if backup.label not in keep])

    def _into_repositories(self, kind: str, server: Server, progress: Progress) -> tuple[str, dict[str, str], float]:
        repository = self._repository
        broken = bool(repository.archived("").broken_at)
        repository.prepare()
        taken: dict[str, str] = {}
        became, ended = kind, 0.0
        for number in repository.numbers:
            there = repository.stored().of(number)
            chosen = kind_of_backup(kind, there, self._clock.now(), broken=broken)
            stored = repository.take(chosen, number, _in_bytes(there, progress))
            taken[f"repo{number}"] = stored.label
            became, ended = (stored.kind if number == 1 else became), max(ended, stored.ended)
        repository.mended(ended)
        point = f"founder {taken['repo1']}"
        return became, {**taken, "point": point}, self._mark(server, point)

    def _mark(self, server: Server, point: str) -> float:
        """Make the restore point between two texts of the canary, and hand on the log up to there."""
        before, after = (_CANARY.format(text=literal(f"{side} {point}")) for side in ("before", "after"))
        ask(server, "postgres", before, f"SELECT pg_create_restore_point({literal(point)})")
        at = float(ask(server, "postgres", "SELECT extract(epoch FROM clock_timestamp())")[0])
        ask(server, "postgres", after, "SELECT pg_switch_wal()")
        return at


def _in_bytes(before: Sequence[StoredBackup], progress: Progress) -> Percent:
    """Percent as bytes of the server, as large as it was the last time."""
    size = max((one.size for one in before), default=100_000_000)
    passed = 0

    def told(what: str, percent: float) -> None:
        nonlocal passed
        now = int(size * percent / 100)
        progress(what, max(now - passed, 0))
        passed = max(now, passed)

    return told


def repository_of(view: View) -> Repository:
    """The repositories of the stack whose component `pgbackrest` has this view."""
    etc, data = view.places.etc("pgbackrest"), view.places.data("pgbackrest")
    return Repository(f"{etc}/pgbackrest.conf", view.system_user(view.one(Database).account), data)


def made(view: View, clock: Clock) -> PgBackRest:
    """The engine of a stack."""
    address = view.settings.s3_endpoint
    refused = address if view.settings.s3_bucket and not address.startswith("https://") else ""
    return PgBackRest(repository_of(view), clock, refused)


def _plain_address(address: str) -> StackError:
    return StackError(
        _("pgBackRest cannot keep backups at {address}").format(address=address),
        _("It speaks to an S3 over TLS alone."),
        _('Give its https address in [backup]: s3_endpoint = "https://…"'),
        exit_code=EXIT_PRECONDITION,
    )
