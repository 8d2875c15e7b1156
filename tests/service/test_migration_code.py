"""Code that somebody has put into the source: whose rights it has at the target while all of it moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.cutover.cutover import cut_over
from founderstack.migration.database import guard
from founderstack.migration.values import Options
from founderstack.model.errors import StackError
from founderstack.world.net.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration, target_of
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


PLANTING = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.plants() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF current_database() = 'app' THEN
        {plants}
    END IF;
END $$;
CREATE FUNCTION trap.f(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    PERFORM trap.plants();
    RETURN n;
END $$;
"""
OPEN = """
CREATE FUNCTION trap.backdoor() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';
"""
PLACES = {
    "generated": "CREATE TABLE trap.t (i int, j int GENERATED ALWAYS AS (trap.f(i)) STORED);"
                 " INSERT INTO trap.t VALUES (1)",
    "check": "CREATE TABLE trap.t (i int CHECK (trap.f(i) > 0)); INSERT INTO trap.t VALUES (1)",
    "domain": "CREATE DOMAIN trap.d AS int CHECK (trap.f(VALUE) > 0); CREATE TABLE trap.t (i trap.d);"
              " INSERT INTO trap.t VALUES (1)",
    "index": "CREATE TABLE trap.t (i int); CREATE INDEX ON trap.t (trap.f(i)); INSERT INTO trap.t VALUES (1)",
    "view": "CREATE MATERIALIZED VIEW trap.t AS SELECT trap.f(1)",
    "trigger": "CREATE TABLE trap.t (i int); CREATE FUNCTION trap.fires() RETURNS trigger LANGUAGE plpgsql AS"
               " 'BEGIN PERFORM trap.f(1); RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON trap.t FOR EACH ROW"
               " EXECUTE FUNCTION trap.fires(); ALTER TABLE trap.t ENABLE ALWAYS TRIGGER t;"
               " INSERT INTO trap.t VALUES (1)",
}  # fmt: skip
MORE = """
CREATE FUNCTION trap.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION trap.seen() RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN IF current_database() = 'app' THEN CREATE TABLE trap.backdoor (); END IF; RETURN 1; END $$;
CREATE MATERIALIZED VIEW trap.m AS SELECT trap.seen() WITH NO DATA;
CREATE FUNCTION trap.refreshes() RETURNS void LANGUAGE sql AS 'REFRESH MATERIALIZED VIEW trap.m';
"""
LEFT = """
SELECT proname::text FROM pg_proc WHERE proname ~ 'backdoor|refuse_code' UNION ALL
SELECT evtname FROM pg_event_trigger UNION ALL SELECT relname FROM pg_class WHERE relname ~ 'backdoor'
UNION ALL SELECT 'default' FROM pg_default_acl
"""


def planted(target: Cluster, plants: str, place: str) -> Address:
    """A source whose code does this at the target."""
    target.query("CREATE ROLE crafty LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER crafty")
    with target.connect("elsewhere", "crafty") as source:
        source.execute(PLANTING.format(plants=plants) + PLACES[place])
    return Address(str(target.root), target.port, "crafty", "elsewhere")


@pytest.mark.parametrize("place", PLACES)
def test_code_of_the_source_that_makes_something_at_the_target_ends_the_run_by_name(
    target: Cluster, tmp_path: Path, place: str
) -> None:
    """What breaks otherwise: a function of whoever could create a table belongs to the app, and is open to all."""
    move = migration(planted(target, OPEN, place), target, tmp_path, kind="plain")
    if place == "trigger":  # those fire when the app writes, and it is the app's own by then
        move.run()
        assert target.query(LEFT, "app") == []
        return
    with pytest.raises(StackError) as told:
        move.run()
    assert "trap.plants()" in told.value.what
    assert "CREATE FUNCTION" in told.value.why
    assert place == "view" or "function trap.backdoor()" in told.value.why
    assert target.query(LEFT, "app") == []


