"""Backup and restore of 1 GB through the tool beside the same pg_dump and pg_restore by hand, in the same run.

By hand they run with the priority that the tool gives them, so that what else the machine does hurts both alike. The
tool also compares every row of what it restored with what was dumped, which nobody does by hand: that has a line of its
own, and the last line is with it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from bench.measure import header, row
from founderstack.backups.postgres import databases, dump
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.sets.set_store import OpenSet, SetStore
from founderstack.model.backup import DatabaseFacts, Manifest
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from tests.service.clusters import BINARIES, MAJOR, Cluster, cluster

GIGABYTES = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
# A row of an app: some numbers, some words, some JSON. About 250 bytes, of which a dump keeps a third.
FILL = """
CREATE TABLE entry AS SELECT n AS id, now() - n * interval '1 second' AS at, md5(n::text) || md5((n * 7)::text) AS body,
    jsonb_build_object('n', n, 'tags', ARRAY['home', 'work', (n %% 97)::text], 'author', md5((n / 50)::text)) AS extra
FROM generate_series(1, %d) n;
ALTER TABLE entry ADD PRIMARY KEY (id);
CREATE INDEX ON entry (at);
"""
ROWS_OF_A_GIGABYTE = 3_900_000


def main() -> None:
    header(f"{GIGABYTES:g} GB of rows, {ROUNDS} rounds, the tool and by hand in turn")
    folder = Path(mkdtemp(prefix="founder-bench-"))
    folder.chmod(0o711)
    try:
        with cluster(folder / "cluster") as server:
            server.query("CREATE DATABASE app")
            server.query(FILL % int(GIGABYTES * ROWS_OF_A_GIGABYTE), "app")
            server.query("VACUUM (ANALYZE, FREEZE) entry", "app")
            size = int(server.query("SELECT pg_database_size('app')")[0][0])
            row("the database", f"{size / 1e9:.2f} GB")
            compare(server, folder)
    finally:
        shutil.rmtree(folder)


def compare(server: Cluster, folder: Path) -> None:
    """Take turns, so that what else the machine does hurts both."""
    names = ("dump", "dump by hand", "restore", "restore by hand", "comparing")
    times: dict[str, list[float]] = {name: [] for name in names}
    key = Key(new_identity())
    for number in range(ROUNDS):
        one_round(server, folder, key, times, ours_first=number % 2 == 1)
    took = {name: statistics.median(found) for name, found in times.items()}
    for what in ("dump", "restore"):
        tell(what, took[what], took[f"{what} by hand"], ", budget 1.1")
    row("comparing every row", f"{took['comparing']:.1f} s")
    tell("restore with comparing", took["restore"] + took["comparing"], took["restore by hand"])


def tell(what: str, ours: float, theirs: float, budget: str = "") -> None:
    row(f"{what}: ours / by hand", f"{ours / theirs:.2f}", f"{ours:.1f} s / {theirs:.1f} s{budget}")


def one_round(server: Cluster, folder: Path, key: Key, times: dict[str, list[float]], *, ours_first: bool) -> None:
    by_hand, sets = folder / "by-hand.dump", folder / "sets"
    store, opened = SetStore(FolderStore(str(sets)), "bench"), list[OpenSet]()
    works: list[tuple[str, Callable[[], object]]] = [
        ("dump by hand", lambda: dump_by_hand(server, by_hand)),
        ("dump", lambda: opened.append(taken(server, store, key))),
        ("restore by hand", lambda: restore_by_hand(server, by_hand)),
        ("restore", lambda: restored(server, opened[0])),
    ]
    for pair in (works[:2], works[2:]):
        for name, work in reversed(pair) if ours_first else pair:
            times[name].append(seconds(work))
    times["comparing"].append(seconds(lambda: compared(server, opened[0])))
    row("this round", ", ".join(f"{name} {found[-1]:.1f} s" for name, found in times.items()))
    row("dump, sealed", f"{opened[0].manifest.size / 1e6:.0f} MB", f"by hand {by_hand.stat().st_size / 1e6:.0f} MB")
    shutil.rmtree(sets)


def dump_by_hand(server: Cluster, path: Path) -> None:
    """pg_dump -Fc to a file that is on the disk when it ends."""
    with path.open("wb") as file:
        run("pg_dump", "-Fc", server=server, database="app", nice=dump.NICE, stdout=file)
        os.fsync(file.fileno())


def restore_by_hand(server: Cluster, path: Path) -> None:
    server.query("DROP DATABASE IF EXISTS by_hand")
    server.query("CREATE DATABASE by_hand TEMPLATE template0")
    with path.open("rb") as file:
        run("pg_restore", "--exit-on-error", server=server, database="by_hand", nice=databases.NICE, stdin=file)


def run(program: str, *options: str, server: Cluster, database: str, nice: int, **streams: object) -> None:
    where = ["-h", str(server.root), "-p", str(server.port), "-U", "postgres", "-d", database]
    command = ["/usr/bin/nice", "-n", str(nice), str(BINARIES / program), *options, *where]
    subprocess.run(command, check=True, **streams)  # type: ignore[call-overload]


def taken(server: Cluster, store: SetStore, key: Key) -> OpenSet:
    new = store.begin("20261124T033000Z-4f1c9a", key)
    # Not what was restored by hand.
    of_app = replace(server.server, databases=("app",))
    outcome = Dump().take("full", of_app, new, lambda about, count: None)
    manifest = Manifest("20261124T033000Z-4f1c9a", "bench", outcome.at, 0.0, "dump", "full", (), major=MAJOR)
    return store.opened(new.finish(manifest), key)


def restored(server: Cluster, opened: OpenSet) -> None:
    databases.restore_database(server.server, opened, app(opened), "app_restored", lambda name, count: None)


def compared(server: Cluster, opened: OpenSet) -> None:
    assert databases.differences(app(opened), databases.counted(server.server, "app_restored")) == ()


def app(opened: OpenSet) -> DatabaseFacts:
    return next(one for one in databases.facts_of(opened).databases if one.name == "app")


def seconds(work: Callable[[], object]) -> float:
    with suppress(OSError):
        os.sync()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
