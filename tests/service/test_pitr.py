"""Recovery by pgBackRest ends exactly where it was asked to, on this system's PostgreSQL and on Debian 13's."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from founderstack.backups.pgbackrest import recovery
from founderstack.backups.postgres.tablespaces import refuse_whole
from founderstack.backups.postgres.throwaway_server import NotTheSet
from founderstack.model.errors import StackError
from founderstack.model.point_in_time import StoredBackup, Target
from tests.service.components import Components
from tests.service.primaries import MOMENT, USER, Primary, other_system, primary, this_system

BACKUP = '[backup]\nuse = "pgbackrest"\n'
COMMITS = f"SELECT id, to_char(pg_xact_commit_timestamp(xmin) AT TIME ZONE 'UTC', '{MOMENT}') FROM load"
SYSTEMS = {"here": this_system, "debian-13": other_system}
HELD = "SELECT count(*) FROM (SELECT pg_advisory_xact_lock(i) FROM generate_series(1, 40000) i) held"
"""Takes as much room as holding so many tables does, and is quickly made."""
TARGETS = 12
_FORM = "%Y-%m-%d %H:%M:%S.%f+00"

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Loaded:
    """A server that was written to while it was backed up, and every commit of it."""

    primary: Primary
    commits: dict[int, str]
    """Row → moment of its commit, to the microsecond."""

    def until(self, moment: str) -> list[int]:
        """The rows that were committed until then."""
        return sorted(row for row, committed in self.commits.items() if committed <= moment)

    def moments(self, count: int) -> list[str]:
        """Random moments during the load: that of a commit, and some microseconds beside one, in turn."""
        first = _moment(min(one.ended for one in self.primary.repository.stored().backups if one.repository == 2) + 1)
        chosen = random.sample([moment for moment in self.commits.values() if moment > first], count)
        beside = [_moved(moment, random.randint(-400, 400)) for moment in chosen]
        return [beside[number] if number % 2 else chosen[number] for number in range(count)]


@pytest.fixture(scope="module", params=SYSTEMS)
def loaded(request: pytest.FixtureRequest, storage: Components) -> Iterator[Loaded]:
    """Full backups into both repositories before the load, an incremental one in the middle of it."""
    with primary(SYSTEMS[request.param](), BACKUP, storage) as server:
        server.repository.prepare()
        for number in server.repository.numbers:
            server.repository.take("full", number)
        with server.load(7) as load:
            server.repository.take("incr", 1)
            load.wait()
        server.archive_everything()
        rows = (line.split("|") for line in server.ask(COMMITS).splitlines())
        yield Loaded(server, {int(row): moment for row, moment in rows})


def test_recovery_ends_at_the_moment_all_before_it_and_nothing_after_it(loaded: Loaded) -> None:
    assert len(loaded.commits) > 300
    assert loaded.primary.repository.numbers == (1, 2)
    for number, moment in enumerate(loaded.moments(TARGETS)):
        repository = number // 2 % 2 + 1
        rows = loaded.primary.recovered(_target(moment), number=repository)
        assert [int(row) for row in rows] == loaded.until(moment), f"{moment} from repository {repository}"
    assert loaded.primary.ask("SELECT count(*) FROM load") == str(len(loaded.commits)), "the running one is untouched"


def test_a_recovery_beside_writes_into_no_tablespace_of_the_running_server() -> None:
    """One that the backup holds is mapped; for one that was made after it, the recovery is refused before it begins."""
    with primary(this_system(), BACKUP) as server:
        held = _tablespace(server, "held")
        server.repository.prepare()
        server.repository.take("full", 1)
        (stored,) = server.repository.stored().backups
        server.ask("INSERT INTO held SELECT generate_series(1, 50000)")
        server.ask("CHECKPOINT")
        before = _digests(held)
        server.archive_everything()
        site = replace(server.site("beside"), running=server.data)
        assert _rows(server, site, stored) == "50000", "what came after the backup is in the log"
        assert _digests(held) == before
        later = _tablespace(server, "later")
        server.ask("INSERT INTO later SELECT generate_series(1, 1000)")
        server.ask("CHECKPOINT")
        server.archive_everything()
        before = _digests(later)
        assert before
        with pytest.raises(NotTheSet, match=f"tablespace of the running server in {later}") as refused:
            _rows(server, site, stored)
        assert "founder backup --kind full" in refused.value.fix
        assert _digests(later) == before
        with pytest.raises(StackError, match="whole server cannot be restored"):
            refuse_whole(server.data)
        server.ask("INSERT INTO later VALUES (1)")
        assert server.ask("SELECT count(*) FROM later") == "1001", "the running one is untouched"


def test_recovered_and_running_servers_have_room_for_all_tables_of_a_large_database(loaded: Loaded) -> None:
    server, end = loaded.primary, Target("newest", 0.0, "the end")
    site = server.site("beside")
    recovery.prepare(site)
    server.repository.restore(server.repository.stored().backups[-1], end, site.data)
    recovery.recover(site, end, "", may_end_early=True, tell=lambda _piece: None)
    try:
        for socket, port in ((site.server.socket, site.server.port), (server.socket, server.port)):
            assert server.asked(HELD, socket, port) == "40000"
    finally:
        recovery.clear_away(site)


def _tablespace(server: Primary, name: str) -> Path:
    """A tablespace with a table in it."""
    folder = Path(server.places.state) / f"space-{name}"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, USER)
    server.ask(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
    server.ask(f"CREATE TABLE {name} (n int) TABLESPACE {name}")
    return folder


def _rows(server: Primary, site: recovery.RecoverySite, stored: StoredBackup) -> str:
    """How many rows the table in the tablespace has in a server that recovered beside the running one."""
    recovery.prepare(site)
    try:
        end = Target("newest", 0.0, "the end")
        server.repository.restore(stored, end, site.data)
        recovery.recover(site, end, "", may_end_early=True, tell=lambda _piece: None)
        return server.asked("SELECT count(*) FROM held", site.server.socket, site.server.port)
    finally:
        recovery.clear_away(site)


def _digests(folder: Path) -> dict[str, str]:
    """Every file with its time and a digest of what is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): f"{path.stat().st_mtime_ns} {sha256(path.read_bytes()).hexdigest()}" for path in files}


def _target(moment: str) -> Target:
    return Target("time", datetime.strptime(f"{moment}00", f"{_FORM[:-3]}%z").timestamp(), moment)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(_FORM)


def _moved(moment: str, microseconds: int) -> str:
    return (datetime.strptime(moment, _FORM) + timedelta(microseconds=microseconds)).strftime(_FORM)
