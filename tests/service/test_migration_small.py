"""Small and odd databases of any PostgreSQL: an empty one, one with large objects alone, one with other servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.run import Migration
from founderstack.model.errors import StackErrors
from founderstack.world.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration


@pytest.fixture
def target(target: Cluster) -> Cluster:
    """With an empty source beside it, the database `elsewhere`."""
    target.query("CREATE ROLE shopkeeper LOGIN SUPERUSER")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    return target


def of(target: Cluster, folder: Path) -> Migration:
    return migration(Address(str(target.root), target.port, "shopkeeper", "elsewhere"), target, folder, kind="plain")


def test_an_empty_database_is_asked_about(target: Cluster, tmp_path: Path) -> None:
    with pytest.raises(StackErrors) as refused:
        of(target, tmp_path / "state").run()
    (told,) = refused.value.problems
    assert "nothing in it" in told.why
    assert "app" in told.fix


def test_large_objects_alone_move(target: Cluster, tmp_path: Path) -> None:
    target.query("SELECT lo_from_bytea(424242, decode(repeat('00ff10', 1000000), 'hex')); SELECT lo_create(424243)",
                 "elsewhere")  # fmt: skip
    move = of(target, tmp_path / "state")
    move.run()
    assert differing(move.verify()) == []
    digest = "SELECT loid, md5(string_agg(data, '' ORDER BY pageno)) FROM pg_largeobject GROUP BY 1"
    assert target.query(digest, "app") == target.query(digest, "elsewhere")


def test_the_password_of_another_server_stays_behind_by_name(target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;"
                 " CREATE USER MAPPING FOR shopkeeper SERVER other OPTIONS (user 'u', password 'never shown');"
                 " CREATE FOREIGN TABLE far (id int) SERVER other", "elsewhere")  # fmt: skip
    move = of(target, tmp_path / "state")
    _facts, items = move.plan()
    (mapping,) = [item for item in items if item.kind == "user mapping"]
    assert mapping.fate == "reported"
    assert "shopkeeper" in mapping.name
    assert "never shown" not in str(items)
    move.run()
    assert target.query("SELECT count(*) FROM pg_user_mappings", "app") == [(0,)]
    assert target.query("SELECT srvname FROM pg_foreign_server", "app") == [("other",)]
