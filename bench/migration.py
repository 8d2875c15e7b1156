"""A Supabase-shaped database of 2.2 million rows moved by `founder migrate`, and by the usual programs in the same run.

`PYTHONPATH=. .venv-test/bin/python -m bench.migration [MILLIONS]`, as root; pgcopydb is compared where it is installed.
Budget: not slower than the fastest that loses nothing; verification a third on top; 256 MiB of memory.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import header, row
from founderstack.migration.values import Options
from tests.service.clusters import Cluster
from tests.service.moves import address_of, differing, empty_target, migration
from tests.service.supabase_source import BINARIES, PASSWORD, SupabaseSource, build, supabase_source

_GROW = """
SET session_replication_role = replica;
INSERT INTO public.messages (sender, recipient, body)
SELECT public.person(1 + (n % 60)::int), public.person(1 + (n % 61)::int), 'Hello, this is message number ' || n
    || repeat('.', (n % 80)::int)
FROM generate_series(1, {rows}) AS n;
ANALYZE public.messages;
"""
_ROLES = ("anon", "authenticated", "service_role", "authenticator", "shop_reader", "shop_writer", "supabase_admin",
          "supabase_auth_admin", "supabase_storage_admin", "supabase_functions_admin", "supabase_realtime_admin",
          "dashboard_user", "pgbouncer", "supabase_replication_admin", "supabase_read_only_user")  # fmt: skip


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 2.2
    header(f"{millions} million rows out of Supabase")
    folder = Path(tempfile.mkdtemp(prefix="founder-bench-move-"))
    folder.chmod(0o711)
    try:
        build(folder / "source")
        with supabase_source(folder / "source") as source:
            source.query(_GROW.format(rows=int(millions * 1_000_000)))
            expected = {table: source.query(f"SELECT count(*) FROM {table}")[0][0] for table in _COUNTED}
            _ours(source, folder, expected)
            _theirs("pg_dump -Fc -Z0 | pg_restore", _dump_restore, source, folder, expected)
            if shutil.which("pgcopydb"):
                _theirs("pgcopydb, 2 jobs", _pgcopydb, source, folder, expected)
    finally:
        shutil.rmtree(folder)


_COUNTED = ("public.messages", "public.todos", "shop.orders", "shop.legacy", "pg_policies", "pg_largeobject_metadata")


def _ours(source: SupabaseSource, folder: Path, expected: dict[str, int]) -> None:
    with empty_target(folder / "ours") as target:
        move = migration(address_of(source), target, folder / "state", options=Options(jobs=2))
        took = _seconds(move.run)
        row("founder migrate run", f"{took:.1f} s", _lost(target, expected))
        verify = time.perf_counter()
        findings = differing(move.verify())
        seconds = time.perf_counter() - verify
        row("founder migrate verify", f"{seconds:.1f} s", f"{seconds / took:.0%} on top; {len(findings)} differences")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("memory of the process at its most", f"{peak:.0f} MiB", "budget 256 MiB")


def _theirs(
    name: str,
    move: Callable[[SupabaseSource, Cluster, Path], None],
    source: SupabaseSource,
    folder: Path,
    expected: dict[str, int],
) -> None:
    with empty_target(folder / "theirs") as target:
        for role in _ROLES:
            target.query(f"CREATE ROLE {role} SUPERUSER" if role == "supabase_admin" else f"CREATE ROLE {role}")
        took = _seconds(lambda: move(source, target, folder))
        row(name, f"{took:.1f} s", _lost(target, expected))


def _dump_restore(source: SupabaseSource, target: Cluster, folder: Path) -> None:
    command = (
        f"{BINARIES}/pg_dump -Fc -Z0 '{source.url()}' |"
        f" {BINARIES}/pg_restore -h {target.root} -p {target.port} -U postgres -d app 2> {folder}/restore.log"
    )
    subprocess.run(["/bin/sh", "-c", command], env={**os.environ, "PGPASSWORD": PASSWORD}, check=False)


def _pgcopydb(source: SupabaseSource, target: Cluster, folder: Path) -> None:
    to = f"host={target.root} port={target.port} user=postgres dbname=app"
    words = ["pgcopydb", "clone", "--source", source.url(password=PASSWORD), "--target", to, "--table-jobs", "2"]
    words += ["--index-jobs", "2", "--no-owner", "--no-acl", "--dir", str(folder / "pgcopydb")]
    with (folder / "pgcopydb.log").open("wb") as log:
        # On a failure it signals its whole process group.
        subprocess.run(words, stdout=log, stderr=log, start_new_session=True, check=False)


def _lost(target: Cluster, expected: dict[str, int]) -> str:
    """What is not there, in a few words."""
    lost = []
    for table, count in expected.items():
        there = target.query(f"SELECT to_regclass('{table}') IS NOT NULL", "app")[0][0]
        found = target.query(f"SELECT count(*) FROM {table}", "app")[0][0] if there else 0
        if table == "pg_policies":
            count -= 2  # of realtime and of cron, which stay behind
        if found < count:
            lost.append(f"{count - found:,} of {count:,} {table}")
    return "lost: " + ", ".join(lost) if lost else "nothing lost"


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
