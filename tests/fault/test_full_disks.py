"""No room left: at the place of the backups, where a restore writes to, under the log of changes. Nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.conftest import enterable_folder, wait_until
from tests.fault.ledgers import CREATE, Ledger, connected
from tests.fault.stacks import Founder, gone_afterwards, small_stack
from tests.fault.test_moments import ENGINE, moment

pytestmark = [pytest.mark.timeout(3000), pytest.mark.soak]

LARGE = """
CREATE TABLE large (n int, body text); ALTER TABLE large ALTER body SET STORAGE EXTERNAL, OWNER TO app;
INSERT INTO large SELECT n, repeat('x', 1000000) FROM generate_series(1, 300) n
"""
"""300 MB in the database, next to nothing in a dump: what a restore needs is more than it was thought to need."""


@contextmanager
def disk(folder: Path, mib: int) -> Iterator[None]:
    """A disk of that size at the folder; what the folder holds is on it, and in its place again afterwards."""
    image = folder.with_name(f"{folder.name}.img")
    with image.open("wb") as file:
        file.truncate(mib * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        folder.chmod(0o711)
        (folder / "lost+found").rmdir()
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        image.unlink()


@contextmanager
def filled(folder: Path, left_mib: int) -> Iterator[None]:
    """All but so much of the folder's disk is taken."""
    filler = folder / "filler"
    size = shutil.disk_usage(folder).free - left_mib * 2**20
    subprocess.run(["fallocate", "-l", str(size), str(filler)], check=True)
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture
def home(shared_home: Path) -> Iterator[Path]:
    """A FOUNDER_HOME on a disk of its own."""
    folder = enterable_folder("founder-small-")
    with disk(folder, 4000):
        (folder / "shared").symlink_to(shared_home)
        yield folder
    folder.rmdir()


@pytest.fixture
def stack(home: Path, tmp_path: Path) -> Iterator[Founder]:
    with gone_afterwards(small_stack(tmp_path / "full", home)) as founder:
        file = founder.folder / "founder.toml"
        file.write_text(file.read_text() + ENGINE)
        founder.ok("up", "--yes")
        with connected(founder) as connection:
            connection.execute(CREATE)
            connection.execute(LARGE)
            connection.execute("CHECKPOINT")
        founder.ok("backup")
        yield founder


def fails(founder: Founder, *words: str) -> str:
    said = founder.run(*words)
    print(f"founder {' '.join(words)}: {said.code}\n{said.text[-600:]}")
    assert said.code != 0
    assert any(word in said.text for word in ("room", "full", "No space left")), said.text
    assert "Traceback" not in said.text
    return said.text


def answers(founder: Founder) -> bool:
    try:
        with connected(founder) as connection:
            return bool(connection.execute("SELECT 1").fetchall())
    except psycopg.Error:
        return False


def flood(founder: Founder) -> None:
    with connected(founder) as connection:
        for _again in range(400):
            connection.execute("INSERT INTO large VALUES (0, repeat('y', 5000000))")


def test_no_room_where_backups_and_restores_write_costs_no_row(stack: Founder, home: Path) -> None:
    """What breaks: the one disk fills while each command runs. What the founder sees: that. What holds: every row."""
    ledger = Ledger(stack)
    with ledger.writing():
        ledger.grown(100)
        then = moment(stack)
        ways = [
            ("backup", "--kind", "full"),
            ("backup", "prove"),
            ("restore", "--only", "databases", "--replace", "--yes"),
            ("restore", "--to", then, "--only", "databases", "--replace", "--yes"),
            ("restore", "--in-place", "--yes", "--confirm", stack.name),
            ("restore", "--whole-server", "--to", then, "--yes", "--confirm", stack.name),
        ]
        for words in ways:
            for left in (120, 2):
                with filled(home, left):
                    if left == 2 or "restore" in words:
                        fails(stack, *words)
                    else:
                        stack.run(*words)
                stack.ok("up", "--yes")
                wait_until(lambda: not ledger.silent(), "clients can write again", 120)
                ledger.check_now()
        for words in ways[:4]:
            stack.ok(*words)
        ledger.check_now()


def test_on_a_disk_full_to_the_last_byte_services_stop_and_start_and_no_verb_calls_it_a_defect(
    stack: Founder, home: Path
) -> None:
    """What breaks: nothing can be written. What the founder sees: that. What holds: what makes room, and the data."""
    ledger = Ledger(stack)
    with ledger.writing():
        ledger.grown(20)
    with filled(home, 2):
        with suppress(OSError), open(home / "last", "wb", buffering=0) as last:
            while last.write(b"x" * 4096):
                pass
        for words in (
            ("backup",),
            ("restore", "--only", "databases", "--replace", "--yes"),
            ("secrets", "rotate", "postgres.app", "--yes"),
            ("scale", "app=2", "--yes"),
            ("deploy", "--force", "--yes"),
        ):
            assert "defect" not in fails(stack, *words)
        assert "local: " in stack.run("backups").text, "the list comes before what cannot be written"
        stack.ok("scale", "app=1", "--yes")
        stack.ok("stop", "postgres", "--yes")
        (home / "last").unlink()
    stack.ok("up", "--yes")
    ledger.check_now()


def test_no_room_under_the_log_of_changes_costs_no_row_and_is_over_when_there_is_room(stack: Founder) -> None:
    """What breaks: `pg_wal`, on a disk of its own, is full. What holds: every commit that was told; and the server is
    back by itself once there is room."""
    ledger = Ledger(stack)
    log = stack.state / "data/postgres/pgdata/pg_wal"
    aside = log.with_name("pg_wal.aside")
    stack.ok("stop", "postgres", "--yes")
    about = log.stat()
    log.rename(aside)
    log.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200m,mode=700", "tmpfs", str(log)], check=True)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", str(log)], check=True)
        shutil.chown(log, about.st_uid, about.st_gid)
        stack.ok("start", "postgres")
        with ledger.writing():
            ledger.grown(100)
            with filled(log, 0):
                with pytest.raises(psycopg.Error):
                    flood(stack)
                print(stack.run("status").out[:800])
            wait_until(lambda: answers(stack), "it answers again", 330)
            wait_until(lambda: not ledger.silent(), "clients can write again", 120)
            ledger.check_now()
        stack.ok("up", "--yes")
        stack.ok("backup")
        stack.ok("stop", "postgres", "--yes")
        shutil.rmtree(aside)
        subprocess.run(["cp", "-a", "-T", str(log), str(aside)], check=True)
    finally:
        stack.run("stop", "postgres", "--yes")
        subprocess.run(["umount", "-l", str(log)], check=True)
        log.rmdir()
        aside.rename(log)
    stack.ok("start", "postgres")
    ledger.check_now()
