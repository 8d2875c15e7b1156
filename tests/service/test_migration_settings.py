"""Settings of a database and of roles: some move, some stay behind and are named, and undo puts back what was."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.cutover import cutover
from founderstack.world.net.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration

OF_APP = (
    "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 0"
    " AND setdatabase = (SELECT oid FROM pg_database WHERE datname = 'app') ORDER BY 1"
)
MEMBERS = "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE roleid >= 16384 ORDER BY 1, 2"
BEFORE = [("TimeZone=Europe/Madrid",), ("work_mem=7MB",)]


@pytest.fixture
def target(target: Cluster) -> Cluster:
    """With a source beside it: the database `elsewhere`, whose settings are as odd as founders make them."""
    target.query("ALTER DATABASE app SET timezone = 'Europe/Madrid'; ALTER DATABASE app SET work_mem = '7MB'")
    target.query("CREATE ROLE shopkeeper LOGIN; CREATE ROLE clerk LOGIN CONNECTION LIMIT 3")
    target.query("ALTER ROLE clerk SET lock_timeout = '3s'")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    target.query("SET ROLE shopkeeper; CREATE TABLE goods (id int PRIMARY KEY); INSERT INTO goods VALUES (1)",
               "elsewhere")  # fmt: skip
    for setting in (
        "search_path = 'kaput', 'public'",
        "statement_timeout = '90s'",
        "timezone = 'America/Caracas'",
        "default_transaction_isolation = 'serializable'",
        "app.settings.jwt_secret = 'never shown'",
        "default_transaction_read_only = on",
    ):
        target.query(f"ALTER DATABASE elsewhere SET {setting}")
    return target


def write(target: Cluster, number: int) -> None:
    """As the app does in a session that is new."""
    target.query(f"SET ROLE app; INSERT INTO public.goods VALUES ({number})", "app")


def test_the_app_can_write_after_the_cut_over_and_undo_puts_settings_back(target: Cluster, tmp_path: Path) -> None:
    source = Address(str(target.root), target.port, "shopkeeper", "elsewhere")
    move = migration(source, target, tmp_path / "state", kind="plain")
    members = target.query(MEMBERS)
    _facts, items = move.plan()
    told = {item.name: item for item in items if item.kind == "database setting"}
    assert {name for name, item in told.items() if item.fate == "moved"} == {
        "search_path", "statement_timeout", "TimeZone", "default_transaction_isolation"
    }  # fmt: skip
    assert told["app.settings.jwt_secret"].fate == told["default_transaction_read_only"].fate == "reported"
    assert "never shown" not in str(items)
    move.run()
    moved = [
        ("TimeZone=America/Caracas",),
        ("default_transaction_isolation=serializable",),
        ("search_path=kaput, public",),
        ("statement_timeout=90s",),
        ("work_mem=7MB",),
    ]
    assert target.query(OF_APP) == moved
    write(target, 2)
    target.query("DELETE FROM public.goods WHERE id = 2", "app")
    cutover.cut_over(move)
    assert differing(move.verify()) == []
    write(target, 3)
    assert target.query(OF_APP) == moved
    cutover.reopen(move)
    write(target, 4)
    move.undo()
    assert target.query(OF_APP) == BEFORE
    assert target.query(MEMBERS) == members


def test_roles_that_the_stack_had_stay_as_they_are(target: Cluster, tmp_path: Path) -> None:
    """Here both sides have them, as with a stack that moves beside another: undo takes none of them away."""
    source = Address(str(target.root), target.port, "shopkeeper", "elsewhere")
    attributes = "SELECT rolname, rolcanlogin, rolconnlimit, rolconfig FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
    before = target.query(attributes)
    move = migration(source, target, tmp_path / "state", kind="plain")
    clerk = next(item for item in move.plan()[1] if item.kind == "role" and item.name == "clerk")
    assert clerk.fate == "converted"
    assert "stays as it is" in clerk.why
    move.run()
    move.undo()
    assert target.query(attributes) == before


def test_a_target_that_an_earlier_version_made_read_only_is_opened(target: Cluster, tmp_path: Path) -> None:
    source = Address(str(target.root), target.port, "shopkeeper", "elsewhere")
    move = migration(source, target, tmp_path / "state", kind="plain")
    move.run()
    target.query("ALTER DATABASE app SET default_transaction_read_only = on")
    move.run()
    write(target, 2)
