"""Leaving a Supabase-shaped source: what arrives, object by object, and what the plan said about it beforehand."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest

from founderstack.migration.database import policy_sample, tables
from founderstack.migration.report import report
from founderstack.migration.run import Migration
from founderstack.migration.values import Item
from founderstack.world.keys.report_signature import signed
from tests.conftest import enterable_folder
from tests.service.clusters import Cluster
from tests.service.moves import Told, address_of, differing, empty_target, migration
from tests.service.supabase_source import SupabaseSource, person, supabase_source

ACTIVITY = """
SELECT sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del) FROM pg_stat_user_tables
"""
CATALOGUE = """
SELECT md5(string_agg(line, '' ORDER BY line)) FROM (
    SELECT ROW(oid, relname, relowner, relacl, relfilenode, relrowsecurity, reloptions, relreplident)::text AS line
    FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT p::text FROM pg_proc AS p WHERE oid >= 16384 UNION ALL SELECT r::text FROM pg_roles AS r
    UNION ALL SELECT p::text FROM pg_policy AS p UNION ALL SELECT t::text FROM pg_trigger AS t
    UNION ALL SELECT s::text FROM pg_db_role_setting AS s UNION ALL SELECT p::text FROM pg_publication AS p
    UNION ALL SELECT s::text FROM pg_replication_slots AS s) AS lines
