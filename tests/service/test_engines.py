"""What every engine promises, on a real server: all that was there comes back, with its owners, rights and roles."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from founderstack.backups.postgres import databases, roles, settings, swapping
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.postgres.facts import BEGUN, COPY, begin, database_facts, differences
from founderstack.backups.postgres.session import connected
from founderstack.backups.sets.set_store import OpenSet, SetStore
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import setting_words
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.net.postgres import AT_THE_START
from founderstack.world.objects.folder import FolderStore
from tests.conftest import enterable_folder, wait_until
from tests.service.clusters import MAJOR, Cluster, cluster

SET = "20261124T033000Z-4f1c9a"
_MANY = 400
"""Tables."""
ROLES = """
CREATE ROLE owner_of_it NOLOGIN;
CREATE ROLE visitor LOGIN PASSWORD 'the visitor''s password' CONNECTION LIMIT 3;
ALTER ROLE visitor SET search_path = diary, public;
GRANT owner_of_it TO visitor WITH ADMIN OPTION;
CREATE DATABASE diary OWNER owner_of_it;
CREATE DATABASE "Odd ""name"" é";
REVOKE CONNECT ON DATABASE diary FROM PUBLIC;
GRANT CONNECT ON DATABASE diary TO visitor, backup;
ALTER DATABASE diary SET work_mem = '7MB';
ALTER ROLE visitor IN DATABASE diary SET statement_timeout = '9s';
"""
CONTENT = r"""
CREATE EXTENSION pg_trgm;
CREATE SCHEMA diary AUTHORIZATION owner_of_it;
SET SESSION AUTHORIZATION owner_of_it;
CREATE TYPE diary.mood AS ENUM ('good', 'bad');
CREATE TABLE diary.note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), body text NOT NULL,
    mood diary.mood, extra jsonb, raw bytea, cost numeric(10, 2), half double precision, tags text[],
    loud text GENERATED ALWAYS AS (upper(body)) STORED
);
CREATE INDEX ON diary.note USING gin (body public.gin_trgm_ops);
INSERT INTO diary.note (body, mood, extra, raw, cost, half, tags)
    SELECT 'note ' || n || E' ñ \\ "' || chr(9), 'good', jsonb_build_object('n', n), decode(md5(n::text), 'hex'),
    n / 7.0, 1.0 / n, ARRAY['a', NULL, n::text] FROM generate_series(1, 2000) n;
