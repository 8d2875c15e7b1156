"""Drills of what pgBackRest keeps: recovered up to the restore point, every page read, and what is spoiled named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fault.stacks import FAILED, Founder, gone_afterwards, small_stack

ENGINE = '\n[backup]\nuse = "pgbackrest"\nschedule = "never"\nprove = "never"\n'


@pytest.fixture(scope="module")
def stack(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founder]:
    """A small stack with some rows and a backup of them by pgBackRest."""
    with gone_afterwards(small_stack(tmp_path_factory.mktemp("physical"), state_root)) as founder:
        file = founder.folder / "founder.toml"
        file.write_text(file.read_text() + ENGINE)
        founder.ok("up", "--yes")
        port, socket = founder.port("postgres.sql"), f"{founder.state}/run/postgres"
        with psycopg.connect(host=socket, port=port, user="postgres", dbname="app", autocommit=True) as database:
            database.execute("SET ROLE app")
            database.execute("CREATE TABLE note AS SELECT i AS id FROM generate_series(1, 5000) i")
        founder.ok("backup")
        yield founder


def proven(founder: Founder, code: int = 0) -> dict[str, Any]:
    said = founder.run("backup", "prove", "--json")
    assert said.code == code, said.text
    found: dict[str, Any] = json.loads(said.out)["result"]
    assert not (founder.state / "data/postgres/drill").exists(), "nothing of the server is left"
    return found


def repository(founder: Founder) -> Path:
    return founder.state / "backups" / f"pgbackrest-{founder.name}"


def test_a_good_backup_is_recovered_and_read_and_a_missing_piece_of_the_log_is_named(stack: Founder) -> None:
    good = proven(stack)
    assert good["problems"] == []
    assert good["seconds"] > 0
    piece = max(repository(stack).glob("archive/main/*/*/0*"))
    aside = stack.state / piece.name
    piece.rename(aside)
    bad = proven(stack, FAILED)
    aside.rename(piece)
    assert "piece of the log of changes that leads there is missing" in " ".join(bad["problems"])


@pytest.mark.soak
def test_a_flipped_bit_in_the_repository_is_named(stack: Founder) -> None:
    largest = max(repository(stack).glob("backup/main/*F/bundle/*"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    bad = proven(stack, FAILED)
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    # Which of the two depends on where the bit lies: in what was compressed, or in how it is laid out.
    assert re.search("checksum|Data corruption", " ".join(bad["problems"]))
    assert proven(stack)["ok"]
