"""Code that somebody has put into the source: whose rights it has at the target while all of it moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.cutover import cut_over
from founderstack.world.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration
from tests.service.traps import OBJECTS

pytestmark = pytest.mark.timeout(300)

TRAP = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.f(place text, n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN (current_user, session_user) AND rolsuper) THEN
        RAISE EXCEPTION 'somebody else is superuser in %', place;
    END IF;
    RETURN n;
END $$;
"""
REPEATED = """
INSERT INTO trap.checked VALUES (2, 2);
INSERT INTO trap.generated VALUES (2);
UPDATE trap.literals SET i = i + 1;
"""


def test_code_of_the_source_never_finds_itself_superuser(target: Cluster, tmp_path: Path) -> None:
    """What breaks otherwise: whoever could create a table at the source is superuser of the server it moves to."""
    target.query("CREATE ROLE crafty LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER crafty")
    with target.connect("elsewhere", "crafty") as source:
        source.execute(TRAP + OBJECTS + "INSERT INTO trap.literals VALUES (1)")
        move = migration(Address(str(target.root), target.port, "crafty", "elsewhere"), target, tmp_path, kind="plain")
        move.plan()
        move.run()
        assert differing(move.verify()) == []
        source.execute(REPEATED)
    target.query("DROP POLICY literal ON trap.literals; DROP INDEX trap.indexed_f_idx;"
                 " ALTER TABLE trap.late DROP CONSTRAINT late_i_check", "app")  # fmt: skip
    move.run()
    assert differing(move.verify()) == []
    cut_over(move)
    assert differing(move.verify()) == []
    for name in ("elsewhere", "app"):
        assert target.query("SELECT * FROM trap.seen", name) == [(1,)]
    assert target.query("SELECT rolname FROM pg_roles WHERE rolname ~ '^founder_'") == []


def test_the_journal_of_what_the_superuser_acts_on_is_closed_to_the_hand(target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE ROLE crafty LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER crafty")
    with target.connect("elsewhere", "crafty") as source:
        source.execute(
            """CREATE FUNCTION plant(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
                IF pg_catalog.has_table_privilege('founder_migration.done', 'INSERT')
                    OR pg_catalog.has_table_privilege('founder_migration.kept', 'INSERT') THEN
                    RAISE EXCEPTION 'the journal is open';
                END IF;
                BEGIN
                    INSERT INTO founder_migration.by_hand VALUES ('roles', 'planted', '{}', now());
                    RAISE EXCEPTION 'other steps are open';
                EXCEPTION WHEN with_check_option_violation THEN RETURN true;
                END;
            EXCEPTION WHEN undefined_table OR invalid_schema_name THEN RETURN true; -- at the source
            END $$;
            CREATE DOMAIN planted AS int CHECK (plant(VALUE));
            CREATE TABLE t (i planted);
            INSERT INTO t VALUES (1);"""
        )
    move = migration(Address(str(target.root), target.port, "crafty", "elsewhere"), target, tmp_path, kind="plain")
    move.run()
    assert target.query("SELECT i FROM t", "app") == [(1,)]
