"""A migration whose source, target, disk or own process goes away in the middle: the same command finishes it."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.migration.people.people import People
from founderstack.migration.run import Migration
from founderstack.migration.source import Unreachable
from founderstack.migration.values import Options, Progress
from founderstack.model.errors import StackError
from founderstack.testing.clock import FakeClock
from tests.conftest import enterable_folder, wait_until
from tests.service.clusters import Cluster
from tests.service.moves import address_of, differing, empty_target, migration
from tests.service.supabase_source import SupabaseSource, build, supabase_source

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from founderstack.migration.people.people import People
from founderstack.migration.run import Migration
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Options
from founderstack.world.os.clock import SystemClock
from founderstack.world.net.postgres import Address

source_port, target_socket, target_port, folder, binaries = sys.argv[1:]
source = Address("127.0.0.1", int(source_port), "postgres", "postgres", sys.stdin.readline().rstrip())
target = Target(Address(target_socket, int(target_port), "postgres", "app"), binaries)
tell = lambda progress: print(progress.step, flush=True)
clock = SystemClock()
Migration(Source(source), target, "supabase", folder, Options(part_mib=1), clock, tell, extras=(People(),)).run()
print("finished", flush=True)
"""


@pytest.fixture(scope="module")
def source() -> Iterator[SupabaseSource]:
    """A source that nobody writes to."""
    folder = enterable_folder("founder-fault-source-")
    build(folder / "source")
    with supabase_source(folder / "source") as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def target() -> Iterator[Cluster]:
    folder = enterable_folder("founder-fault-target-")
    with empty_target(folder / "target") as made:
        yield made
    shutil.rmtree(folder)


class Cable:
    """The way to a server, which can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: list[socket.socket] = []
        self._whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, and new ones get nowhere."""
        self._whole = False
        for end in self._ends:
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inside, _peer = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                inside.close()
                continue
            outside = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [inside, outside]
            threading.Thread(target=self._carry, args=(inside, outside), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while self._whole:
                ready, _w, _x = select.select([one, other], [], [], 0.2)
                for end in ready:
                    content = end.recv(65536)
                    if not content:
                        return
                    (other if end is one else one).sendall(content)
        except (OSError, ValueError):
            return
        finally:
            one.close()
            other.close()


@contextmanager
def cable_to(source: SupabaseSource) -> Iterator[Cable]:
    cable = Cable(source.port)
    try:
        yield cable
    finally:
        cable.close()


class Once:
    """Does something when a step is told for the first time, and remembers what was told."""

    def __init__(self, step: str, do: Callable[[], None]) -> None:
        self._step, self._do = step, do
        self._lock = threading.Lock()
        self.done = threading.Event()
        self.steps: list[str] = []

    def __call__(self, progress: Progress) -> None:
        self.steps.append(progress.step)
        with self._lock:
            if progress.step == self._step and not self.done.is_set():
                self.done.set()
                self._do()


def test_a_source_that_is_cut_off_for_a_while(source: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    """The founder sees that it waits; it goes on by itself from a new snapshot, and nothing is there twice."""
    with cable_to(source) as cable:
        once = Once("rows", cable.cut)
        move = replace(migration(address_of(source, port=cable.port), target, tmp_path / "state"), tell=once)
        running = threading.Thread(target=move.run)
        running.start()
        wait_until(lambda: "connection" in once.steps, "it says that it waits", 120)
        cable.mend()
        running.join(120)
        assert not running.is_alive()
        assert differing(move.verify()) == []


def test_a_source_that_stays_away_is_given_up_when_patience_ends(
    source: SupabaseSource, target: Cluster, tmp_path: Path
) -> None:
    """Sixty seconds of the migration's own clock; then an error with a cure, and the same command finishes later."""
    clock = FakeClock()
    with cable_to(source) as cable:
        base = migration(address_of(source, port=cable.port), target, tmp_path / "state")
        options = Options(patience_s=60)
        move = replace(base, clock=clock, options=options, tell=Once("rows", cable.cut))
        with pytest.raises(Unreachable):
            move.run()
        assert 60 <= clock.monotonic() < 90
        cable.mend()
        base.run()
        assert differing(base.verify()) == []


def test_a_target_that_is_killed_comes_back_and_the_run_goes_on(
    source: SupabaseSource, target: Cluster, tmp_path: Path
) -> None:
    def kill() -> None:
        assert target.process is not None
        os.kill(target.process.pid, signal.SIGKILL)
        assert target.process.wait() == -signal.SIGKILL

    once = Once("finish", kill)
    move = replace(migration(address_of(source), target, tmp_path / "state"), tell=once)
    running = threading.Thread(target=move.run)
    running.start()
    wait_until(lambda: "connection" in once.steps, "it says that it waits", 120)
    (target.data / "postmaster.pid").unlink(missing_ok=True)
    target.up()
    running.join(120)
    assert not running.is_alive()
    assert differing(move.verify()) == []


def test_a_full_disk_at_the_target_is_foreseen_named_and_made_room_for(
    source: SupabaseSource, target: Cluster, tmp_path: Path
) -> None:
    """A database that does not fit is refused beforehand; where others take the room meanwhile, the run says so."""
    disk = enterable_folder("founder-fault-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m,mode=777", "tmpfs", str(disk)], check=True)
    try:
        (disk / "app").mkdir()
        shutil.chown(disk / "app", target.system_user or os.getuid())
        target.query("DROP DATABASE app")
        target.query(f"CREATE TABLESPACE small LOCATION '{disk}/app'")
        target.query("CREATE DATABASE app OWNER app TABLESPACE small")
        filler = disk / "filler"

        def fill() -> None:
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - 500_000))

        move = migration(address_of(source), target, tmp_path / "state")
        fill()
        with pytest.raises(StackError) as foreseen:
            move.run()
        assert str(disk) in foreseen.value.problems[0].what
        assert "MiB free" in foreseen.value.problems[0].why
        filler.unlink()
        with pytest.raises(StackError, match="disk is full") as full:
            replace(move, tell=Once("schema", fill)).run()
        assert "No space left" in full.value.why
        filler.unlink()
        move.run()
        assert differing(move.verify()) == []
    finally:
        target.stop()
        subprocess.run(["umount", str(disk)], check=True)
        disk.rmdir()


def killed_again_and_again(source: SupabaseSource, target: Cluster, folder: Path, times: int) -> None:
    """Kill the command after a random number of things it told, so many times; then let it finish."""
    move: Migration = replace(migration(address_of(source), target, folder), extras=(People(),))
    dice = random.Random(f"{os.environ.get('FOUNDER_TEST_SEED', '')}{times}")
    words = [sys.executable, "-c", CHILD, str(source.port), str(target.root), str(target.port), str(folder)]
    hits = 0
    for _time in range(times):
        with subprocess.Popen(
            [*words, move.target.binaries],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(move.source.address.password + "\n")
            child.stdin.close()
            for _line in range(dice.randint(1, 60)):
                if not child.stdout.readline():
                    break
            child.kill()
        hits += child.returncode == -signal.SIGKILL
    assert hits, "one at least was killed at its work"
    move.run()
    assert differing(move.verify()) == []
    marks = target.query("SELECT count(*) FROM founder_migration.done", "app")
    move.run()
    assert target.query("SELECT count(*) FROM founder_migration.done", "app") == marks


def test_killed_anywhere_the_next_run_finishes(source: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    killed_again_and_again(source, target, tmp_path / "state", 5)


@pytest.mark.soak
def test_killed_at_twenty_places_the_next_run_finishes(source: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    killed_again_and_again(source, target, tmp_path / "state", 20)