"""


@dataclass
class Moved:
    """A source, where it went, and what was said before and after."""

    source: SupabaseSource
    target: Cluster
    migration: Migration
    items: list[Item]
    before: list[tuple[Any, ...]]

    def same(self, query: str) -> list[tuple[Any, ...]]:
        """What both sides answer, which must be the same."""
        here, there = self.target.query(query, "app"), self.source.query(query)
        assert here == there
        return here

    def fates(self, kind: str) -> dict[str, str]:
        return {item.name: item.fate for item in self.items if item.kind == kind}


@pytest.fixture(scope="module")
def moved(supabase_built: Path) -> Iterator[Moved]:
    """A source of its own, moved once for all tests of this file."""
    folder = enterable_folder("founder-moved-")
    with (
        supabase_source(folder / "source", copy_of=supabase_built) as source,
        empty_target(folder / "target") as target,
    ):
        before = source.query(CATALOGUE) + source.query(ACTIVITY)
        move = migration(address_of(source), target, folder / "state")
        _facts, items = move.plan()
        move.run()
        yield Moved(source, target, move, items, before)
    shutil.rmtree(folder)


def test_the_source_is_as_it_was(moved: Moved) -> None:
    moved.source.query("SELECT pg_stat_force_next_flush()")
    assert moved.source.query(CATALOGUE) + moved.source.query(ACTIVITY) == moved.before
    with moved.migration.source.connect() as session, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        session.execute("CREATE TABLE public.not_here ()")


def test_nothing_differs_and_the_report_is_signed(moved: Moved) -> None:
    findings = moved.migration.verify()
    assert differing(findings) == []
    document = report.verified_document("there", "here", 0, findings)
    folder = Path(moved.migration.folder)
    report.save_verified(str(folder), document)
    content, signature = (folder / "verified.json").read_bytes(), (folder / "verified.json.sig").read_text()
    key = (folder / "signing.key.pub").read_text()
    assert signed(content, signature, key)
    assert not signed(content.replace(b'"ok": true', b'"ok": True', 1), signature, key)
    assert "Nothing differs" in (folder / "verified.html").read_text()


def test_a_difference_is_found_and_named(moved: Moved) -> None:
    changes = {
        "rows: shop.events_dup": (
            "INSERT INTO shop.events_dup VALUES ('same', '2026-01-01')",
            "TRUNCATE shop.events_dup; INSERT INTO shop.events_dup SELECT 'same', '2026-01-01'"
            " FROM generate_series(1, 3); INSERT INTO shop.events_dup VALUES (NULL, NULL)",
        ),
        "rights: table public.user_roles": (
            "GRANT SELECT ON public.user_roles TO anon",
            "REVOKE SELECT ON public.user_roles FROM anon",
        ),
        'finish: "Own todos" on public.todos': (
            'ALTER POLICY "Own todos" ON public.todos USING (true)',
            'ALTER POLICY "Own todos" ON public.todos USING (owner = auth.uid())',
        ),
        "what authenticated A sees and may change in public.todos": (
            'ALTER POLICY "Own todos" ON public.todos USING (true)',
            'ALTER POLICY "Own todos" ON public.todos USING (owner = auth.uid())',
        ),
    }
    changes |= {
        "rights: function extensions.digest(pg_catalog.text": (
            "REVOKE EXECUTE ON FUNCTION extensions.digest(text, text) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION extensions.digest(text, text) TO PUBLIC",
        ),
        "platform, written anew: auth.uid()": (
            "CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT id FROM auth.users'",
            files("founderstack.migration").joinpath("shim/auth.sql").read_text(),
        ),
        "roles: memberships of roles: authenticator → authenticated": (
            "GRANT authenticated TO authenticator WITH ADMIN OPTION",
            "REVOKE ADMIN OPTION FOR authenticated FROM authenticator",
        ),
        "roles: owner of the database: source_postgres": (
            "ALTER DATABASE app OWNER TO source_postgres",
            "ALTER DATABASE app OWNER TO app",
        ),
    }
    for change, _back in changes.values():
        moved.target.query(change, "app")
    found = differing(moved.migration.verify())
    for _change, back in changes.values():
        moved.target.query(back, "app")
    for named in changes:
        assert any(named in line for line in found), (named, found)
    assert differing(moved.migration.verify()) == []


# One row, and what each of its values is not: another one of the same table must never have the same digest.
ODD = (
    "ARRAY[true, false]::bool[], '{1,2}'::int[], 1::int2, 2::int4, 3::int8, 1.0::numeric, 0::float8, 'a'::text,"
    " 'a'::varchar, 'a'::char(3), 'a'::citext, '\\x00'::bytea, '1 month'::interval, now(), now()::timestamp,"
    " '24:00'::time, 'infinity'::date, '{\"a\": 1.0}'::jsonb, '{\"a\":1}'::json, 'free'::public.plan,"
    " gen_random_uuid(), 1.5::numeric"
)
OTHERS = {
    4: "12884901888",  # the same halves, the other way round
    5: "1.00::numeric",
    6: "'-0'::float8",
    8: "'A'::varchar",
    9: "'b'::char(3)",
    10: "'A'::citext",
    12: "'30 days'::interval",
    15: "'00:00'::time",
    17: "'{\"a\": 1}'::jsonb",
    18: "'{\"a\": 1}'::json",
    19: "'pro'::public.plan",
    21: "NULL",
}


def test_rows_that_differ_have_other_digests(moved: Moved) -> None:
    def digest() -> object:
        (table,) = tables.read(target, ["public.odd"], masks=False)
        assert tables.fingerprint(target, table, 4, at_source=True)  # in groups as well
        return tables.fingerprint(target, table, 1, at_source=True)[0]

    columns = ", ".join(f"c{place}" for place in range(22))
    with moved.target.connect("app") as target, target.transaction(force_rollback=True):
        target.execute("SET LOCAL search_path = public, extensions, pg_catalog")
        target.execute(f"CREATE TABLE odd AS SELECT * FROM (VALUES ({ODD}), ({ODD})) AS given ({columns})")
        target.execute("UPDATE odd SET c7 = 'b', c3 = 5 WHERE ctid = '(0,1)'")
        digests = [digest()]
        for place, value in OTHERS.items():
            with target.transaction(force_rollback=True):
                target.execute(f"UPDATE odd SET c{place} = {value} WHERE c7 = 'a'")
                digests.append(digest())
        for swapped in ("c7", "c3"):  # the same values, in other rows
            other = f"(SELECT {swapped} FROM odd AS other WHERE other.ctid <> odd.ctid)"
            with target.transaction(force_rollback=True):
                target.execute(f"UPDATE odd SET {swapped} = {other}")
                digests.append(digest())
    assert len(set(digests)) == 1 + len(OTHERS) + 2


def test_rows_of_whom_it_is_tried_are_among_those_that_are_tried(moved: Moved) -> None:
    """However few they are: a policy that shows nobody their own rows must not pass for want of such rows."""
    with moved.target.connect("app") as both, both.transaction(force_rollback=True):
        both.execute("CREATE TABLE public.large (a int, b text, owner uuid, PRIMARY KEY (a, b))")
        both.execute("ALTER TABLE public.large ENABLE ROW LEVEL SECURITY")
        both.execute(
            "INSERT INTO public.large SELECT n, 'it''s', gen_random_uuid() FROM generate_series(1, 60000) AS n"
        )
        both.execute("INSERT INTO public.large VALUES (-1, 'mine', %s), (-2, 'mine', %s)", (person(7), person(7)))
        both.execute("ANALYZE public.large")
        chosen = policy_sample.own(both, both, policy_sample.choose(both, both, ["public.large"]), [str(person(7))])
        assert {("-1", "mine"), ("-2", "mine")} < chosen[0].keys
        assert 100 < len(chosen[0].keys) < 2000
        tried = both.execute(f"SELECT count(*) FROM public.large{chosen[0].where}").fetchone()
        assert tried == (len(chosen[0].keys),)
        assert policy_sample.people(both, both, chosen)[0][0] == str(person(7))


def test_the_plan_lists_every_object_and_keeps_its_word(moved: Moved) -> None:
    planned = {one.item.name: one.item.fate for one in moved.migration.context("again.dump").objects}
    assert Counter(item.fate for item in moved.items)["blocker"] == 0
    listed = {item.name for item in moved.items}
    tables = (
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^inf'"
    )
    members = "SELECT objid::regclass::text FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass"
    of_extensions = {name for (name,) in moved.source.query(members)}
    assert {name for (name,) in moved.source.query(tables)} - listed - of_extensions == set()
    arrived = {name for (name,) in moved.target.query(tables, "app")}
    said = {name for name, fate in moved.fates("table").items() if fate in ("moved", "converted")}
    assert {name for name in arrived if not name.startswith(("founder_migration.", "vault."))} == said
    counts = {item.name: item.count for item in moved.items if item.kind == "rows of"}
    assert counts == {name: moved.target.query(f"SELECT count(*) FROM ONLY {name}", "app")[0][0] for name in counts}
    assert planned["public.todos"] == "moved"


def test_one_page_and_json_say_the_same(moved: Moved) -> None:
    folder = Path(moved.migration.folder)
    facts, items = moved.migration.plan()
    page = Path(report.save_plan(str(folder), facts, items)).read_text()
    document = json.loads((folder / "plan.json").read_text())
    assert document["counts"]["moved"] == sum(item.fate == "moved" for item in items)
    assert "public.todos" in page
    assert "Tabla &quot;&quot;rara&quot;&quot;" in page
    assert "a mail key that nobody may see" not in page + json.dumps(document)
    lines = "\n".join(report.plan_lines(facts, items))
    assert "stays behind" in lines
    assert "requests from the app itself" in lines
    assert "requests from the app itself" in page, "each of several missing extensions has its own replacement"


def test_revoked_grants_stay_revoked(moved: Moved) -> None:
    def may(role: str, table: str, verb: str) -> bool:
        return bool(moved.target.query(f"SELECT has_table_privilege('{role}', '{table}', '{verb}')", "app")[0][0])

    assert not may("anon", "public.user_roles", "SELECT")
    assert not may("anon", "public.secrets_of_staff", "SELECT")
    assert may("authenticated", "public.user_roles", "SELECT")
    assert not may("anon", "public.profiles", "SELECT")
    columns = "SELECT has_column_privilege('anon', 'public.profiles', '%s', 'SELECT')"
    assert moved.target.query(columns % "handle", "app") == [(True,)]
    assert moved.target.query(columns % "email", "app") == [(False,)]
    assert moved.same("SELECT has_function_privilege('authenticated', 'public.api_key()', 'EXECUTE')") == [(False,)]
    assert moved.same("SELECT has_table_privilege('shop_writer', 'shop.legacy', 'SELECT WITH GRANT OPTION')") == [
        (True,)
    ]


def test_new_objects_of_the_owner_are_granted_as_before_and_nobody_elses(moved: Moved) -> None:
    grants = "SELECT defaclobjtype, nspname, array_length(defaclacl, 1) FROM pg_default_acl LEFT JOIN pg_namespace AS n"
    own = grants + " ON n.oid = defaclnamespace WHERE pg_get_userbyid(defaclrole) IN ('postgres', 'source_postgres')"
    assert moved.same(f"{own} ORDER BY 1, 2")


def test_keys_to_people_are_there_and_checked(moved: Moved) -> None:
    keys = (
        "SELECT conrelid::regclass::text, conname, confdeltype, convalidated FROM pg_constraint"
        " WHERE confrelid = 'auth.users'::regclass AND connamespace::regnamespace::text IN ('public', 'shop')"
        " ORDER BY 1, 2"
    )
    found = moved.same(keys)
    assert len(found) >= 8
    assert all(row[3] for row in found)
    orphans = "SELECT count(*) FROM public.messages WHERE sender NOT IN (SELECT id FROM auth.users)"
    assert moved.target.query(orphans, "app") == [(0,)]


def test_secrets_of_the_platform_do_not_arrive(moved: Moved) -> None:
    filled = "SELECT count(*) FROM auth.users WHERE encrypted_password <> '' OR recovery_token <> ''"
    assert moved.target.query(filled, "app") == [(0,)]
    assert moved.target.query("SELECT count(*) FROM auth.mfa_factors WHERE secret <> ''", "app") == [(0,)]
    assert moved.target.query("SELECT count(*) FROM auth.users", "app") == [(231,)]


def test_triggers_keep_their_states_and_did_not_fire(moved: Moved) -> None:
    states = (
        "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('public.todos'::regclass, 'auth.users'::regclass)"
        " AND NOT tgisinternal ORDER BY 1"
    )
    assert dict(moved.same(states)) == {
        "fires_always": "A",
        "fires_never": "D",
        "fires_on_replica": "R",
        "fires_usually": "O",
        "on_auth_user_created": "O",
        "on_auth_user_email": "O",
    }
    assert moved.target.query("SELECT count(*) FROM public.firings", "app") == [(0,)]


def test_a_new_person_fires_the_trigger_once(moved: Moved) -> None:
    newcomer = person(9001)
    with moved.target.connect("app") as connection, connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO auth.users (id, email) VALUES (%s, 'new@example.com')", (newcomer,))
        found = connection.execute("SELECT email FROM public.profiles WHERE id = %s", (newcomer,)).fetchall()
    assert found == [("new@example.com",)]


def test_a_webhook_is_kept_and_silent(moved: Moved) -> None:
    state = "SELECT tgenabled FROM pg_trigger WHERE tgname = 'tell_webhook'"
    assert moved.target.query(state, "app") == [("D",)]
    assert moved.fates("trigger")["tell_webhook on public.messages"] == "converted"
    assert moved.source.query("SELECT count(*) FROM net.http_request_queue") == [(0,)]


def test_generated_and_identity_columns(moved: Moved) -> None:
    assert moved.same("SELECT sum(price), count(*) FROM public.todos")[0][1] == 1500
    moved.same(
        "SELECT attrelid::regclass::text, attname, attidentity, attgenerated FROM pg_attribute"
        " WHERE (attidentity <> '' OR attgenerated <> '') AND attrelid >= 16384 AND attrelid::regclass::text ~"
        " '^(shop|teams|todos)' ORDER BY 1, 2"
    )


def test_sequences_go_on_where_they_were(moved: Moved) -> None:
    moved.same(
        "SELECT seqrelid::regclass::text, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle FROM pg_sequence"
        " WHERE seqrelid::regclass::text ~ '^(shop|public|teams|todos)' ORDER BY 1"
    )
    for name in ("shop.invoice_no", "shop.never_used", "public.todos_id_seq", "shop.orders_id_seq"):
        moved.same(f"SELECT last_value, is_called FROM {name}")


def test_partitions_hold_what_they_held(moved: Moved) -> None:
    leaves = moved.same("SELECT tableoid::regclass::text, count(*) FROM shop.orders GROUP BY 1 ORDER BY 1")
    assert sum(count for _leaf, count in leaves) == 4000
    assert len(leaves) == 4
    moved.same("SELECT count(*) FROM shop.shipments JOIN shop.orders ON orders.id = order_id")


def test_views_keep_their_options_and_their_content(moved: Moved) -> None:
    moved.same("SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1")
    moved.same("SELECT * FROM shop.sales ORDER BY 1")
    moved.same("SELECT * FROM shop.best")
    moved.same("SELECT relname, reloptions FROM pg_class WHERE relname IN ('big', 'guarded') ORDER BY 1")
    flagged = moved.fates("view past row security")
    assert "public.people" in flagged


def test_odd_values_are_the_same_values(moved: Moved) -> None:
    rows = moved.same("SELECT ROW(everything)::text FROM shop.everything ORDER BY id")
    assert len(rows) == 6
    assert moved.same("SELECT j::text FROM shop.everything WHERE id = 1") == [('{"a": 1,  "a": 2, "z": "\\u0000"}',)]
    assert moved.same("SELECT what, count(*) FROM shop.events_dup GROUP BY 1 ORDER BY 1")[0] == ("same", 3)
    moved.same(
        "SELECT attname, attstorage, attcompression, attstattarget FROM pg_attribute"
        " WHERE attrelid = 'shop.everything'::regclass AND attnum > 0 ORDER BY attnum"
    )


def test_large_objects_arrive_with_owner_comment_and_grants(moved: Moved) -> None:
    moved.same(
        "SELECT oid::text, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata"
        " ORDER BY oid"
    )
    granted = "SELECT pg_get_userbyid(lomowner), lomacl::text FROM pg_largeobject_metadata WHERE oid = 4711"
    assert moved.target.query(granted, "app") == [
        ("source_postgres", "{source_postgres=rw/source_postgres,authenticated=r/source_postgres}")
    ]


def test_constraints_that_old_rows_break_and_other_oddities(moved: Moved) -> None:
    assert moved.same("SELECT convalidated FROM pg_constraint WHERE conname = 'code_is_short'") == [(False,)]
    assert moved.same("SELECT count(*) FROM shop.legacy") == [(2,)]
    moved.same(
        "SELECT relname, relpersistence, relreplident FROM pg_class WHERE relname IN"
        " ('cache', 'events_dup', 'todos') ORDER BY 1"
    )
    moved.same("SELECT * FROM shop.cache")
    moved.same("SELECT tableoid::regclass::text, name FROM shop.animals ORDER BY 2")
    moved.same(
        "SELECT condeferrable, condeferred FROM pg_constraint WHERE conrelid::regclass::text ~ 'egg|chicken'"
        " ORDER BY conname"
    )
    moved.same("SELECT count(*) FROM pg_rewrite WHERE rulename = 'redirect'")


def test_names_and_comments_beyond_ascii(moved: Moved) -> None:
    moved.same('SELECT * FROM "Tienda año 数"."Tabla ""rara""" ORDER BY 1')
    moved.same("SELECT obj_description('public.todos'::regclass), obj_description('\"Tienda año 数\"'::regnamespace)")


