"""What code in a database makes of other people's objects while the database is restored: nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from founderstack.backups.postgres import databases, makers
from founderstack.backups.postgres.facts import COPY, differences
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.errors import StackError
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore
from tests.conftest import enterable_folder
from tests.service.clusters import Cluster, cluster
from tests.service.test_restored_code import definitions, quiet, taken

HBA = "local all postgres,crafty,theirs trust\nlocal all all scram-sha-256\n"
"""Who has just been given a password must know it."""
THEIRS = """
CREATE SCHEMA zoo;
CREATE TABLE zoo.notes (id int PRIMARY KEY, whose text NOT NULL, words text DEFAULT 'none');
INSERT INTO zoo.notes VALUES (1, 'theirs');
ALTER TABLE zoo.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON zoo.notes USING (lower(whose) = 'theirs');
CREATE VIEW zoo.seen AS SELECT id FROM zoo.notes;
CREATE FUNCTION zoo.on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE SEQUENCE zoo.places START 7;
SELECT nextval('zoo.places');
GRANT USAGE ON SCHEMA zoo TO crafty;
"""
CODE = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.does() RETURNS void LANGUAGE plpgsql AS $code$ BEGIN
    IF current_database() ~ 'restored$' THEN
        {does}
    END IF;
END $code$;
CREATE FUNCTION trap.f(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    PERFORM trap.does();
    RETURN n;
END $$;
CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE DOMAIN trap.literal AS int CHECK (trap.f(VALUE) > 0);
CREATE VIEW trap.own AS SELECT 1 AS id;
CREATE MATERIALIZED VIEW trap.filled AS SELECT * FROM zoo.notes WITH NO DATA;
"""
CHECK = "CREATE TABLE trap.t (i int CHECK (trap.f(i) > 0)); INSERT INTO trap.t VALUES (1);"
LITERAL = "CREATE TABLE trap.t (i int); CREATE POLICY p ON trap.t USING ('{1}'::trap.literal[] IS NOT NULL);"
GENERATED = "CREATE TABLE trap.t (i int, j int GENERATED ALWAYS AS (trap.f(i)) STORED); INSERT INTO trap.t VALUES (1);"
INDEX = "CREATE TABLE trap.t (i int); INSERT INTO trap.t VALUES (1); CREATE INDEX ON trap.t (trap.f(i));"
VIEW = "CREATE MATERIALIZED VIEW trap.t AS SELECT trap.f(1);"
REPLACING = "CREATE OR REPLACE VIEW zoo.seen AS SELECT 0 AS id"
DEEDS = [
    (CHECK, f"{REPLACING};", "zoo.seen"),
    (GENERATED, f"{REPLACING};", "zoo.seen"),
    (LITERAL, f"{REPLACING};", "zoo.seen"),
    (INDEX, f"{REPLACING};", "zoo.seen"),
    (VIEW, "CREATE OR REPLACE VIEW trap.own AS SELECT 0 AS id;", "trap.own"),
    (CHECK, "ALTER TABLE zoo.notes ALTER words SET DEFAULT 'crafty';", "zoo.notes"),
    (CHECK, "ALTER TABLE zoo.notes ADD more text DEFAULT 'crafty';", "zoo.notes"),
    (CHECK, "ALTER TABLE zoo.notes DISABLE ROW LEVEL SECURITY;", "zoo.notes"),
    (CHECK, "CREATE POLICY everybody ON zoo.notes USING (true);", "everybody"),
    (CHECK, "CREATE TRIGGER t BEFORE INSERT ON zoo.notes FOR EACH ROW EXECUTE FUNCTION zoo.on_change();", "zoo.notes"),
    (CHECK, "CREATE FUNCTION zoo.seen(int) RETURNS int LANGUAGE sql AS 'SELECT 1';", "zoo.seen"),
    (CHECK, "COMMENT ON TABLE zoo.notes IS 'crafty';", "zoo.notes"),
    (CHECK, "DROP VIEW zoo.seen;", "zoo.seen"),
    (INDEX, "REFRESH MATERIALIZED VIEW trap.filled;", "REFRESH"),
    (LITERAL, "PERFORM set_config('search_path', 'trap, pg_catalog', false);", "search_path=trap, pg_catalog"),
    (LITERAL, "PERFORM set_config('standard_conforming_strings', 'off', false);", "standard_conforming_strings=off"),
    (LITERAL, "PERFORM set_config('client_encoding', 'LATIN1', false);", "client_encoding=LATIN1"),
]
"""Where code runs, what it does, and what the error names."""
SWALLOWED = f"BEGIN {REPLACING}; EXCEPTION WHEN OTHERS THEN RETURN; END;"
KEPT = """
CREATE TEMPORARY TABLE IF NOT EXISTS text (i int) ON COMMIT DROP;
CREATE INDEX ON text (i); ALTER TABLE text ADD j int; DROP TABLE text;
CREATE TABLE IF NOT EXISTS zoo.notes (id int);
"""
NEW_PASSWORD = "EXECUTE $$ALTER ROLE CURRENT_USER PASSWORD 'known'$$;"
COMING_BACK = """
CREATE FUNCTION trap.comes() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    IF current_database() ~ 'restored$' THEN
        PERFORM public.dblink_exec(format('host={socket} port=%s dbname=two_restored user=%s password=known'
            ' options=-csearch_path=', current_setting('port'), current_user), '{replacing}');
    END IF;
    RETURN true;
END $$;
CREATE TABLE trap.u (i int CHECK (trap.comes()));
INSERT INTO trap.u VALUES (1);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster(enterable_folder("founder-definitions-"), reader=False) as made:
        made.query("CREATE ROLE crafty LOGIN; CREATE ROLE theirs LOGIN")
        (made.data / "pg_hba.conf").write_text(HBA)
        made.query("SELECT pg_reload_conf()")
        yield made


@pytest.fixture
def two(server: Cluster) -> Iterator[Cluster]:
    """A server with a database that two people share."""
    server.query("CREATE DATABASE two")
    server.query("GRANT CREATE ON DATABASE two TO crafty, theirs")
    server.query("CREATE EXTENSION dblink", "two")
    with server.connect("two", "theirs") as connection:
        connection.execute(THEIRS)
    yield server
    databases.drop(server.server, "two")
    databases.drop(server.server, "two_restored")
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []


def code(server: Cluster, does: str, place: str) -> None:
    """One of the two has put it there."""
    with server.connect("two", "crafty") as connection:
        connection.execute(CODE.replace("{does}", does) + place)


def restored(server: Cluster, folder: Path) -> None:
    """Bring it back as a restore does, and hold it against what there was."""
    key = Key(new_identity())
    opened = taken(replace(server.server, reader="", databases=("two",)), SetStore(FolderStore(str(folder)), "d"), key)
    (about,) = databases.facts_of(opened).databases
    databases.restore_database(server.server, opened, about, "two_restored", quiet)
    assert differences(about, databases.counted(server.server, "two_restored", about)) == ()
    assert definitions(server, "two_restored") == definitions(server, "two")
    assert server.query("SELECT last_value FROM zoo.places", "two_restored") == [(7,)]


@pytest.mark.parametrize(("place", "does", "named"), DEEDS)
def test_code_that_changes_what_others_have_made_is_named_and_nothing_comes_back(
    two: Cluster, tmp_path: Path, place: str, does: str, named: str
) -> None:
    """What breaks otherwise: by the next restore, whoever may write a check rewrites everybody's views and policies."""
    code(two, does, place)
    with pytest.raises(StackError, match="two_restored changes while it is restored") as caught:
        restored(two, tmp_path)
    assert named in caught.value.why
    assert "trap.does()" in caught.value.why or "set_config" in does
    assert not databases.exists(two.server, "two_restored")


