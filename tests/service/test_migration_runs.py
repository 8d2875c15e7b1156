"""Runs of a migration: refused beforehand, repeated, cut over while people write, followed, taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from founderstack.migration.cutover import cutover, follow
from founderstack.migration.source import Source
from founderstack.migration.values import Options
from founderstack.model.errors import EXIT_LOCKED, EXIT_PRECONDITION, StackError
from founderstack.testing.clock import FakeClock
from founderstack.world.net.postgres import Address
from tests.conftest import wait_until
from tests.service.clusters import Cluster
from tests.service.moves import address_of, differing, migration
from tests.service.supabase_source import PASSWORD, SupabaseSource

pytestmark = pytest.mark.timeout(300)

NewSource = Callable[[], SupabaseSource]

UNQUALIFIED = """
CREATE FUNCTION bare(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
CREATE FUNCTION slugify(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN bare(v); END';
CREATE TABLE slugs (title text PRIMARY KEY, slug text GENERATED ALWAYS AS (slugify(title)) STORED);
CREATE DOMAIN low_word AS text CHECK (slugify(VALUE) = VALUE);
CREATE TABLE low (id int PRIMARY KEY, word low_word);
INSERT INTO slugs VALUES ('First');
INSERT INTO low VALUES (1, 'first');
"""
"""Functions that name things without a schema, computed wherever a row is written."""


def made_by(target: Cluster) -> list[tuple[object, ...]]:
    """Everything in the target that a migration could have made."""
    return target.query(
        "SELECT 'schema', nspname::text FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema'"
        " UNION ALL SELECT 'relation', oid::regclass::text FROM pg_class WHERE oid >= 16384 AND relnamespace >= 2200"
        " UNION ALL SELECT 'role', rolname FROM pg_roles WHERE rolname !~ '^pg_' UNION ALL SELECT 'extension', extname"
        " FROM pg_extension UNION ALL SELECT 'object', oid::text FROM pg_largeobject_metadata ORDER BY 1, 2",
        "app",
    )


@contextmanager
def writing(source: SupabaseSource) -> Iterator[list[int]]:
    """Somebody who commits a hundred todos a second, until the source refuses; their numbers as acknowledged."""
    written: list[int] = []
    ended = threading.Event()

    def write() -> None:
        number = 10_000_000
        while not ended.wait(0.01):
            try:
                with psycopg.connect(source.url(), password=PASSWORD, autocommit=True) as connection:
                    while not ended.wait(0.01):
                        number += 1
                        connection.execute(
                            "INSERT INTO public.todos (id, owner, title) SELECT %s, id, 'late' FROM auth.users"
                            " ORDER BY id LIMIT 1",
                            (number,),
                        )
                        written.append(number)
            except psycopg.Error:
                continue

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_until(lambda: len(written) > 5, "somebody writes")
        yield written
    finally:
        ended.set()
        writer.join(20)


def arrived(target: Cluster) -> list[int]:
    rows = target.query("SELECT id FROM public.todos WHERE title = 'late' ORDER BY id", "app")
    return [int(number) for (number,) in rows]


def test_a_missing_right_is_named_and_nothing_begins(supabase_copy: NewSource, target: Cluster, tmp_path: Path) -> None:
    source = supabase_copy()
    source.query("ALTER TABLE shop.tree OWNER TO supabase_admin; REVOKE ALL ON shop.tree FROM postgres;"
                 " REVOKE pg_read_all_data FROM postgres")  # fmt: skip
    before = made_by(target)
    with pytest.raises(StackError) as refused:
        migration(address_of(source), target, tmp_path / "state").run()
    assert refused.value.exit_code == EXIT_PRECONDITION
    assert "shop.tree" in "".join(f"{one.what} {one.why} {one.fix}" for one in refused.value.problems)
    assert made_by(target) == before


def test_a_target_that_somebody_uses_is_refused(supabase: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE TABLE public.diary (words text); INSERT INTO public.diary VALUES ('mine')", "app")
    target.query("CREATE TABLE public.todos (id int)", "app")
    with pytest.raises(StackError) as refused:
        migration(address_of(supabase), target, tmp_path / "state").run()
    told = {one.what: one.why for one in refused.value.problems}
    assert "not empty" in told["table public.diary"]
    assert "this name" in told["table public.todos"]
    assert target.query("SELECT * FROM public.diary", "app") == [("mine",)]


def test_two_at_once_are_one(supabase: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    move = migration(address_of(supabase), target, tmp_path / "state")
    (tmp_path / "state").mkdir()
    with move.alone("run"), pytest.raises(StackError) as refused:
        move.run()
    assert refused.value.exit_code == EXIT_LOCKED


def test_again_is_nothing_and_later_changes_come_over(
    supabase_copy: NewSource, target: Cluster, tmp_path: Path
) -> None:
    source = supabase_copy()
    move = migration(address_of(source), target, tmp_path / "state")
    move.run()
    versions = "SELECT md5(string_agg(xmin::text || id, '' ORDER BY id)) FROM public.todos"
    before = target.query(versions, "app")
    move.run()
    assert target.query(versions, "app") == before
    source.query(
        "SET session_replication_role = replica; UPDATE public.teams SET name = 'new' WHERE id = 100;"
        " INSERT INTO public.todos (id, owner, title) VALUES (9, public.person(1), 'x') ON CONFLICT DO NOTHING;"
        " INSERT INTO public.todos (id, owner, title) VALUES (99999, public.person(1), 'x');"
        " INSERT INTO shop.events_dup VALUES ('same', '2026-01-01'); DELETE FROM shop.legacy WHERE id = 2;"
        " INSERT INTO shop.orders VALUES (9999, '2025-05-05', 'eu', public.person(1), 1);"
        " DELETE FROM shop.shipments WHERE id = 1; SELECT lo_unlink(4712); SELECT nextval('shop.invoice_no')"
    )
    found = [one for one in move.verify() if not one.ok]
    assert [one.what for one in found if one.step == "rows"]
    assert [one for one in found if not one.by_writing] == [], "people who write stand in no cut-over's way"
    assert {one.about for one in found if one.about} <= {one.what for one in found if one.step == "rows"}
    source.query("REFRESH MATERIALIZED VIEW shop.sales")
    move.run()
    assert differing(move.verify()) == []
    fired = "SELECT trigger, count(*) FROM public.firings GROUP BY 1 ORDER BY 1"
    assert target.query(fired, "app") == source.query(fired) == [("fires_always", 1), ("fires_on_replica", 1)]
    source.query("CREATE TABLE public.afterwards (id int)")
    with pytest.raises(StackError, match="other ones"):
        move.run()


def test_undone_is_as_if_it_had_never_been(supabase: SupabaseSource, target: Cluster, tmp_path: Path) -> None:
    before = made_by(target)
    move = migration(address_of(supabase), target, tmp_path / "state")
    move.run()
    assert made_by(target) != before
    move.undo()
    assert made_by(target) == before
    move.run()
    assert differing(move.verify()) == []


def test_cut_over_while_somebody_writes(supabase_copy: NewSource, target: Cluster, tmp_path: Path) -> None:
    """One that fails leaves the source open, and the next one does it."""
    source = supabase_copy()
    move = migration(address_of(source), target, tmp_path / "state")
    with pytest.raises(StackError, match="nothing to cut over"):
        cutover.cut_over(move)
    move.run()
    source.query("CREATE TABLE public.afterwards (id int)")
    with pytest.raises(StackError, match="other ones"):
        cutover.cut_over(move)
    with source.connect("postgres") as owner:
        owner.execute("INSERT INTO public.teams (name) VALUES ('still open')")
    source.query("DROP TABLE public.afterwards")
    with writing(source) as written:
        done = cutover.cut_over(move)
        acknowledged = list(written)
    assert acknowledged == arrived(target)
    assert source.query("SELECT count(*) FROM public.todos WHERE title = 'late'") == [(len(acknowledged),)]
    assert 0 < done.pause_s < 60
    assert differing(move.verify()) == []
    with source.connect("postgres") as owner, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        owner.execute("INSERT INTO public.teams (name) VALUES ('too late')")
    assert "default_transaction_read_only" in Path(done.way_back).read_text()
    cutover.reopen(move)
    with source.connect("postgres") as owner:
        owner.execute("INSERT INTO public.teams (name) VALUES ('back again')")


def test_followed_until_the_cut_over(supabase_copy: NewSource, target: Cluster, tmp_path: Path) -> None:
    source = supabase_copy()
    with source.connect("postgres") as owner:
        owner.execute(UNQUALIFIED)
    move = migration(address_of(source), target, tmp_path / "state")
    move.run()
    with writing(source) as written:
        assert cutover.start_following(move) > 10
        with source.connect("postgres") as owner:
            owner.execute("INSERT INTO slugs (title) VALUES ('Later'); INSERT INTO low VALUES (2, 'later')")
        seen = len(written)
        wait_until(lambda: len(arrived(target)) > seen, "changes arrive by themselves", 30)
        found = follow.health(move.source)
        assert found is not None
        assert found.state == "reserved"
        cutover.cut_over(move)
        acknowledged = list(written)
    assert acknowledged == arrived(target)
    assert differing(move.verify()) == []
    assert target.query("SELECT title, slug FROM slugs ORDER BY 1", "app") == [("First", "first"), ("Later", "later")]
    assert target.query("SELECT count(*) FROM low", "app") == [(2,)]
    assert source.query("SELECT count(*) FROM pg_replication_slots") == [(0,)]
    assert source.query("SELECT count(*) FROM pg_publication WHERE pubname = 'founder_migration'") == [(0,)]
    assert target.query("SELECT count(*) FROM pg_subscription") == [(0,)]
    assert target.query("SELECT count(*) FROM public.firings", "app") == source.query(
        "SELECT count(*) FROM public.firings"
    )


def test_any_postgresql_moves_the_same_way(target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE ROLE shopkeeper LOGIN; CREATE ROLE clerk; GRANT clerk TO shopkeeper")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    target.query(
        "SET ROLE shopkeeper; CREATE TABLE goods (id serial PRIMARY KEY, name text NOT NULL);"
        " INSERT INTO goods (name) SELECT 'thing ' || n FROM generate_series(1, 20000) AS n;"
        " CREATE TABLE sold (good int REFERENCES goods, at timestamptz DEFAULT now());"
        " INSERT INTO sold VALUES (1), (2);"
        " CREATE VIEW popular AS SELECT name FROM goods JOIN sold ON good = id;"
        " CREATE FUNCTION on_show(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT $1 % 3 > 0';"
        " CREATE FUNCTION unsold(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT $1 % 5 > 0';"
        " ALTER TABLE goods ENABLE ROW LEVEL SECURITY; GRANT SELECT, DELETE ON goods TO clerk;"
        " CREATE POLICY shown ON goods FOR SELECT TO clerk USING (on_show(id));"
        " CREATE POLICY gone ON goods FOR DELETE TO clerk USING (true);"
        " CREATE POLICY only_unsold ON goods AS RESTRICTIVE FOR DELETE TO clerk USING (unsold(id))",
        "elsewhere",
    )
    base = migration(_own(target), target, tmp_path / "state", kind="plain")
    facts, items = base.plan()
    assert facts["route"] == "direct"
    assert {item.name for item in items if item.kind == "table"} == {"public.goods", "public.sold"}
    base.run()
    assert differing(base.verify()) == []
    assert target.query("SELECT count(*), max(id) FROM goods", "app") == [(20000, 20000)]
    assert target.query("SELECT nextval('goods_id_seq')", "app") == [(20001,)]
    assert not [name for kind, name in made_by(target) if kind == "schema" and name in ("auth", "storage")]
    # Of twenty thousand rows some are tried: enough to see that a policy's function is another one.
    target.query("CREATE OR REPLACE FUNCTION unsold(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 % 50 > 0'", "app")
    (less,) = [one for one in base.verify() if one.step == "finish" and one.about == "public.goods"]
    assert less.what == "what clerk sees and may change in public.goods", (
        "a restrictive policy takes from what others give"
    )
    target.query("CREATE OR REPLACE FUNCTION unsold(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 % 5 > 0'", "app")
    target.query("CREATE OR REPLACE FUNCTION on_show(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 % 30 > 0'", "app")
    found = [one for one in base.verify() if one.step == "finish"]
    assert any("public.goods by" in one.what for one in found)
    assert next(one.what for one in found if not one.ok) == "what clerk sees and may change in public.goods"


def test_a_slow_reader_spares_the_source(target: Cluster, tmp_path: Path) -> None:
    """Forty KiB a second would take longer than a test: it is what the clock was asked to wait for that counts."""
    target.query("CREATE ROLE shopkeeper LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    rows = "SELECT repeat('x', 100) FROM generate_series(1, 10000)"
    target.query(f"SET ROLE shopkeeper; CREATE TABLE goods AS {rows}", "elsewhere")
    base = migration(_own(target), target, tmp_path / "state", kind="plain")
    clock = FakeClock()
    replace(base, options=Options(rate_mib_s=0.04), clock=clock).run()
    assert clock.monotonic() > 5


def test_a_pooler_of_transactions_is_refused(supabase: SupabaseSource) -> None:
    with pytest.raises(StackError, match="transaction pooler"):
        Source(replace(address_of(supabase), port=6543))


def _own(target: Cluster) -> Address:
    return Address(str(target.root), target.port, "shopkeeper", "elsewhere")
