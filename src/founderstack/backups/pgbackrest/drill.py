"""Drills of what pgBackRest keeps: a server recovered up to the set's restore point, and every page of it checked."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.backups.pgbackrest import recovery
from founderstack.backups.pgbackrest.repository import Repository
from founderstack.backups.pgbackrest.sayings import silent
from founderstack.backups.postgres.session import ask
from founderstack.backups.postgres.throwaway_server import NotTheSet
from founderstack.locale import _
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.model.point_in_time import Target
from founderstack.model.protocols import Progress, Server
from founderstack.world.os.processes import run

_CANARY = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'postgres'"
_CHECK_S = 24 * 3600
_REPOSITORY = {"local": 1, "s3": 2}
_PIECE_BYTES = 16 * 2**20


@dataclass(frozen=True)
class PhysicalDrill:
    """Recovers a throw-away server from the repository of a stack."""

    repository: Repository
    site: recovery.RecoverySite

    def __call__(self, manifest: Manifest, place: str, progress: Progress) -> tuple[tuple[str, ...], float]:
        """(what is not as it should be, seconds until the server answered); nothing of it is left.

        The canary must show the text that was there at the restore point and not the one that came right after it, and
        amcheck must find every table and index whole. Raises StackError where the repository cannot be asked.
        """
        clock = self.site.clock
        began = clock.monotonic()
        number, point = _REPOSITORY.get(place, 1), manifest.repository["point"]
        label = manifest.repository.get(f"repo{number}", "")
        stock = self.repository.stored()
        begin = [one for one in stock.of(number) if one.label == label]
        if number in stock.unknown:
            problem = silent(number, stock.unknown[number])
            raise NotTheSet(problem.what, problem.why, problem.fix)
        if not begin:
            missing = _("The backup {label} is not in pgBackRest's repository any more.").format(label=label or "–")
            return (missing,), clock.monotonic() - began
        target = Target("point", text=point, label=label)
        recovery.prepare(self.site)
        try:
            self.repository.restore(begin[0], target, self.site.data, lambda what, _percent: progress(what, 0))
            recovery.recover(
                self.site, target, "", may_end_early=False, tell=lambda piece: progress(piece, _PIECE_BYTES)
            )
            seconds = clock.monotonic() - began
            with recovery.running(self.site) as server:
                return (*_at_the_point(server, point), *_damaged_pages(server)), seconds
        except NotTheSet:
            raise
        except StackError as error:
            return (error.summary,), clock.monotonic() - began
        finally:
            recovery.clear_away(self.site)


def _at_the_point(server: Server, point: str) -> tuple[str, ...]:
    found = ask(server, "postgres", _CANARY)
    if found == [f"before {point}"]:
        return ()
    return (_("The recovered server is not at the restore point “{point}”.").format(point=point),)


def _damaged_pages(server: Server) -> tuple[str, ...]:
    """What amcheck finds in tables and indexes."""
    command = [f"{server.binaries}/pg_amcheck", "-h", server.socket, "-p", str(server.port), "-U", server.superuser]
    said = run([*command, "--all", "--install-missing"], user=server.user, nice=19, timeout_s=_CHECK_S, check=False)
    if said.code == 0:
        return ()
    lines = (said.out.strip() or said.err.strip()).splitlines()
    return (_("amcheck says: {why}").format(why=" ".join(lines[:3])),)