def test_code_that_wants_to_but_bears_a_refusal_changes_nothing(two: Cluster, tmp_path: Path) -> None:
    code(two, SWALLOWED, CHECK)
    restored(two, tmp_path)


def test_code_that_keeps_something_for_itself_while_it_checks_is_restored(two: Cluster, tmp_path: Path) -> None:
    code(two, KEPT, CHECK)
    restored(two, tmp_path)


@pytest.mark.parametrize(
    "setting",
    ["standard_conforming_strings = off", "client_encoding = LATIN1", "array_nulls = off", "search_path = trap, zoo"],
)
def test_what_an_app_sets_for_its_database_is_no_change(two: Cluster, tmp_path: Path, setting: str) -> None:
    """What breaks otherwise: no set of such a database can be restored."""
    two.query(f"ALTER DATABASE two SET {setting}")
    code(two, "NULL;", CHECK)
    restored(two, tmp_path)


def test_code_that_takes_from_a_sequence_does_not_move_it(two: Cluster, tmp_path: Path) -> None:
    code(two, "PERFORM setval('zoo.places', 4000);", INDEX)
    restored(two, tmp_path)


def test_a_temporary_table_named_like_a_type_is_no_type_of_others(two: Cluster, tmp_path: Path) -> None:
    """What breaks otherwise: columns of everybody's tables are of that type, and go with it."""
    code(two, "CREATE TEMPORARY TABLE text (i int);", "CREATE TABLE trap.t (i trap.literal[] DEFAULT '{1}');")
    with pytest.raises(StackError) as caught:
        restored(two, tmp_path)
    assert "temporary tables" in caught.value.why