@pytest.mark.parametrize(
    "plants",
    [
        OPEN,
        "CREATE VIEW trap.backdoor AS SELECT 1;",
        "CREATE TABLE trap.backdoor AS SELECT 1;",
        "GRANT ALL ON trap.t TO PUBLIC;",
        "ALTER TABLE trap.t ADD backdoor int;",
        "DROP FUNCTION trap.g();",
        "REASSIGN OWNED BY CURRENT_USER TO crafty;",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;",
        "PERFORM trap.refreshes();",
    ],
)
def test_whatever_code_of_the_source_would_change_at_the_target_stays_as_it_is(
    target: Cluster, tmp_path: Path, plants: str
) -> None:
    """Also where the code hides that it was refused."""
    hidden = f"CREATE TEMP TABLE IF NOT EXISTS own (i int); BEGIN {plants} EXCEPTION WHEN OTHERS THEN NULL; END;"
    source = planted(target, hidden, "generated")
    with target.connect("elsewhere", "crafty") as connection:
        connection.execute(MORE)
    move = migration(source, target, tmp_path, kind="plain")
    move.run()
    assert differing(move.verify()) == []
    assert target.query("SELECT i, j FROM trap.t", "app") == [(1, 1)]
    assert target.query(LEFT, "app") == []


def test_what_a_killed_run_has_left_of_the_guard_is_replaced_and_keeps_nobody_else_from_anything(
    target: Cluster, tmp_path: Path
) -> None:
    source = planted(target, OPEN, "generated")
    target.query("CREATE ROLE founder_migrate_0123456789abcdef")
    guard.stand(target_of(target))
    with target.connect("app") as connection:
        connection.execute("SET ROLE app; DO $$ BEGIN CREATE TABLE public.own (); END $$; DROP TABLE public.own")
    target.query("DROP ROLE founder_migrate_0123456789abcdef")
    with pytest.raises(StackError, match=r"trap\.plants"):
        migration(source, target, tmp_path, kind="plain").run()
    assert target.query(LEFT, "app") == []


# Read with other rules for what a backslash is, the text ends early, and what follows is a command of its own.
UNQUOTED = r"""
CREATE SCHEMA trap;
CREATE FUNCTION trap.f(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF current_database() = 'app' THEN
        PERFORM set_config('standard_conforming_strings', 'off', false), set_config('backslash_quote', 'on', false);
    END IF;
    RETURN n;
END $$;
CREATE DOMAIN trap.sets AS int CHECK (trap.f(VALUE) > 0);
CREATE FUNCTION trap.a(i trap.sets[] DEFAULT '{1}'::trap.sets[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
SET search_path = trap;
CREATE FUNCTION trap.aa_found() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION trap.g(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN aa_found(); END';
CREATE DOMAIN trap.needs_a_path AS int CHECK (trap.g(VALUE) > 0);
CREATE FUNCTION trap.z(i trap.needs_a_path[] DEFAULT '{1}'::trap.needs_a_path[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE VIEW trap.v AS
    SELECT '\'' ; CREATE FUNCTION trap.backdoor() RETURNS int LANGUAGE sql AS $f$SELECT 1$f$; --' AS text;
"""


def test_what_code_sets_in_a_session_makes_no_command_of_a_text(target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE ROLE crafty LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER crafty")
    with target.connect("elsewhere", "crafty") as source:
        source.execute(UNQUOTED)
    address = Address(str(target.root), target.port, "crafty", "elsewhere")
    move = migration(address, target, tmp_path, kind="plain", options=Options(jobs=1))
    move.run()
    assert differing(move.verify()) == []
    assert target.query(LEFT, "app") == []


def test_a_password_that_code_of_the_source_gives_is_taken_back_and_named(target: Cluster, tmp_path: Path) -> None:
    """What breaks otherwise: whoever has put the code there signs in as an owner of what has moved."""
    target.query("CREATE ROLE other LOGIN PASSWORD 'as before'")
    kept = target.query("SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('crafty', 'other') ORDER BY 1")
    plants = "SET ROLE crafty; ALTER ROLE crafty PASSWORD 'known'; RESET ROLE;"
    move = migration(planted(target, plants, "generated"), target, tmp_path, kind="plain")
    with pytest.raises(StackError, match="passwords at the target: crafty"):
        move.run()
    found = target.query("SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('crafty', 'other') ORDER BY 1")
    assert found == [("crafty", None), *kept]
