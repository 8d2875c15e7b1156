"""A Supabase-shaped database of 2.2 million rows moved by `founder migrate`, and by the usual programs in the same run.

`PYTHONPATH=. .venv-test/bin/python -m bench.migration [MILLIONS] [ROUNDS]`, as root; pgcopydb is compared where it is
installed. They take turns, each time into a new and empty target; printed are medians, and what each has lost.
Budget: not slower than the fastest that loses nothing; verification a third on top; 256 MiB of memory.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

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
_TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind = 'r' AND (nspname IN ('public', 'shop') OR nspname ~ '^Tienda' OR c.oid = to_regclass('auth.users'))
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""
_OBJECTS = {
    "large objects": "SELECT DISTINCT loid::text FROM pg_largeobject",
    "indexes": f"SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid::regclass::text IN ({_TABLES})",
    "constraints": f"SELECT conrelid::regclass || ' ' || conname || convalidated FROM pg_constraint"
    f" WHERE conrelid::regclass::text IN ({_TABLES})",
    "triggers": f"SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger"
    f" WHERE tgrelid::regclass::text IN ({_TABLES}) AND NOT tgisinternal",
    "policies": "SELECT format('%I.%I %s', schemaname, tablename, policyname) FROM pg_policies"
    " WHERE schemaname NOT IN ('realtime', 'cron')",
    "rights": f"SELECT concat_ws(' ', c.oid::regclass, r.rolname, privilege_type) FROM pg_class AS c"
    f" CROSS JOIN aclexplode(relacl) JOIN pg_roles AS r ON r.oid = grantee"
    f" WHERE c.oid::regclass::text IN ({_TABLES})"
    " AND rolname IN ('anon', 'authenticated', 'service_role', 'shop_reader', 'shop_writer')",
    "settings of roles": "SELECT rolname || ' ' || unnest(rolconfig) FROM pg_roles"
    " WHERE rolname IN ('anon', 'authenticated', 'service_role', 'shop_reader', 'shop_writer')",
}
_OURS = "founder migrate run"
Figures = dict[str, list[float]]
Contents = tuple[dict[str, set[str]], dict[str, int]]


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 2.2
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    header(f"{millions} million rows out of Supabase, {rounds} rounds")
    folder = Path(tempfile.mkdtemp(prefix="founder-bench-move-"))
    folder.chmod(0o711)
    try:
        build(folder / "source")
        with supabase_source(folder / "source") as source:
            source.query(_GROW.format(rows=int(millions * 1_000_000)))
            source.query("CHECKPOINT")
            _print(*_rounds(source, folder, rounds))
    finally:
        shutil.rmtree(folder)


def _rounds(source: SupabaseSource, folder: Path, rounds: int) -> tuple[Figures, Figures, dict[str, str]]:
    """(seconds of each way, seconds of our parts, what each way has lost)."""
    ways = {_OURS: _ours, "pg_dump -Fc -Z0 | pg_restore": _dump_restore}
    if shutil.which("pgcopydb"):
        ways["pg_restore around pgcopydb, 2 jobs"] = _copydb
    took: Figures = defaultdict(list)
    parts: Figures = defaultdict(list)
    lost: dict[str, str] = {}
    there = _contents(source)
    for _round in range(rounds):
        for name, move in ways.items():
            with empty_target(folder / "target") as target:
                for role in _ROLES if move is not _ours else ():
                    target.query(f"CREATE ROLE {role} SUPERUSER" if role == "supabase_admin" else f"CREATE ROLE {role}")
                began = time.perf_counter()
                move(source, target, folder)
                took[name].append(time.perf_counter() - began)
                lost[name] = _lost(there, _contents(target))
                if move is _ours:
                    _add_parts(parts, source, target, folder, took[name][-1])
    return took, parts, lost


def _add_parts(parts: Figures, source: SupabaseSource, target: Cluster, folder: Path, took: float) -> None:
    """How long each part of our run took, by the journal's own clock; and the verification after it."""
    ends = target.query(
        "SELECT step, extract(epoch FROM max(at))::float, extract(epoch FROM min(at))::float"
        " FROM founder_migration.done GROUP BY step ORDER BY 2",
        "app",
    )
    before = first = min(one[2] for one in ends)
    for step, last, _begin in ends:
        parts[f"of it {step}"].append(last - before)
        before = last
    parts["of it looking, and what comes last"].append(took - (before - first))
    began = time.perf_counter()
    found = migration(address_of(source), target, folder / "state", options=Options()).verify()
    parts["founder migrate verify"].append(time.perf_counter() - began)
    for line in differing(found):
        row("", "differs", line)
    shutil.rmtree(folder / "state")


