"""Backups beside whatever else changes the stack: both go through, and a set holds one moment, as a ledger has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import wait_until
from tests.fault.ledgers import CREATE, Ledger, connected, written
from tests.fault.stacks import FAILED, Founder, gone_afterwards, small_stack
from tests.fault.test_moments import ENGINE

pytestmark = [pytest.mark.timeout(1800), pytest.mark.soak]

FILL = """
CREATE TABLE large (n int, body bytea); ALTER TABLE large ALTER body SET STORAGE EXTERNAL, OWNER TO app;
INSERT INTO large SELECT n, (SELECT string_agg(sha256((n || '/' || m)::text::bytea), '') FROM
    generate_series(1, 8000) m) FROM generate_series(1, 400) n
"""
"""100 MB that do not compress: a backup takes some seconds."""


@pytest.fixture(scope="module")
def stack(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founder]:
    with gone_afterwards(small_stack(tmp_path_factory.mktemp("beside"), state_root)) as founder:
        file = founder.folder / "founder.toml"
        file.write_text(file.read_text() + ENGINE)
        founder.ok("up", "--yes")
        with connected(founder) as connection:
            connection.execute(CREATE)
            connection.execute(FILL)
        founder.ok("backup")
        yield founder


def changed(founder: Founder) -> tuple[str, ...]:
    """`up` with a setting of the database that needs a restart of it."""
    file = founder.folder / "founder.toml"
    file.write_text(file.read_text().replace("[database]\n", "[database]\nmax_connections = 37\n", 1))
    return ("up", "--yes")


def deployed(founder: Founder) -> tuple[str, ...]:
    founder.write_app("two")
    return ("deploy", "--yes")


OTHERS: dict[str, Callable[[Founder], tuple[str, ...]]] = {
    "up": changed,
    "deploy": deployed,
    "rotation": lambda _founder: ("secrets", "rotate", "postgres.app", "--yes"),
    "key": lambda _founder: ("secrets", "rotate", "backup.identity", "--yes"),
    "restart": lambda _founder: ("restart", "postgres", "--yes"),
    "nothing": lambda _founder: ("status",),
}


def at_work(founder: Founder) -> bool:
    """A dump is being written."""
    try:
        with connected(founder, "postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump'")
            return bool(found.fetchall())
    except psycopg.Error:
        return False


@pytest.mark.parametrize("other", OTHERS)
def test_a_backup_beside(stack: Founder, other: str) -> None:
    words = OTHERS[other](stack)
    ledger = Ledger(stack, first=10**6 * (1 + list(OTHERS).index(other)))
    with ledger.writing():
        ledger.grown(50)
        with stack.start("backup", "--kind", "full") as backup:
            wait_until(lambda: at_work(stack) or backup.poll() is not None, "it dumps", 120)
            assert backup.poll() is None, "it is hit in the middle"
            said = stack.run(*words)
            out, err = backup.communicate(timeout=300)
        print(f"beside {' '.join(words)}: backup {backup.returncode}, the other {said.code}\n{(out + err)[-500:]}")
        assert said.code == 0, said.text
        assert backup.returncode in (0, FAILED), err
        assert "Traceback" not in err
        if backup.returncode:
            assert "→" in out + err, "what failed is named with its cure"
            stack.ok("backup")
        ledger.grown(50)
    newest = json.loads(stack.ok("backups", "--json").out)["sets"][0]
    assert newest["missing"] == newest["lacks"] == []
    stack.ok("restore", newest["id"], "--database", "app", "--replace", "--yes")
    found = {n: body for n, body in written(stack, "app_restored").items() if n in ledger.rows}
    assert found.keys() >= ledger.must(newest["taken_at"] - 0.1), "all that was committed when it was taken"
    stack.ok("backup", "prove")
