"""A stack of this system comes back on Debian 13, with another PostgreSQL, in a root of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from founderstack.world.keys.secrets import Secrets
from founderstack.world.os.ambient import CA_BUNDLE
from tests.fault.stacks import ROOT, Founder, gone_afterwards, small_stack
from tests.service.roots import debian_13

PACKAGES = ("ca-certificates", "postgresql-17", "procps", "python3", "python3-venv", "util-linux")
OBJECTS = (
    "CREATE TABLE note (id serial PRIMARY KEY, body text, tags text[], at timestamptz DEFAULT now(), more jsonb)",
    """INSERT INTO note (body, tags, more)
    SELECT 'note ' || i, ARRAY['a'], '{"k": 1.50}' FROM generate_series(1, 5000) i""",
    "CREATE VIEW seen AS SELECT * FROM note",
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM note",
    "CREATE FUNCTION same(i int) RETURNS int LANGUAGE sql AS 'SELECT i'",
    "GRANT SELECT ON note TO founder",
)
THERE = """
set -e
export FOUNDER_HOME=/srv/home LANGUAGE=en HOME=/root
cd /srv
/opt/founder/founder rebuild --from /srv/backups --key-file /srv/key --into /srv/diary --yes
cd /srv/diary
psql -h "/srv/home/$1/run/postgres" -p "$2" -U postgres -d app -Atc "SELECT 'rows ' || count(*) FROM note" \\
    -c "SELECT 'counted ' || count FROM counted" -c "SELECT version()"
/opt/founder/founder backup
/opt/founder/founder backup prove
/opt/founder/founder destroy --yes --backups --confirm "$1"
"""


@contextmanager
def system(folder: Path) -> Iterator[Path]:
    """Debian 13 with the tool in it; what is written there is lost."""
    for name in ("upper", "work", "root"):
        (folder / name).mkdir()
    root = folder / "root"
    layers = f"lowerdir={debian_13(*PACKAGES)},upperdir={folder}/upper,workdir={folder}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)], check=True)
    try:
        shutil.copy(CA_BUNDLE, root / CA_BUNDLE.lstrip("/"))
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        clone = ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(root / "opt/founder")]
        subprocess.run(clone, check=True)
        yield root
    finally:
        subprocess.run(["umount", str(root)], check=True)


def run_there(root: Path, script: str, *words: str) -> str:
    """Run a script in that system, with processes of its own that end with it: its users have numbers of ours."""
    (root / "srv/script").write_text(script)
    inside = (
        'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && r=$0 && exec chroot "$r" bash /srv/script "$@"'
    )
    command = ["unshare", "--pid", "--fork", "--mount", "--kill-child", "sh", "-c", inside, str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_stack_comes_back_on_another_release_with_another_postgresql(state_root: Path, tmp_path: Path) -> None:
    here = small_stack(tmp_path / "here", state_root)
    with system(tmp_path) as root:
        with gone_afterwards(here):
            here.ok("up", "--yes")
            fill(here)
            here.ok("backup")
            shutil.copytree(here.state / "backups", root / "srv/backups")
            (root / "srv/key").write_text(Secrets(f"{here.state}/secrets.json").get("backup.identity"))
            port = here.port("postgres.sql")
        said = run_there(root, THERE, here.name, str(port))
    assert "rows 5000" in said
    assert "counted 5000" in said
    assert "PostgreSQL 17" in said
    assert "is proven" in said


def fill(founder: Founder) -> None:
    socket, port = f"{founder.state}/run/postgres", founder.port("postgres.sql")
    with psycopg.connect(host=socket, port=port, user="postgres", dbname="app", autocommit=True) as database:
        database.execute("SET ROLE app")
        for statement in OBJECTS:
            database.execute(statement)