def test_code_that_comes_back_by_a_session_of_its_own_is_found_out(two: Cluster, tmp_path: Path) -> None:
    coming_back = COMING_BACK.replace("{socket}", str(two.root)).replace("{replacing}", REPLACING)
    code(two, NEW_PASSWORD, CHECK + coming_back)
    with pytest.raises(StackError, match="two_restored changes while it is restored") as caught:
        restored(two, tmp_path)
    assert "let somebody in" in caught.value.why


def test_code_that_makes_somebody_a_member_lets_nobody_in(two: Cluster, tmp_path: Path) -> None:
    """What breaks otherwise, up to PostgreSQL 14: whoever it names may do everything in the copy, by hand."""
    code(two, "EXECUTE format('GRANT %I TO crafty', current_user);", CHECK)
    with pytest.raises(StackError) as caught:
        restored(two, tmp_path)
    assert re.search("let somebody in|admin option|permission denied to grant role", caught.value.why, re.IGNORECASE)


def test_nobody_who_has_got_in_makes_anything(server: Cluster) -> None:
    server.query("CREATE DATABASE half")
    maker = makers.make(server.server, "half", ())
    maker.prepare()
    maker.guard.stand("")
    server.query(f"GRANT {maker.name} TO crafty; GRANT CREATE ON DATABASE half TO crafty")
    with server.connect("half", "crafty") as connection:
        for who in ("crafty", maker.name):
            connection.execute(f"SET ROLE {who}")
            with pytest.raises(psycopg.Error, match="crafty: CREATE SCHEMA"):
                connection.execute("CREATE SCHEMA mine")
    server.query("CREATE SCHEMA ours", "half")
    server.query("REVOKE CREATE ON DATABASE half FROM crafty")
    maker.remove()
    assert server.query("SELECT evtname FROM pg_event_trigger", "half") == []
    assert server.query("SELECT nspname FROM pg_namespace WHERE nspname ~ 'founder'", "half") == []
    databases.drop(server.server, "half")


def test_a_restore_that_was_killed_under_guard_is_done_again(two: Cluster, tmp_path: Path) -> None:
    two.query("CREATE DATABASE two_restored")
    two.query(f"COMMENT ON DATABASE two_restored IS '{COPY}'")
    left = makers.make(two.server, "two_restored", ())
    left.prepare()
    left.guard.stand("")
    restored(two, tmp_path)
    assert two.query("SELECT evtname FROM pg_event_trigger", "two_restored") == []