CREATE TABLE diary."Odd; table" ("a b" int, founder_row text);
INSERT INTO diary."Odd; table" VALUES (1, 'x'), (1, 'x'), (2, NULL);
CREATE TABLE diary.part (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE diary.part_1 PARTITION OF diary.part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
INSERT INTO diary.part VALUES ('2026-01-05', 5);
CREATE TABLE diary.secret (whose text, what text);
INSERT INTO diary.secret VALUES ('somebody', 'else');
ALTER TABLE diary.secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON diary.secret USING (whose = current_user);
CREATE DOMAIN diary.name AS text CHECK (VALUE <> '');
CREATE TABLE diary.parent (a int);
CREATE TABLE diary.child (own diary.name) INHERITS (diary.parent);
ALTER TABLE diary.parent ADD late text;
INSERT INTO diary.child (a, own, late) VALUES (1, 'o', 'l'), (2, 'p', NULL);
CREATE TABLE diary.taking (n int, half double precision, words varchar(9), more jsonb, at timestamptz, day date);
INSERT INTO diary.taking SELECT n, n / 3.0, 'w' || n, '{"a": 1.0}', now(), now() FROM generate_series(1, 2) n;
CREATE FUNCTION diary.as_superuser(diary.taking) RETURNS text LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''somebody else’s code, run as %'', current_user; END';
CREATE FUNCTION diary.as_superuser(diary.mood) RETURNS text LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''somebody else’s code, run as %'', current_user; END';
CREATE CAST (diary.taking AS text) WITH FUNCTION diary.as_superuser(diary.taking);
CREATE CAST (diary.mood AS text) WITH FUNCTION diary.as_superuser(diary.mood);
CREATE VIEW diary.loud AS SELECT loud FROM diary.note;
CREATE MATERIALIZED VIEW diary.count AS SELECT count(*) AS n FROM diary.note;
CREATE FUNCTION diary.again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at = now(); RETURN NEW; END';
CREATE TRIGGER again BEFORE UPDATE ON diary.note FOR EACH ROW EXECUTE FUNCTION diary.again();
REVOKE EXECUTE ON FUNCTION diary.again() FROM PUBLIC;
GRANT SELECT, INSERT ON diary.note TO visitor;
GRANT SELECT (what) ON diary.secret TO visitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA diary GRANT SELECT ON TABLES TO visitor;
RESET SESSION AUTHORIZATION;
"""


@pytest.fixture(scope="module")
def source() -> Iterator[Cluster]:
    with cluster(enterable_folder("founder-source-")) as made:
        for statement in ROLES.strip().splitlines():
            made.query(statement)
        made.query(CONTENT, "diary")
        made.query("CREATE TABLE a (n int); INSERT INTO a VALUES (7)", 'Odd "name" é')
        yield made


@pytest.fixture(scope="module")
def target() -> Iterator[Cluster]:
    with cluster(enterable_folder("founder-target-"), reader=False) as made:
        yield made


@pytest.fixture
def key() -> Key:
    return Key(new_identity())


@pytest.fixture
def store(tmp_path: Path) -> SetStore:
    return SetStore(FolderStore(str(tmp_path)), "diary")


def quiet(_about: str, _count: int) -> None:
    """Nobody watches."""


def taken(server: Server, store: SetStore, key: Key, set_id: str = SET) -> OpenSet:
    """A set of all that a server holds."""
    new = store.begin(set_id, key)
    outcome = Dump().take("full", server, new, quiet)
    manifest = Manifest(set_id, "diary", outcome.at, 1.0, "dump", outcome.kind, (), major=MAJOR)
    return store.opened(new.finish(manifest), key)


def test_everything_comes_back_with_its_owners_rights_and_roles(
    source: Cluster, target: Cluster, store: SetStore, key: Key, tmp_path: Path
) -> None:
    opened = taken(source.server, store, key)
    clear = [path for path in tmp_path.rglob("*") if path.is_file() and b"PGDMP" in path.read_bytes()[:200]]
    assert clear == [], "nothing is on the disk in clear"
    facts = databases.facts_of(opened)
    assert {one.name for one in facts.databases} == {"diary", "postgres", 'Odd "name" é'}
    roles.restore_roles(target.server, opened)
    roles.restore_roles(target.server, opened)
    for about in facts.databases:
        if about.name != "postgres":
            databases.restore_database(target.server, opened, about, about.name, quiet)
            assert differences(about, databases.counted(target.server, about.name)) == ()
    question = (
        "SELECT rolname, rolpassword, rolconnlimit, rolvaliduntil FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1"
    )
    assert target.query(question) == source.query(question), "roles with the hashes of their passwords"
    settings = "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase <> 0 OR setrole <> 0 ORDER BY 1"
    assert target.query(settings) == source.query(settings)
    size = "SELECT count(*), sum(length(raw)), max(id) FROM diary.note"
    assert target.query(size, "diary") == source.query(size, "diary")
    target.query("INSERT INTO diary.note (body) VALUES ('the sequence goes on')", "diary")
    assert target.query("SELECT max(id) FROM diary.note", "diary") == [(2001,)]


def test_a_dump_holds_one_moment_while_others_write(source: Cluster, store: SetStore, key: Key) -> None:
    """Two tables that always agree; each transaction changes both, while the dump is taken."""
    source.query("CREATE TABLE left_ (n int); CREATE TABLE right_ (n int, filler text)", "diary")
    new = store.begin(SET, key)

    class Writing:
        """Writes to both tables whenever the dump gives bytes."""

        def read(self, size: int = -1, /) -> bytes:
            source.query("INSERT INTO left_ VALUES (1); INSERT INTO right_ VALUES (1, repeat('x', 5000))", "diary")
            return b""

    class Busy:
        def add(self, name: str, kind: object, about: str, stream: object) -> object:
            Writing().read()
            return new.add(name, kind, about, stream)  # type: ignore[arg-type]

    source.query("INSERT INTO left_ VALUES (0); INSERT INTO right_ VALUES (0, '')", "diary")
    outcome = Dump().take("full", replace(source.server, databases=("diary",)), Busy(), quiet)  # type: ignore[arg-type]
    (about,) = outcome.facts.databases
    rows = {table.name: table.rows for table in about.tables}
    assert rows['"public"."left_"'] == rows['"public"."right_"'] == 1, "what came after the snapshot is not in it"
    opened = store.opened(new.finish(Manifest(SET, "diary", 0.0, 1.0, "dump", "full", (), major=MAJOR)), key)
    databases.restore_database(source.server, opened, about, "diary_copy", quiet)
    assert differences(about, databases.counted(source.server, "diary_copy")) == ()
    databases.drop(source.server, "diary_copy")
    source.query("DROP TABLE left_, right_", "diary")


def test_the_role_that_reads_can_do_nothing_else_and_what_it_is_not_shown_is_dumped_all_the_same(
    source: Cluster, store: SetStore, key: Key
) -> None:
    with source.connect("diary", "backup") as connection, pytest.raises(psycopg.Error):
        connection.execute("INSERT INTO diary.secret VALUES ('a', 'b')")
    source.query("SELECT lo_from_bytea(0, 'a large object')", "diary")
    facts = databases.facts_of(taken(source.server, store, key))
    source.query("SELECT lo_unlink(oid) FROM pg_largeobject_metadata", "diary")
    counted = {one.name: {table.name: table.rows for table in one.tables} for one in facts.databases}
    assert counted["diary"]["(large objects)"] == 1


def test_a_difference_in_one_row_one_owner_or_one_right_is_told(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "diary")
    roles.restore_roles(target.server, opened)
    databases.restore_database(target.server, opened, about, "changed", quiet)
    changes = {
        "GRANT DELETE ON diary.note TO visitor": "Owners or rights",
        "UPDATE diary.note SET body = 'other' WHERE id = 77": 'rows of table "diary"."note"',
        "UPDATE diary.taking SET words = CASE n WHEN 1 THEN 'w2' ELSE 'w1' END": 'rows of table "diary"."taking"',
        "UPDATE diary.child SET late = '' WHERE late IS NULL": 'rows of table "diary"."child"',
        'DELETE FROM diary."Odd; table" WHERE "a b" = 2': "has 2 rows; 3 were dumped",
        "DROP TABLE diary.secret": "is missing",
        "GRANT CONNECT ON DATABASE changed TO PUBLIC": "who may enter",
    }
    for change, told in changes.items():
        before = differences(about, databases.counted(target.server, "changed"))
        assert not any(told in sentence for sentence in before)
        target.query(change, "changed")
        after = differences(about, databases.counted(target.server, "changed"))
        assert any(told in sentence for sentence in after), change
    databases.drop(target.server, "changed")


def test_counting_holds_tables_alone(source: Cluster) -> None:
    """What breaks otherwise: a server with room for all tables, but not for all of their indexes as well."""
    held = """SELECT DISTINCT relkind::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'diary'::regnamespace"""
    with source.connect("diary") as connection:
        begin(connection)
        assert len(database_facts(connection).tables) > 1
        assert connection.execute(held).fetchall() == [("r",)]


def test_tables_are_not_looked_at_one_by_one(target: Cluster) -> None:
    """What breaks otherwise: 20,000 tables, each compared with the types of all, in a copy that has no statistics."""
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_sys_tables WHERE relname = 'pg_depend'"
    target.query("CREATE DATABASE many")
    made = "".join(f"CREATE TABLE t{number} (n int PRIMARY KEY);" for number in range(_MANY))
    target.query(made, "many")
    with target.connect("many") as connection:
        begin(connection)
        assert len(database_facts(connection).tables) == _MANY
        ((entries,),) = connection.execute(read).fetchall()
    assert entries < _MANY * _MANY // 4
    databases.drop(target.server, "many")


def test_who_was_removed_comes_back_as_an_owner_and_not_as_somebody_who_may_sign_in(
    source: Cluster, store: SetStore, key: Key
) -> None:
    """On the server that is used, where a copy of back then is only looked at."""
    source.query("CREATE ROLE gone SUPERUSER LOGIN PASSWORD 'known' IN ROLE owner_of_it")
    source.query("CREATE ROLE passing_1 LOGIN; CREATE ROLE demoted LOGIN IN ROLE owner_of_it")
    source.query("CREATE DATABASE theirs")
    source.query("CREATE TABLE thing (n int); ALTER TABLE thing OWNER TO gone", "theirs")
    source.query("CREATE TABLE other (n int); ALTER TABLE other OWNER TO passing_1", "theirs")
    opened = taken(source.server, store, key)
    source.query("DROP DATABASE theirs")
    source.query("DROP ROLE gone, passing_1; REVOKE owner_of_it FROM demoted; ALTER ROLE demoted SET work_mem = '1MB'")
    question = """SELECT rolname, rolsuper, rolcanlogin, rolpassword, setconfig,
        array_agg(roleid::regrole ORDER BY roleid)
        FROM pg_authid a LEFT JOIN pg_db_role_setting ON setrole = a.oid LEFT JOIN pg_auth_members ON member = a.oid
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1"""
    before = source.query(question)
    assert roles.make_roles(source.server, opened, "passing_.") == ("gone",)
    assert roles.make_roles(source.server, opened, "passing_.") == ()
    about = next(one for one in databases.facts_of(opened).databases if one.name == "theirs")
    databases.restore_database(source.server, opened, about, "looked_at", quiet)
    assert differences(about, databases.counted(source.server, "looked_at")) == ()
    after = source.query(question)
    assert ("gone", False, False, None, None, [None]) in after
    assert ("passing_1", False, False, None, None, [None]) in after
    assert [one for one in after if one[0] not in ("gone", "passing_1")] == before
    databases.drop(source.server, "looked_at")
    source.query("DROP ROLE gone, demoted, passing_1")


def test_what_belongs_to_a_former_sign_in_of_the_app_comes_back_on_a_new_machine(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    source.query("CREATE ROLE passing_2 LOGIN PASSWORD 'known' IN ROLE owner_of_it")
    source.query("CREATE DATABASE theirs")
    source.query("CREATE TABLE thing (n int); ALTER TABLE thing OWNER TO passing_2", "theirs")
    source.query("CREATE TABLE other (n int); GRANT SELECT ON other TO passing_2", "theirs")
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "theirs")
    roles.restore_roles(target.server, opened, "passing_.")
    roles.restore_roles(target.server, opened, "passing_.")
    databases.restore_database(target.server, opened, about, "theirs", quiet)
    assert differences(about, databases.counted(target.server, "theirs", about)) == ()
    asked = "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'passing_2'"
    assert target.query(asked) == [(False, None)]
    for one in (source, target):
        databases.drop(one.server, "theirs")
        one.query("DROP ROLE passing_2")


def test_one_table_comes_back_among_empty_ones(source: Cluster, target: Cluster, store: SetStore, key: Key) -> None:
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "diary")
    roles.restore_roles(target.server, opened)
    databases.restore_database(target.server, opened, about, "one", quiet, table="diary.note")
    assert target.query("SELECT count(*) FROM diary.note", "one") == [(2000,)]
    assert target.query("SELECT count(*) FROM diary.secret", "one") == [(0,)]
    with pytest.raises(StackError, match="There is no table"):
        databases.restore_database(target.server, opened, about, "one", quiet, table="diary.nowhere")
    databases.drop(target.server, "one")


def test_in_its_place_both_names_change_at_once_and_who_was_connected_finds_the_other(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "diary")
    roles.restore_roles(target.server, opened)
    target.query("CREATE DATABASE live")
    target.query("CREATE TABLE lost (n int)", "live")
    databases.restore_database(target.server, opened, about, "live_new", quiet)
    with target.connect("live") as connected:
        swapping.swap(target.server, "live", "live_new", "live_before")
        with pytest.raises(psycopg.Error):
            connected.execute("SELECT 1")
    assert target.query("SELECT count(*) FROM diary.note", "live") == [(2000,)]
    assert databases.exists(target.server, "live_before")
    for name in ("live", "live_before"):
        databases.drop(target.server, name)


def test_a_broken_dump_leaves_nothing_that_looks_restored(
    source: Cluster, target: Cluster, store: SetStore, key: Key, tmp_path: Path
) -> None:
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "diary")
    path = next(tmp_path.rglob("diary.dump.age"))
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1000] + bytes([sealed[-1000] ^ 1]) + sealed[-999:])
    roles.restore_roles(target.server, opened)
    with pytest.raises(StackError, match=r"diary\.dump\.age is damaged"):
        databases.restore_database(target.server, opened, about, "broken", quiet)
    assert not databases.exists(target.server, "broken")


def test_a_dump_of_a_later_major_is_refused_with_the_cure(target: Cluster, store: SetStore, key: Key) -> None:
    new = store.begin(SET, key)
    new.add("database/app.dump", "dump", "app", io.BytesIO(b""))
    manifest = new.finish(Manifest(SET, "diary", 0.0, 1.0, "dump", "full", (), major="99"))
    with pytest.raises(StackError) as refused:
        databases.refuse_older_server(manifest, target.server)
    assert "99 or later" in refused.value.fix


def test_a_server_that_is_away_is_told(tmp_path: Path, store: SetStore, key: Key) -> None:
    nowhere = Server("/usr/bin", str(tmp_path), 5999, "", reader="backup")
    with pytest.raises(StackError, match="cannot be asked"):
        Dump().take("full", nowhere, store.begin(SET, key), quiet)


@pytest.fixture
def odd(target: Cluster) -> Iterator[Cluster]:
    """A server with a database in every state that there is."""
    names = ("app", "closed", "dropping", "limited", "broken", "template", "was_a_copy", "app_restored")
    for name in names:
        target.query(f"CREATE DATABASE {name}")
    for name in ("was_a_copy", "app_restored"):
        target.query(f"COMMENT ON DATABASE {name} IS '{COPY}'")
    target.query(f"CREATE DATABASE half_restored ALLOW_CONNECTIONS false CONNECTION LIMIT {BEGUN}")
    target.query("ALTER DATABASE closed ALLOW_CONNECTIONS false")
    target.query("ALTER DATABASE limited CONNECTION LIMIT 0")
    target.query("ALTER DATABASE template IS_TEMPLATE true")
    target.query("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'dropping'")
    target.query("CREATE SCHEMA lost; CREATE TABLE lost.one (n int)", "broken")
    target.query("DELETE FROM pg_namespace WHERE nspname = 'lost'", "broken")
    yield target
    target.query("ALTER DATABASE template IS_TEMPLATE false")
    for name in (*names, "half_restored"):
        databases.drop(target.server, name)


def test_a_database_that_cannot_be_dumped_is_named_and_takes_no_other_with_it(
    odd: Cluster, store: SetStore, key: Key
) -> None:
    server = replace(odd.server, reader="", needed="app")
    new = store.begin(SET, key)
    outcome = Dump().take("full", server, new, quiet)
    dumped = ["app", "limited", "postgres", "template", "was_a_copy"]
    beside = {'Odd "name" é', "diary"}  # other tests may have left them here
    assert [about.name for about in outcome.facts.databases if about.name not in beside] == dumped
    assert [file.about for file in new.files if file.kind == "dump" and file.about not in beside] == dumped
    assert [text.split(" is not in it")[0] for text in outcome.lacks] == [
        f"The database {name}" for name in ("broken", "closed", "dropping")
    ]
    assert "pg_dump" in outcome.lacks[0]
    assert 'ALTER DATABASE "closed" ALLOW_CONNECTIONS true;' in outcome.lacks[1]
    assert 'DROP DATABASE "dropping";' in outcome.lacks[2]


def test_a_set_without_the_database_of_the_app_says_so(target: Cluster, store: SetStore, key: Key) -> None:
    outcome = Dump().take("full", replace(target.server, reader="", needed="app"), store.begin(SET, key), quiet)
    assert outcome.lacks == ("The database app is not in it: the server has none of that name.",)
    assert outcome.at > 1_700_000_000


def test_what_an_interrupted_swap_has_closed_is_opened_and_what_somebody_closed_stays_closed(target: Cluster) -> None:
    for name in ("app", "other", "other_restoring", "archived"):
        target.query(f"CREATE DATABASE {name}")
        if name != "other_restoring":
            target.query(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    target.query(f"COMMENT ON DATABASE other_restoring IS '{COPY}'")
    assert swapping.opened_again(target.server, "app") == ("app", "other")
    assert swapping.opened_again(target.server, "app") == ()
    assert target.query("SELECT 1", "app") == target.query("SELECT 1", "other") == [(1,)]
    for name in ("app", "other", "other_restoring", "archived"):
        databases.drop(target.server, name)


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        # Kept raw by SET … FROM CURRENT, which everybody may say for himself.
        ("search_path", "public;ALTER/**/ROLE/**/crafty/**/SUPERUSER"),
        ("search_path", '"$user", diary,"A ""b"", c"'),
        ("search_path", '""'),
        ("search_path", "a,\n b,\r\n c"),
        pytest.param("search_path", f'"{"b" * 200_000}"', id="a very long name"),
        ("app.user", "it's, \\ one"),
        ("datestyle", "ISO, DMY"),
        ("statement_timeout", "9s"),
    ],
)
def test_settings_come_back_as_they_were_kept_and_none_is_sql(target: Cluster, setting: str, kept: str) -> None:
    for made in ("ROLE crafty LOGIN", "DATABASE live", "DATABASE live_restored"):
        target.query(f"CREATE {made}")
    whose = 'ALTER ROLE crafty IN DATABASE live SET "' + setting.replace(".", '"."') + '" FROM CURRENT'
    with target.connect("live", target.server.superuser) as connection:
        connection.execute("SELECT set_config(%s, %s, false)", (setting, kept))
        connection.execute(whose.encode())
    with connected(target.server, "live", target.server.superuser) as connection:
        begin(connection)
        about = database_facts(connection)
    assert [text.partition("=")[2] for _role, text in about.settings] == [kept]
    assert settings.give(target.server, settings.of_database(about, "live_restored")) == ()
    with connected(target.server, "live_restored", target.server.superuser) as connection:
        begin(connection)
        assert _names(database_facts(connection).settings) == _names(about.settings)
    assert target.query("SELECT rolsuper FROM pg_roles WHERE rolname = 'crafty'") == [(False,)]
    for name in ("live", "live_restored"):
        databases.drop(target.server, name)
    target.query("DROP ROLE crafty")


def _names(kept: tuple[tuple[str, str], ...]) -> list[tuple[str, list[str]]]:
    """Each setting as the list that PostgreSQL reads in it: a name may come back in quotes."""
    return [(text.partition("=")[0], setting_words(*text.split("=", 1))) for _role, text in kept]


def test_a_setting_that_a_server_refuses_is_named_and_all_else_comes_back(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    """What breaks otherwise: a locale or library that is not there takes a database, or all roles, with it."""
    for said in ("ROLE writer LOGIN", "ROLE zoe LOGIN", "DATABASE live"):
        source.query(f"CREATE {said}")
    for said in ("lc_time = 'C'", "session_preload_libraries = 'not_here', 'nor_here'", "work_mem = '3MB'"):
        source.query(f"ALTER ROLE writer SET {said}")
    source.query("ALTER ROLE zoe SET work_mem = '4MB'")
    for said in ("lc_monetary = 'C'", "lc_time = 'C'", "work_mem = '5MB'"):
        source.query(f"ALTER DATABASE live SET {said}")
    source.query("ALTER ROLE writer IN DATABASE live SET lc_messages = 'C'")
    source.query("CREATE TABLE paid AS SELECT '1234.50'::money AS amount", "live")
    source.query("""UPDATE pg_db_role_setting SET setconfig =
        (SELECT array_agg(regexp_replace(one, '^(lc_.*)=C$', '\\1=zz_ZZ.UTF-8')) FROM unnest(setconfig) AS one)""")
    opened = taken(replace(source.server, databases=("live",)), store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "live")
    try:
        of_roles = roles.restore_roles(target.server, opened)
        of_database = databases.restore_database(target.server, opened, about, "live", quiet)
        assert [text.partition(", which")[0] for text in (*of_roles, *of_database)] == [
            "Role writer: this server refuses the setting lc_time",
            "Role writer: this server refuses the setting session_preload_libraries",
            "Database live: this server refuses the setting lc_monetary",
            "Database live: this server refuses the setting lc_time",
            "Role writer in the database live: this server refuses the setting lc_messages",
        ]
        assert "zz_ZZ.UTF-8" in of_roles[0]
        assert "not_here" in of_roles[1]
        assert differences(about, databases.counted(target.server, "live", about)) == ()
        kept = "SELECT rolname, rolconfig FROM pg_roles WHERE rolname IN ('writer', 'zoe') ORDER BY 1"
        assert target.query(kept) == [("writer", ["work_mem=3MB"]), ("zoe", ["work_mem=4MB"])]
        assert target.query("SHOW work_mem", "live") == [("5MB",)]
        assert target.query("SELECT amount = '1234.50'::money FROM paid", "live") == [(True,)]
    finally:
        for one in (source, target):
            databases.drop(one.server, "live")
            one.query("DROP ROLE IF EXISTS writer, zoe")


def test_nothing_is_loaded_that_somebody_has_named_in_a_folder_of_their_own(
    source: Cluster, target: Cluster, store: SetStore, key: Key, tmp_path: Path
) -> None:
    """What breaks otherwise: any role names a library for itself, and the superuser of a drill runs what is in it."""
    trap = tmp_path / "trap.so"
    os.mkfifo(trap)  # whoever opens it to load it waits for ever
    for said in ("ROLE crafty LOGIN", "DATABASE live OWNER crafty"):
        source.query(f"CREATE {said}")
    for whose in ("ROLE crafty", "DATABASE live", "ROLE crafty IN DATABASE live"):
        for library in (f"{trap}", "$libdir/plugins/../trap"):
            source.query(f"ALTER {whose} SET local_preload_libraries = '{library}'")
    source.query(f"ALTER DATABASE live SET local_preload_libraries = '{trap}'")
    opened = taken(replace(source.server, databases=("live",)), store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "live")
    try:
        of_roles = roles.restore_roles(target.server, opened)
        of_database = databases.restore_database(target.server, opened, about, "live", quiet)
        why = "does not lie in $libdir/plugins/, where PostgreSQL looks for it"
        assert [text.rpartition(": ")[2] for text in (*of_roles, *of_database)] == [
            f"$libdir/plugins/../trap {why}",
            f"{trap} {why}",
            f"$libdir/plugins/../trap {why}",
        ]
        kept = "SELECT setconfig FROM pg_db_role_setting, unnest(setconfig) AS one WHERE one LIKE 'local_preload%'"
        assert target.query(kept) == []
    finally:
        for one in (source, target):
            databases.drop(one.server, "live")
            one.query("DROP ROLE IF EXISTS crafty")


def test_who_keeps_coming_back_to_the_restored_one_holds_up_no_swap(target: Cluster) -> None:
    """A tool that visits every database, or anybody with a login."""
    for name in ("app", "app_restoring"):
        target.query(f"CREATE DATABASE {name}")
    ended, visits = threading.Event(), []

    def visit() -> None:
        while not ended.is_set():
            with suppress(psycopg.Error), target.connect("app_restoring") as connection:
                while not ended.is_set():
                    connection.execute("SELECT 1")
                    visits.append(1)

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for one in visitors:
        one.start()
    try:
        wait_until(lambda: len(visits) > 20, "it is visited")
        swapping.swap(target.server, "app", "app_restoring", "app_replaced")
    finally:
        ended.set()
        for one in visitors:
            one.join(30)
    assert target.query("SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'app%' ORDER BY 1") == [
        ("app", True), ("app_replaced", False),
    ]  # fmt: skip
    for name in ("app", "app_replaced"):
        databases.drop(target.server, name)


@pytest.mark.parametrize("change", ["ALTER DATABASE app CONNECTION LIMIT 50", "COMMENT ON DATABASE app IS 'mine'"])
@pytest.mark.parametrize("inside", ["app", "kept_copy"])
def test_who_has_changed_the_database_in_a_transaction_that_stays_open_holds_up_no_swap(
    target: Cluster, inside: str, change: str
) -> None:
    target.query("CREATE ROLE hanging LOGIN")
    for name in ("app", "app_restoring", "kept_copy"):
        target.query(f"CREATE DATABASE {name} OWNER hanging")
    try:
        with target.connect(inside, "hanging") as hanging, target.connect("kept_copy") as innocent:
            hanging.execute(f"BEGIN; {change}")
            innocent.execute("BEGIN; SELECT datname FROM pg_database")
            swapping.swap(target.server, "app", "app_restoring", "app_replaced")
            innocent.execute("COMMIT")
            hanging.close()
        assert target.query("SELECT datallowconn, datconnlimit FROM pg_database WHERE datname = 'app'") == [(True, -1)]
    finally:
        for name in ("app", "app_restoring", "app_replaced", "kept_copy"):
            databases.drop(target.server, name)
        target.query("DROP ROLE hanging")


def test_what_no_session_holds_is_named_and_the_database_stays_as_it_was(target: Cluster) -> None:
    for name in ("app", "app_restoring"):
        target.query(f"CREATE DATABASE {name}")
    target.query("CREATE TABLE kept (n int)", "app")
    try:
        with target.connect() as connection:
            connection.execute("BEGIN; ALTER DATABASE app CONNECTION LIMIT 50")
            connection.execute("PREPARE TRANSACTION 'left_behind'")
        with pytest.raises(StackError, match="The database app is held on to") as refused:
            swapping.swap(target.server, "app", "app_restoring", "app_replaced")
        assert "the prepared transaction left_behind of postgres (database postgres)" in refused.value.why
        assert target.query("TABLE kept", "app") == []
        assert target.query("SELECT datallowconn FROM pg_database WHERE datname LIKE 'app%'") == [(True,), (True,)]
    finally:
        target.query("ROLLBACK PREPARED 'left_behind'")
        for name in ("app", "app_restoring", "app_replaced"):
            databases.drop(target.server, name)


def test_a_database_is_opened_again_though_its_owner_holds_on_to_it(target: Cluster) -> None:
    target.query("CREATE ROLE hanging LOGIN")
    target.query("CREATE DATABASE app OWNER hanging ALLOW_CONNECTIONS false")
    try:
        with target.connect("postgres", "hanging") as hanging:
            hanging.execute("BEGIN; ALTER DATABASE app CONNECTION LIMIT 50")
            assert swapping.opened_again(target.server, "app") == ("app",)
            hanging.close()
    finally:
        databases.drop(target.server, "app")
        target.query("DROP ROLE hanging")


@pytest.mark.parametrize("ended", [KeyboardInterrupt, StackError("It broke", "It did.", "Mend it.")])
def test_a_restore_that_is_ended_waits_for_nobody_and_the_next_one_cleans_up(
    target: Cluster, store: SetStore, key: Key, ended: BaseException | type[BaseException]
) -> None:
    target.query("CREATE DATABASE mine")
    target.query("CREATE ROLE maker_of_it; CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", "mine")
    target.query("ALTER TABLE kept OWNER TO maker_of_it", "mine")
    opened = taken(replace(target.server, reader="", databases=("mine",)), store, key)
    (about,) = databases.facts_of(opened).databases

    def end(_about: str, _count: int) -> None:
        if not target.query("SELECT FROM pg_prepared_xacts"):
            with target.connect() as connection:
                connection.execute("BEGIN; COMMENT ON DATABASE mine_restored IS 'mine'")
                connection.execute("PREPARE TRANSACTION 'holding_on'")
        raise ended

    makers_there = "SELECT rolname FROM pg_roles WHERE rolname ~ '^founder_restore_'"
    try:
        began = time.monotonic()
        with pytest.raises(ended if isinstance(ended, type) else type(ended)) as told:
            databases.restore_database(target.server, opened, about, "mine_restored", end)
        assert time.monotonic() - began < 60
        assert "held on to" not in str(told.value)
        assert databases.exists(target.server, "mine_restored"), "somebody holds on to it"
        target.query("ROLLBACK PREPARED 'holding_on'")
        databases.restore_database(target.server, opened, about, "mine_restored", quiet)
        assert target.query("TABLE kept", "mine_restored") == [(7,)]
        assert target.query(makers_there) == []
    finally:
        for name in ("mine", "mine_restored"):
            databases.drop(target.server, name)
        target.query("DROP ROLE maker_of_it")


def test_a_restore_removes_no_database_but_its_own(target: Cluster, store: SetStore, key: Key) -> None:
    target.query("CREATE DATABASE mine")
    target.query("CREATE TABLE kept (n int)", "mine")
    opened = taken(replace(target.server, reader="", databases=("mine",)), store, key)
    (about,) = databases.facts_of(opened).databases
    for name in ("mine_restored", "mine_replaced"):
        target.query(f"CREATE DATABASE {name}")
        with pytest.raises(StackError, match=f"There is a database {name} already"):
            databases.restore_database(target.server, opened, about, name, quiet)
        assert databases.exists(target.server, name)
        databases.drop(target.server, name)
    # So a restore leaves it that is killed right after PostgreSQL has made it.
    target.query(f"CREATE DATABASE mine_restored ALLOW_CONNECTIONS false CONNECTION LIMIT {BEGUN}")
    databases.restore_database(target.server, opened, about, "mine_restored", quiet)
    databases.restore_database(target.server, opened, about, "mine_restored", quiet)
    swapping.swap(target.server, "mine", "mine_restored", "mine_replaced")
    databases.drop_copy(target.server, "mine_replaced")
    databases.drop(target.server, "mine")


def test_what_lies_in_a_tablespace_comes_back_and_nothing_touches_its_folder(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    folder = source.root / "elsewhere"
    folder.mkdir()
    if source.system_user:
        shutil.chown(folder, source.system_user)
    source.query(f"CREATE TABLESPACE elsewhere LOCATION '{folder}'")
    source.query("GRANT CREATE ON TABLESPACE elsewhere TO visitor; COMMENT ON TABLESPACE elsewhere IS 'mine'")
    source.query("CREATE DATABASE spread")
    source.query("CREATE TABLE far (n int) TABLESPACE elsewhere; INSERT INTO far VALUES (7)", "spread")
    where = "SELECT count(*) FROM pg_class JOIN pg_tablespace t ON t.oid = reltablespace WHERE spcname = 'elsewhere'"
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "spread")
    for cluster_, found in ((target, 0), (source, 1)):
        roles.restore_roles(cluster_.server, opened)
        databases.restore_database(cluster_.server, opened, about, "spread_restored", quiet)
        assert differences(about, databases.counted(cluster_.server, "spread_restored")) == ()
        assert cluster_.query(where, "spread_restored") == [(found,)]
        databases.drop(cluster_.server, "spread_restored")
    databases.drop(source.server, "spread")
    source.query("DROP TABLESPACE elsewhere")


def test_locale_limit_and_template_of_a_database_come_back(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    source.query("CREATE DATABASE german TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'")
    source.query("ALTER DATABASE german CONNECTION LIMIT 7 IS_TEMPLATE true")
    opened = taken(source.server, store, key)
    about = next(one for one in databases.facts_of(opened).databases if one.name == "german")
    roles.restore_roles(target.server, opened)
    databases.restore_database(target.server, opened, about, "german_restored", quiet)
    now = databases.counted(target.server, "german_restored")
    assert now.locale[0] == "i"
    assert (now.locale, now.limit, now.template) == (about.locale, 7, True)
    databases.drop(target.server, "german_restored")
    databases.drop(source.server, "german")


def test_tables_in_the_database_that_every_server_has_come_back_in_their_place(
    target: Cluster, store: SetStore, key: Key
) -> None:
    target.query("CREATE TABLE mine (n int); INSERT INTO mine VALUES (7)")
    opened = taken(replace(target.server, reader="", databases=("postgres",)), store, key)
    (about,) = databases.facts_of(opened).databases
    target.query("UPDATE mine SET n = 8")
    databases.restore_database(target.server, opened, about, "postgres_restoring", quiet)
    swapping.swap(target.server, "postgres", "postgres_restoring", "postgres_replaced")
    assert target.query("TABLE mine") == [(7,)]
    databases.drop_copy(target.server, "postgres_replaced")
    target.query("DROP TABLE mine")


def test_quoted_texts_about_roles_come_back_and_run_nothing(
    source: Cluster, target: Cluster, store: SetStore, key: Key
) -> None:
    """What breaks otherwise: whoever may set his own role, or write a comment, is given a superuser by a restore."""
    source.query("CREATE ROLE writer LOGIN")
    source.query("""ALTER ROLE writer SET search_path = "$user", public, "x\n-- y" """)
    source.query("ALTER ROLE writer SET application_name = '; CREATE ROLE intruder SUPERUSER LOGIN; --'")
    source.query("COMMENT ON ROLE writer IS E'Bob\n-- he''s the accountant\n\\\\connect'")
    source.query('CREATE ROLE "a\n-- b" LOGIN')
    opened = taken(source.server, store, key)
    told = """SELECT rolname, rolconfig, shobj_description(oid, 'pg_authid') FROM pg_roles
        WHERE rolname IN ('writer', E'a\\n-- b') OR rolname ~ 'intruder' ORDER BY 1"""
    try:
        for _again in range(2):
            roles.restore_roles(target.server, opened)
            assert target.query(told) == source.query(told)
            assert len(target.query(told)) == 2
    finally:
        for one in (source, target):
            one.query('DROP ROLE IF EXISTS writer, intruder, "a\n-- b"')


PATH_OF_ITS_OWNER = """
CREATE SCHEMA trap;
CREATE FUNCTION trap.same(a text, b text) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'code of the owner runs as %', session_user; END $$;
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.same);
CREATE TABLE trap.t (i int);
ALTER DATABASE live SET search_path = trap, pg_catalog;
"""


@pytest.mark.parametrize("limit", ["-1", "50"])  # with one, the superuser takes the dump
def test_no_operator_on_the_path_of_a_databases_owner_is_met(
    source: Cluster, store: SetStore, key: Key, limit: str
) -> None:
    source.query("CREATE ROLE crafty LOGIN")
    source.query(f"CREATE DATABASE live OWNER crafty CONNECTION LIMIT {limit}")
    server = replace(source.server, databases=("live",))
    try:
        with source.connect("live", "crafty") as connection:
            connection.execute(PATH_OF_ITS_OWNER)
        opened = taken(server, store, key)
        (about,) = databases.facts_of(opened).databases
        databases.restore_database(server, opened, about, "live_restored", quiet)
        swapping.swap(server, "live", "live_restored", "live_replaced")
        assert differences(about, databases.counted(server, "live", about)) == ()
    finally:
        for name in ("live", "live_restored", "live_replaced"):
            databases.drop(server, name)
        source.query("DROP ROLE crafty")


@pytest.mark.parametrize("name", ["x=y", "dbname=postgres", "postgres://127.0.0.1", 'it\'s \\ "odd"'])
def test_a_name_is_no_connection_string_and_the_owners_settings_hold_for_the_app_alone(
    target: Cluster, store: SetStore, key: Key, name: str
) -> None:
    """What breaks otherwise: a database that is in no backup, or that no restore can compare."""
    database = '"' + name.replace('"', '""') + '"'
    target.query("CREATE ROLE somebody")
    target.query(f"CREATE DATABASE {database}")
    target.query("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", name)
    times = ("idle_in_transaction_session_timeout", "idle_session_timeout", "statement_timeout", "lock_timeout")
    limits = ("transaction_timeout",) if int(MAJOR) >= 17 else ()
    whole = "".join(f" -c {name}=0" for name in limits)
    for setting in (*times, *limits):
        target.query(f"ALTER DATABASE {database} SET {setting} = '1ms'")
    for setting, value in (("client_encoding", "SQL_ASCII"), ("role", "somebody"), ("local_preload_libraries", "no")):
        target.query(f"ALTER DATABASE {database} SET {setting} = '{value}'")
    for setting in ("isolation = serializable", "deferrable = on", "read_only = on"):
        target.query(f"ALTER DATABASE {database} SET default_transaction_{setting}")
    try:
        with target.connect(name, options=f"-c role=none -c local_preload_libraries= {AT_THE_START}{whole}") as busy:
            busy.execute("BEGIN READ WRITE; INSERT INTO public.kept VALUES (8)")
            opened = taken(replace(target.server, reader="", databases=(name,)), store, key)
            busy.execute("ROLLBACK")
        (about,) = databases.facts_of(opened).databases
        for _again in range(2):
            databases.restore_database(target.server, opened, about, "named_restored", quiet)
            assert differences(about, databases.counted(target.server, "named_restored")) == ()
    finally:
        for one in ("named_restored", name):
            databases.drop(target.server, one)
        target.query("DROP ROLE somebody")