def test_extensions_that_are_missing_are_named_with_what_replaces_them(moved: Moved) -> None:
    fates = moved.fates("extension")
    assert fates["pg_trgm"] == "moved"
    assert {fates[name] for name in ("supabase_vault", "pg_cron", "pg_net", "pg_graphql", "vector")} == {"reported"}
    item = next(item for item in moved.items if item.kind == "extension" and item.name == "vector")
    assert "pgvector" in item.fix
    members = "SELECT count(*) FROM pg_proc WHERE proname = 'citext_eq'"
    assert moved.same(members) == [(1,)]


def test_functions_that_call_the_platform_are_named(moved: Moved) -> None:
    named = {item.name.partition("(")[0]: item.why for item in moved.items if item.kind == "function body"}
    assert set(named) >= {"public.notify_edge", "public.api_key", "shop.announce"}
    assert "net" in named["public.notify_edge"]
    moved.same(
        "SELECT proname, prosecdef, proconfig, prosrc FROM pg_proc WHERE pronamespace IN ('public'::regnamespace,"
        " 'shop'::regnamespace) AND proname ~ 'staff|member|total|uses' ORDER BY 1"
    )


def test_event_triggers_are_told_and_not_made(moved: Moved) -> None:
    assert set(moved.fates("event trigger").values()) == {"reported"}
    assert moved.target.query("SELECT count(*) FROM pg_event_trigger", "app") == [(0,)]


