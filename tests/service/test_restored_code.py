"""Code that somebody has put into a database, while the database is restored: who it runs as, and what comes back."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from founderstack.backups.postgres import databases, makers
from founderstack.backups.postgres.deadlines import ended_in_time
from founderstack.backups.postgres.drill import Trial, drill
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.postgres.facts import differences
from founderstack.backups.postgres.throwaway_server import Scratch
from founderstack.backups.sets.set_store import OpenSet, SetStore
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.net import throwaway_roles
from founderstack.world.objects.folder import FolderStore
from founderstack.world.os.clock import SystemClock
from tests.conftest import enterable_folder
from tests.service.clusters import BINARIES, MAJOR, Cluster, cluster
from tests.service.traps import OBJECTS

SET = "20261124T033000Z-4f1c9a"
TRAP = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.f(place text, n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    RAISE WARNING 'ran in % as % of %', place, current_user, session_user;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN (current_user, session_user) AND rolsuper) THEN
        RAISE EXCEPTION 'somebody else is superuser in %', place;
    END IF;
    IF place = 'question' THEN
        RETURN n; -- who asks may read
    ELSIF pg_catalog.pg_has_role(session_user, 'pg_read_all_data', 'USAGE') THEN
        RAISE EXCEPTION 'whoever counts rows may read everything, in %', place;
    END IF;
    IF pg_catalog.has_function_privilege(pg_catalog.to_regproc('public.admin'), 'EXECUTE')
        OR pg_catalog.has_table_privilege(pg_catalog.to_regclass('public.secrets'), 'SELECT') THEN
        RAISE EXCEPTION 'what is only the superuser''s is open in %', place;
    END IF;
    IF session_user <> 'crafty' AND pg_catalog.has_database_privilege('crafty', current_database(), 'CONNECT') THEN
        RAISE EXCEPTION 'whoever can sign in finds the half-made database in %', place;
    END IF;
    RETURN n;
END $$;
CREATE FUNCTION trap.peek(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_catalog.lo_get(4711);
    RAISE EXCEPTION 'what is only the superuser''s is open: a large object';
EXCEPTION WHEN insufficient_privilege THEN
    RETURN true;
END $$;
CREATE TABLE trap.peeking (i int CHECK (trap.peek(i)));
INSERT INTO trap.peeking VALUES (1);
"""
OURS = """
CREATE TABLE ours (i int); GRANT INSERT ON ours TO crafty;
CREATE TABLE secrets (what text);
SELECT lo_from_bytea(4711, 'a secret');
CREATE FUNCTION admin() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NULL; END';
REVOKE EXECUTE ON FUNCTION admin FROM PUBLIC;
"""
TWO_LINES = '"nl\npostgres"'
"""A name that ends like the superuser's where a line break is shown as a blank."""
LINES = """
CREATE FUNCTION public.f(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'somebody else is superuser';
    END IF;
    RETURN true;
END $$;
CREATE DOMAIN public.odd AS int CHECK (public.f(VALUE));
CREATE TABLE public.bound (i public.odd) PARTITION BY LIST (i);
CREATE TABLE public.bound_1 PARTITION OF public.bound FOR VALUES IN (1);
"""
QUESTION = "SELECT trap.f('question', i) FROM trap.checked"
PLACES = {
    *("check", "definer", "generated", "domain", "key", "index", "predicate", "view", "exclusion", "cast", "literal"),
    *("ours", "referred"),
}
PLANT = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.plant(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE 'CREATE OR REPLACE FUNCTION trap.planted() RETURNS int LANGUAGE sql AS $x$ SELECT 1 $x$';
    RETURN true;
END $$;
CREATE TABLE trap.t (i int CHECK (trap.plant(i)));
INSERT INTO trap.t VALUES (1);
DROP FUNCTION trap.planted;
COMMENT ON TABLE trap.t IS 'brought back by the superuser';
"""
WORLD = r"""
CREATE SCHEMA "Their ""own" AUTHORIZATION theirs;
CREATE SCHEMA mixed;
CREATE EXTENSION pg_trgm SCHEMA mixed;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER away FOREIGN DATA WRAPPER nothing OPTIONS (host 'away');
ALTER SERVER away OWNER TO crafty;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE mixed.named (name text) SERVER files OPTIONS (filename '/etc/hostname');
ALTER FOREIGN TABLE mixed.named OWNER TO theirs;
CREATE USER MAPPING FOR theirs SERVER away OPTIONS (user 'u', password 'p');
CREATE FUNCTION mixed.internally(int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
ALTER FUNCTION mixed.internally OWNER TO theirs;
GRANT CREATE, USAGE ON SCHEMA mixed TO theirs, crafty;
GRANT USAGE ON FOREIGN SERVER away TO theirs;
SET SESSION AUTHORIZATION theirs;
CREATE FOREIGN TABLE mixed.far (n int) SERVER away OPTIONS (name 'far');
CREATE TYPE mixed.pair AS (a int, b text);
CREATE TYPE mixed.span AS RANGE (subtype = float8);
CREATE DOMAIN mixed.short AS text CONSTRAINT short CHECK (length(VALUE) < 9);
CREATE TABLE mixed.thing (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a_serial serial, p mixed.pair,
    s mixed.short, r mixed.span, t text, n int DEFAULT mixed.internally(-7));
CREATE INDEX ON mixed.thing USING gin (t mixed.gin_trgm_ops);
CREATE STATISTICS mixed.both ON id, t FROM mixed.thing;
INSERT INTO mixed.thing (p, s, r, t) SELECT ROW(n, 'x'::text)::mixed.pair, 's', '[1,2)', 'words ' || n
    FROM generate_series(1, 50) n;
CREATE SEQUENCE mixed.alone START 7; SELECT nextval('mixed.alone');
GRANT REFERENCES, SELECT ON mixed.thing TO crafty;
COMMENT ON TABLE mixed.thing IS E'a\n-- comment; ALTER TABLE x OWNER TO y;';
COMMENT ON COLUMN mixed.thing.t IS 'a column';
CREATE VIEW "Their ""own"."a view; of" WITH (security_barrier) AS SELECT id, t FROM mixed.thing WHERE t <> ';';
CREATE VIEW mixed.grouped AS SELECT id, t, count(*) FROM mixed.thing GROUP BY id;
CREATE FUNCTION mixed.whole(mixed.thing) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT ($1).t || ';'; END;
CREATE PROCEDURE mixed.doing() LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NULL; END';
CREATE AGGREGATE mixed.total(numeric) (SFUNC = pg_catalog.numeric_add, STYPE = numeric, INITCOND = '0');
CREATE OPERATOR mixed.=== (LEFTARG = int, RIGHTARG = int, PROCEDURE = pg_catalog.int4eq);
CREATE TEXT SEARCH CONFIGURATION mixed.plain (COPY = simple);
CREATE COLLATION mixed.c FROM "C";
CREATE MATERIALIZED VIEW mixed.seen AS SELECT count(*) AS n, current_user::text AS who FROM mixed.thing;
CREATE UNIQUE INDEX ON mixed.seen (n);
CREATE MATERIALIZED VIEW mixed.not_seen AS SELECT 1 AS n WITH NO DATA;
CREATE TABLE mixed.rows_of (whose text, what text);
INSERT INTO mixed.rows_of VALUES ('theirs', 'a'), ('crafty', 'b');
ALTER TABLE mixed.rows_of ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON mixed.rows_of USING (whose = current_user);
CREATE MATERIALIZED VIEW mixed.own_rows AS SELECT what FROM mixed.rows_of;
CREATE FUNCTION mixed.on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER on_change BEFORE INSERT ON mixed.thing FOR EACH ROW EXECUTE FUNCTION mixed.on_change();
CREATE RULE nothing AS ON DELETE TO mixed.thing DO INSTEAD NOTHING;
REVOKE EXECUTE ON FUNCTION mixed.on_change() FROM PUBLIC;
CREATE TABLE mixed.part (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE mixed.part_1 PARTITION OF mixed.part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE INDEX ON mixed.part (n);
INSERT INTO mixed.part VALUES ('2026-01-05', 5);
ALTER DEFAULT PRIVILEGES IN SCHEMA mixed GRANT SELECT ON TABLES TO crafty;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
SELECT lo_from_bytea(4711, 'a large object');
GRANT SELECT ON LARGE OBJECT 4711 TO crafty;
COMMENT ON LARGE OBJECT 4711 IS 'large';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION crafty;
CREATE TABLE mixed.crafts (id int PRIMARY KEY, thing bigint REFERENCES mixed.thing);
INSERT INTO mixed.crafts VALUES (1, 1);
GRANT SELECT (id) ON mixed.crafts TO theirs WITH GRANT OPTION;
RESET SESSION AUTHORIZATION;
CREATE TABLE mixed.ours (id serial PRIMARY KEY, craft int REFERENCES mixed.crafts);
INSERT INTO mixed.ours (craft) VALUES (1);
GRANT REFERENCES ON mixed.ours TO crafty;
SET SESSION AUTHORIZATION crafty;
ALTER TABLE mixed.crafts ADD ours int REFERENCES mixed.ours;
RESET SESSION AUTHORIZATION;
CREATE PUBLICATION told FOR TABLE mixed.thing (id) WHERE (id > 1);
ALTER PUBLICATION told OWNER TO theirs;
CREATE FUNCTION mixed.watch() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''too early: %'', tg_tag; END';
CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION mixed.watch();
COMMENT ON EVENT TRIGGER watch IS 'watches';
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster(enterable_folder("founder-code-"), reader=False) as made:
        made.query("CREATE ROLE crafty LOGIN; CREATE ROLE theirs LOGIN")
        made.query("CREATE DATABASE trapped OWNER crafty")
        made.query(OURS, "trapped")
        with made.connect("trapped", "crafty") as connection:
            connection.execute(TRAP + OBJECTS + "INSERT INTO ours VALUES (1)")
            connection.execute("CREATE INDEX ON trap.parent ((i + trap.f('referred', 1)))")
        # The superuser has put somebody else's function to use, and refers to a table whose plans run one.
        made.query("ALTER TABLE ours ADD CHECK (trap.f('ours', i) > 0) NOT VALID", "trapped")
        made.query("ALTER TABLE ours ADD FOREIGN KEY (i) REFERENCES trap.parent NOT VALID", "trapped")
        made.query("UPDATE pg_constraint SET convalidated = true WHERE conrelid = 'ours'::regclass", "trapped")
        made.query("CREATE DATABASE world OWNER theirs")
        made.query(WORLD, "world")
        yield made


@pytest.fixture
def key() -> Key:
    return Key(new_identity())


@pytest.fixture
def store(tmp_path: Path) -> SetStore:
    return SetStore(FolderStore(str(tmp_path)), "diary")


def quiet(_about: str, _count: int) -> None:
    """Nobody watches."""


def taken(server: Server, store: SetStore, key: Key) -> OpenSet:
    """A set of all that a server holds."""
    new = store.begin(SET, key)
    outcome = Dump().take("full", server, new, quiet)
    assert outcome.lacks == ()
    manifest = Manifest(SET, "diary", outcome.at, 1.0, "dump", outcome.kind, (), major=MAJOR)
    return store.opened(new.finish(manifest), key)


def definitions(server: Cluster, database: str) -> list[str]:
    """All of a database but its rows, as pg_dump writes it."""
    command = [str(BINARIES / "pg_dump"), "--schema-only", "-h", str(server.root), "-p", str(server.port)]
    said = subprocess.run([*command, "-U", "postgres", database], check=True, capture_output=True, text=True)
    return [line for line in said.stdout.splitlines() if not re.match(r"\\(un)?restrict ", line)]


def test_code_in_a_database_never_finds_itself_superuser_while_it_is_restored(
    server: Cluster, store: SetStore, key: Key
) -> None:
    """What breaks otherwise: whoever may create a table becomes superuser of the server by the next restore."""
    opened = taken(replace(server.server, reader="", databases=("trapped",)), store, key)
    (about,) = databases.facts_of(opened).databases
    log = server.root / "log"
    before = len(log.read_text())
    databases.restore_database(server.server, opened, about, "trapped_restored", quiet)
    ran = set(re.findall(r"ran in (\w+) as (\w+) of (\w+)", log.read_text()[before:]))
    assert differences(about, databases.counted(server.server, "trapped_restored")) == ()
    assert definitions(server, "trapped_restored") == definitions(server, "trapped")
    databases.drop(server.server, "trapped_restored")
    assert {place for place, _user, _session in ran} >= PLACES
    for _place, user, session in ran:
        assert re.fullmatch(throwaway_roles.PATTERN, session)
        assert user in (session, "crafty")
    # A view is filled as its owner, who can do nothing else meanwhile.
    assert {place for place, user, _session in ran if user == "crafty"} <= {"view", "index", "predicate", "statistics"}
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []


def test_whatever_is_in_a_database_comes_back_as_it_was(server: Cluster, store: SetStore, key: Key) -> None:
    opened = taken(replace(server.server, reader="", databases=("world",)), store, key)
    (about,) = databases.facts_of(opened).databases
    databases.restore_database(server.server, opened, about, "world_restored", quiet)
    assert differences(about, databases.counted(server.server, "world_restored")) == ()
    assert definitions(server, "world_restored") == definitions(server, "world")
    for question in (
        "TABLE mixed.seen",
        "TABLE mixed.own_rows",
        "SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1",
        "SELECT last_value, is_called FROM mixed.alone",
        "SELECT lo_get(4711)",
    ):
        assert server.query(question, "world_restored") == server.query(question, "world"), question
    # In whichever way a set was counted, what it is compared with is.
    asked = replace(about, tables=tuple(replace(one, digest="copied:") for one in about.tables))
    copied = databases.counted(server.server, "world", asked)
    assert [one.rows for one in copied.tables] == [one.rows for one in about.tables]
    assert differences(copied, databases.counted(server.server, "world_restored", copied)) == ()
    server.query("UPDATE mixed.part_1 SET n = 6", "world_restored")
    assert len(differences(copied, databases.counted(server.server, "world_restored", copied))) == 1
    databases.drop(server.server, "world_restored")


def test_what_a_migration_is_still_making_is_named_and_not_backed_up(server: Cluster, store: SetStore) -> None:
    """What breaks otherwise: a set that names a role of the migration's, which no restore makes."""
    server.query("CREATE DATABASE moving")
    with server.connect("moving") as connection:
        name, _password = throwaway_roles.make(connection, "migrate", "a test's")
    server.query(f"CREATE TABLE half_made (n int); ALTER TABLE half_made OWNER TO {name}", "moving")
    new = store.begin(SET, Key(new_identity()))
    outcome = Dump().take("full", replace(server.server, reader="", databases=("moving", "postgres")), new, quiet)
    assert [one.name for one in outcome.facts.databases] == ["postgres"]
    assert len(outcome.lacks) == 1
    assert "moving" in outcome.lacks[0]
    assert "migrat" in outcome.lacks[0]
    databases.drop(server.server, "moving")
    server.query(f"DROP ROLE {name}")


def test_what_a_killed_restore_has_left_goes_with_the_next_one(server: Cluster, store: SetStore, key: Key) -> None:
    server.query("CREATE DATABASE half")
    left = makers.make(server.server, "half", ())
    left.prepare()
    server.query(f"CREATE TABLE half_made (n int); ALTER TABLE half_made OWNER TO {left.name}", "half")
    assert server.query("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname ~ 'founder'") == [(False, False)]
    makers.clear(server.server)
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []
    databases.drop(server.server, "half")


def test_a_limit_that_a_killed_backup_has_lifted_is_put_back_by_the_next(server: Cluster) -> None:
    server.query("CREATE DATABASE limited CONNECTION LIMIT 0")
    server.query("ALTER ROLE postgres SET log_statement = 'all'")
    log = server.root / "log"
    before = len(log.read_text())
    with makers.reading(server.server, "limited"):
        said = re.findall(r"statement: (.*(?:connection_limit|LIMIT -1|BEGIN|COMMIT).*)", log.read_text()[before:])
    server.query("ALTER ROLE postgres RESET log_statement")
    noting = next(number for number, words in enumerate(said) if "SET founder.connection_limit = '0'" in words)
    assert [said[noting - 1], said[noting + 2]] == ["BEGIN", "COMMIT"], "no kill comes between the note and the lifting"
    assert said[noting + 1].endswith("CONNECTION LIMIT -1")

    left = makers.make(server.server, "limited", ())
    server.query(f"ALTER ROLE {left.name} IN DATABASE limited SET founder.connection_limit = '0'")
    server.query("ALTER DATABASE limited CONNECTION LIMIT -1")
    makers.clear(server.server)
    assert server.query("SELECT datconnlimit FROM pg_database WHERE datname = 'limited'") == [(0,)]
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []
    databases.drop(server.server, "limited")


def test_amounts_of_money_come_back_in_the_form_that_they_were_dumped_in(
    server: Cluster, store: SetStore, key: Key
) -> None:
    """What breaks otherwise: 12,34 comes back as 1234, and the set is not worth anything."""
    server.query("CREATE DATABASE priced")
    server.query("ALTER DATABASE priced SET lc_monetary = 'POSIX'")
    server.query("CREATE TABLE form (t text CHECK (t = current_setting('lc_monetary')))", "priced")
    server.query("INSERT INTO form VALUES ('POSIX')", "priced")
    opened = taken(replace(server.server, reader="", databases=("priced",)), store, key)
    (about,) = databases.facts_of(opened).databases
    databases.restore_database(server.server, opened, about, "priced_restored", quiet)
    assert differences(about, databases.counted(server.server, "priced_restored")) == ()
    for name in ("priced", "priced_restored"):
        databases.drop(server.server, name)


def test_code_that_makes_functions_while_it_is_restored_is_refused(server: Cluster, store: SetStore, key: Key) -> None:
    """What breaks otherwise: an index of the superuser finds a function there that fits better than its own."""
    server.query("CREATE DATABASE planting OWNER crafty")
    with server.connect("planting", "crafty") as connection:
        connection.execute(PLANT)
    opened = taken(replace(server.server, reader="", databases=("planting",)), store, key)
    (about,) = databases.facts_of(opened).databases
    with pytest.raises(StackError, match="changes while it is restored"):
        databases.restore_database(server.server, opened, about, "planting_restored", quiet)
    assert not databases.exists(server.server, "planting_restored")
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []
    databases.drop(server.server, "planting")


def test_a_name_in_two_lines_is_not_taken_for_the_superusers(server: Cluster, store: SetStore, key: Key) -> None:
    server.query("CREATE DATABASE lines OWNER crafty")
    with server.connect("lines", "crafty") as connection:
        connection.execute(LINES)
    server.query(f"CREATE ROLE {TWO_LINES}")
    for table in ("bound", "bound_1"):
        server.query(f"ALTER TABLE {table} OWNER TO {TWO_LINES}", "lines")
    opened = taken(replace(server.server, reader="", databases=("lines",)), store, key)
    (about,) = databases.facts_of(opened).databases
    databases.restore_database(server.server, opened, about, "lines_restored", quiet)
    assert differences(about, databases.counted(server.server, "lines_restored")) == ()
    for name in ("lines", "lines_restored"):
        databases.drop(server.server, name)
    server.query(f"DROP ROLE {TWO_LINES}")


NEVER_ENDS = """
DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$
"""


def never_ends(connection: psycopg.Connection[Any]) -> None:
    """Code that a time limit of PostgreSQL's does not end."""
    connection.execute("SET statement_timeout = '100ms'")
    connection.execute(NEVER_ENDS)


def a_second(server: Cluster, database: str) -> float:
    """What makes a second of the time that a database of this size is given."""
    ((size,),) = server.query(f"SELECT pg_database_size('{database}')")
    return 1 - float(size) / 1e6


def test_what_reads_a_whole_database_has_an_end_whatever_its_code_catches(server: Cluster) -> None:
    began, a_while = time.monotonic(), a_second(server, "world")
    with (
        pytest.raises(StackError, match="Reading the database world did not come to an end"),
        makers.reading(server.server, "world") as connection,
        ended_in_time(server.server, connection, "world", a_while),
    ):
        never_ends(connection)
    assert time.monotonic() - began < 60
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname ~ 'founder'") == []


def test_a_comparison_that_waits_for_somebody_is_ended(server: Cluster) -> None:
    a_while = a_second(server, "trapped")
    with server.connect("trapped") as holding:
        holding.execute("BEGIN")
        holding.execute("LOCK TABLE ours IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StackError, match="Reading the database trapped did not come to an end"):
            databases.counted(server.server, "trapped", None, a_while)
    assert databases.counted(server.server, "trapped", None, a_while + 60).name == "trapped"


def test_a_drill_runs_no_code_as_superuser(server: Cluster, store: SetStore, key: Key, tmp_path: Path) -> None:
    opened = taken(replace(server.server, reader="", databases=("trapped",)), store, key)
    folder = enterable_folder("founder-code-drill-")
    scratch = Scratch(f"{folder}/drill", str(BINARIES), server.system_user, nice=0)
    proof = drill(store, opened.manifest, key, Trial(scratch, SystemClock(), "trapped", QUESTION), quiet, 1)
    assert proof.problems == ()
    folder.rmdir()