def _print(took: Figures, parts: Figures, lost: dict[str, str]) -> None:
    ours = statistics.median(took[_OURS])
    for name, seconds in took.items():
        median = statistics.median(seconds)
        beside = f"{min(seconds):.1f} to {max(seconds):.1f} s"
        row(name, f"{median:.1f} s", beside if name == _OURS else f"{beside}; ours takes {ours / median:.2f} of it")
        row("", "", lost[name])
    for name, seconds in parts.items():
        row(name, f"{statistics.median(seconds):.1f} s", f"{statistics.median(seconds) / ours:.0%}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("memory of the process at its most", f"{peak:.0f} MiB", "budget 256 MiB")
    row("load", f"{os.getloadavg()[0]:.1f}", "at the end")


def _ours(source: SupabaseSource, target: Cluster, folder: Path) -> None:
    migration(address_of(source), target, folder / "state", options=Options()).run()


def _dump_restore(source: SupabaseSource, target: Cluster, folder: Path) -> None:
    _shell(f"{BINARIES}/pg_dump -Fc -Z0 '{source.url()}' | {BINARIES}/pg_restore -d '{_url(target)}'", folder)


def _copydb(source: SupabaseSource, target: Cluster, folder: Path) -> None:
    """By itself it ends at the first extension that the target does not have; around it, errors are ignored."""
    dump, work = folder / "objects.dump", folder / "pgcopydb"
    shutil.rmtree(work, ignore_errors=True)
    restore = f"{BINARIES}/pg_restore -d '{_url(target)}' {dump}"
    _shell(f"{BINARIES}/pg_dump -Fc --schema-only -f {dump} '{source.url()}'; {restore} --section=pre-data", folder)
    jobs = f"--table-jobs 2 --index-jobs 2 --dir {work}"
    _shell(f"pgcopydb copy data --source '{source.url(password=PASSWORD)}' --target '{_url(target)}' {jobs}", folder)
    _shell(f"{restore} --section=post-data", folder)


def _url(target: Cluster) -> str:
    return f"postgres://postgres@{quote(str(target.root), safe='')}:{target.port}/app"


def _shell(words: str, folder: Path) -> None:
    with (folder / "log").open("ab") as log:
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        # pgcopydb signals its whole process group when it fails.
        subprocess.run(
            ["/bin/sh", "-c", words], env=environment, stdout=log, stderr=log, start_new_session=True, check=False
        )


def _contents(side: SupabaseSource | Cluster) -> Contents:
    """What one side holds: (names of things by their kind, rows by their table)."""
    with side.connect("app") if isinstance(side, Cluster) else side.connect() as connection:
        found = {kind: {name for (name,) in connection.execute(sql).fetchall()} for kind, sql in _OBJECTS.items()}
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        rows = {name: connection.execute(f"SELECT count(*) FROM ONLY {name}").fetchall()[0][0] for name in tables}
    return found, rows


def _lost(there: Contents, here: Contents) -> str:
    """What is not there, and rights that nobody had, in a few words."""
    rows = {name: count - here[1].get(name, 0) for name, count in there[1].items() if here[1].get(name, 0) < count}
    lost = [f"{sum(rows.values()):,} rows of {', '.join(rows)}"] if rows else []
    missing = {kind: len(names - here[0][kind]) for kind, names in there[0].items()}
    lost += [f"{count} of {len(there[0][kind])} {kind}" for kind, count in missing.items() if count]
    more = len(here[0]["rights"] - there[0]["rights"])
    return "; ".join(
        [f"lost: {', '.join(lost)}" if lost else "lost nothing", *([f"{more} rights too many"] if more else [])]
    )


if __name__ == "__main__":
    main()