def test_publications_keep_tables_columns_and_filters(moved: Moved) -> None:
    rows = moved.same(
        "SELECT pubname, schemaname, tablename, attnames::text, rowfilter FROM pg_publication_tables"
        " WHERE schemaname IN ('public', 'shop') ORDER BY 1, 2, 3"
    )
    assert ("outbox", "public", "todos", "{id,title}", "done") in [
        (*row[:4], row[4].strip("()")) for row in rows if row[4]
    ]


def test_jobs_are_kept_switched_off(moved: Moved) -> None:
    kept = moved.target.query(
        "SELECT name, content FROM founder_migration.kept WHERE kind = 'scheduled job' ORDER BY 1", "app"
    )
    assert [(name, job["schedule"], job["active"]) for name, job in kept] == [
        ("every minute", "* * * * *", False),
        ("nightly", "0 3 * * *", False),
    ]


def test_secrets_open_for_the_owner_and_are_nowhere_in_the_clear(moved: Moved) -> None:
    with moved.target.connect("app") as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE app")
        found = connection.execute("SELECT name, decrypted_secret FROM vault.decrypted_secrets ORDER BY 1").fetchall()
        assert found == [("mail_key", "a mail key that nobody may see"), ("second", "zwei Zeilen\nmit ünïcode")]
    secret = b"a mail key that nobody may see"
    places = [path for path in Path(moved.migration.folder).rglob("*") if path.is_file()]
    assert [path for path in places if secret in path.read_bytes()] == []
    log = (moved.target.root / "log").read_bytes()
    assert secret not in log
    told = moved.migration.tell
    assert isinstance(told, Told)
    assert secret.decode() not in repr(told.progress)
    with moved.target.connect("app") as connection:
        connection.execute("SET ROLE anon")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM vault.decrypted_secrets")


