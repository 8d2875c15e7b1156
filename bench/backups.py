"""Backup and restore of 1 GB through the tool beside the same pg_dump and pg_restore by hand, in the same run."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from bench.measure import header, row
from founderstack.backups import databases
from founderstack.backups.dump import Dump
from founderstack.backups.store import OpenSet, SetStore
from founderstack.model.backup import Manifest
from founderstack.world.objects import FolderStore
from founderstack.world.sealing import Key, new_identity
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
    times: dict[str, list[float]] = {name: [] for name in ("dump", "dump by hand", "restore", "restore by hand")}
    key = Key(new_identity())
    for _round in range(ROUNDS):
        one_round(server, folder, key, times)
    for what in ("dump", "restore"):
        ours, theirs = statistics.median(times[what]), statistics.median(times[f"{what} by hand"])
        row(f"{what}: ours / by hand", f"{ours / theirs:.2f}", f"{ours:.1f} s / {theirs:.1f} s, budget 1.1")


def one_round(server: Cluster, folder: Path, key: Key, times: dict[str, list[float]]) -> None:
    by_hand, sets = folder / "by-hand.dump", folder / "sets"
    store, opened = SetStore(FolderStore(str(sets)), "bench"), list[OpenSet]()
    times["dump by hand"].append(seconds(lambda: dump_by_hand(server, by_hand)))
    times["dump"].append(seconds(lambda: opened.append(taken(server, store, key))))
    times["restore by hand"].append(seconds(lambda: restore_by_hand(server, by_hand)))
    times["restore"].append(seconds(lambda: restored(server, opened[0])))
    row("dump, sealed", f"{opened[0].manifest.size / 1e6:.0f} MB", f"by hand {by_hand.stat().st_size / 1e6:.0f} MB")
    shutil.rmtree(sets)


def dump_by_hand(server: Cluster, path: Path) -> None:
    """pg_dump -Fc to a file that is on the disk when it ends."""
    with path.open("wb") as file:
        run("pg_dump", "-Fc", server=server, database="app", stdout=file)
        os.fsync(file.fileno())


def restore_by_hand(server: Cluster, path: Path) -> None:
    server.query("DROP DATABASE IF EXISTS by_hand")
    server.query("CREATE DATABASE by_hand TEMPLATE template0")
    with path.open("rb") as file:
        run("pg_restore", "--exit-on-error", server=server, database="by_hand", stdin=file)


def run(program: str, *options: str, server: Cluster, database: str, **streams: object) -> None:
    where = ["-h", str(server.root), "-p", str(server.port), "-U", "postgres", "-d", database]
    subprocess.run([str(BINARIES / program), *options, *where], check=True, **streams)  # type: ignore[call-overload]


def taken(server: Cluster, store: SetStore, key: Key) -> OpenSet:
    new = store.begin("20261124T033000Z-4f1c9a", key)
    outcome = Dump().take("full", server.server, new, lambda about, count: None)
    manifest = Manifest("20261124T033000Z-4f1c9a", "bench", outcome.at, 0.0, "dump", "full", (), major=MAJOR)
    return store.opened(new.finish(manifest), key)


def restored(server: Cluster, opened: OpenSet) -> None:
    about = next(one for one in databases.facts_of(opened).databases if one.name == "app")
    found = databases.restore_database(server.server, opened, about, "app_restored", lambda name, count: None)
    assert databases.differences(about, found) == ()


def seconds(work: Callable[[], object]) -> float:
    with suppress(OSError):
        os.sync()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