def test_the_app_is_anybody_for_one_transaction(moved: Moved) -> None:
    """The pattern of the documentation: role and claims of the person who asks, until the transaction ends."""
    with moved.target.connect("app") as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE app")
        connection.execute("SET LOCAL ROLE authenticated")
        claims = json.dumps({"sub": str(person(5)), "role": "authenticated"})
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", (claims,))
        owners = connection.execute("SELECT DISTINCT owner FROM public.todos").fetchall()
    assert owners == [(person(5),)]


@pytest.mark.parametrize("guide", ["leave-supabase.md", "leave-supabase.es.md"])
def test_a_table_that_the_app_adds_is_whose_the_guide_says(moved: Moved, guide: str) -> None:
    """Default privileges moved exactly, so they are those of the role that the source's owner has become."""
    text = (Path(__file__).parents[2] / "docs" / guide).read_text(encoding="utf-8")
    block = re.search(r"```sql\n(create table public.notes .*?)```", text, re.DOTALL)
    assert block
    assert "`set role source_postgres;`" in text
    may = "SELECT has_table_privilege(%s, %s::regclass, 'SELECT')"
    with moved.target.connect("app") as connection, connection.transaction(force_rollback=True):
        connection.execute("SET SESSION AUTHORIZATION app")
        connection.execute("CREATE TABLE public.bare (); SET ROLE source_postgres; CREATE TABLE public.as_before ();")
        connection.execute("RESET ROLE")
        for role in ("anon", "authenticated"):
            assert connection.execute(may, (role, "public.bare")).fetchone() == (False,)
            assert connection.execute(may, (role, "public.as_before")).fetchone() == (True,)
        connection.execute(block[1])
        seen = []
        for number in (5, 6):
            claims = json.dumps({"sub": str(person(number)), "role": "authenticated"})
            connection.execute("SET ROLE authenticated")
            connection.execute("SELECT set_config('request.jwt.claims', %s, true)", (claims,))
            connection.execute("INSERT INTO notes (owner, words) VALUES (auth.uid(), 'mine')")
            seen += connection.execute("SELECT owner FROM notes").fetchall()
            connection.execute("RESET ROLE")
        assert seen == [(person(5),), (person(6),)]
