"""What is called like a part of the platform and is the project's own: it moves, or it is told by its name."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from founderstack.migration.report import report
from founderstack.migration.values import Options
from founderstack.model.errors import StackErrors
from tests.service.clusters import Cluster
from tests.service.moves import address_of, differing, migration
from tests.service.supabase_source import SupabaseSource

OWN = """
SET ROLE postgres;
CREATE SCHEMA etl;
CREATE TABLE etl.jobs (id int PRIMARY KEY, x text);
INSERT INTO etl.jobs SELECT n, 'job ' || n FROM generate_series(1, 500) AS n;
CREATE FUNCTION etl.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SCHEMA tiger_data;
CREATE TABLE tiger_data.mine (id int PRIMARY KEY);
INSERT INTO tiger_data.mine VALUES (1);
CREATE TABLE auth.invitations (id int PRIMARY KEY, person uuid REFERENCES auth.users);
INSERT INTO auth.invitations SELECT 1, id FROM auth.users LIMIT 1;
CREATE TABLE storage.labels (id int PRIMARY KEY);
INSERT INTO storage.labels VALUES (7);
CREATE ROLE supabase_reporting NOLOGIN;
GRANT SELECT ON etl.jobs TO supabase_reporting;
"""
QUEUE = """
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
SELECT 90050, 'pgmq', oid, 'extensions'::regnamespace, false, '1.4' FROM pg_roles WHERE rolname = 'supabase_admin';
CREATE SCHEMA pgmq;
GRANT USAGE, CREATE ON SCHEMA pgmq TO postgres;
CREATE TABLE pgmq.q_mails (msg_id bigint PRIMARY KEY, message jsonb);
ALTER TABLE pgmq.q_mails OWNER TO postgres;
INSERT INTO pgmq.q_mails VALUES (1, '{"to": "somebody"}'), (2, '{}');
ALTER EXTENSION pgmq ADD SCHEMA pgmq;
ALTER EXTENSION pgmq ADD TABLE pgmq.q_mails;
CREATE TABLE pgmq.notes (id int PRIMARY KEY);
ALTER TABLE pgmq.notes OWNER TO postgres;
"""
VECTORS = """
SET ROLE postgres;
CREATE TABLE public.emb (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number bigserial UNIQUE, words text,
    team bigint REFERENCES public.teams, e extensions.vector, CHECK (words <> ''));
INSERT INTO public.emb (words, e) VALUES ('one', ROW('{1,2}'));
CREATE INDEX emb_words ON public.emb (lower(words));
CREATE STATISTICS public.emb_both ON id, words FROM public.emb;
COMMENT ON TABLE public.emb IS 'Vectors';
COMMENT ON COLUMN public.emb.e IS 'A vector';
ALTER TABLE public.emb ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_team ON public.emb USING (words <> auth.uid()::text);
GRANT SELECT (id, words) ON public.emb TO anon;
CREATE FUNCTION public.touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON public.emb FOR EACH ROW EXECUTE FUNCTION public.touched();
CREATE RULE kept AS ON DELETE TO public.emb DO INSTEAD NOTHING;
ALTER PUBLICATION supabase_realtime ADD TABLE public.emb;
CREATE TABLE public.chunks (id int PRIMARY KEY, emb bigint CONSTRAINT part REFERENCES public.emb);
INSERT INTO public.chunks VALUES (1, 1);
CREATE FUNCTION public.match(q extensions.vector) RETURNS SETOF public.emb LANGUAGE sql AS 'SELECT * FROM public.emb';
"""


def test_what_is_called_like_the_platform_and_is_not_moves(
    supabase_copy: Callable[[], SupabaseSource], target: Cluster, tmp_path: Path
) -> None:
    """Unread messages of a queue of the platform's extension stand in the way until they are left behind by name."""
    source = supabase_copy()
    source.query("GRANT CREATE ON SCHEMA auth, storage TO postgres")
    source.query(OWN)
    source.query(QUEUE)
    move = migration(address_of(source), target, tmp_path / "state")
    with pytest.raises(StackErrors) as refused:
        move.run()
    assert {one.what for one in refused.value.problems} == {"rows of pgmq.q_mails", "table pgmq.notes"}
    assert "--leave pgmq.q_mails" in "".join(one.fix for one in refused.value.problems)
    options = Options(jobs=2, patience_s=20, part_mib=1, leave=("pgmq.q_mails", "pgmq.notes"))
    move = migration(address_of(source), target, tmp_path / "state", options=options)
    facts, items = move.plan()
    lines = report.plan_lines(facts, items)
    assert lines[-1].startswith("the platform’s own")
    assert "auth.sessions" not in "".join(lines)
    move.run()
    assert differing(move.verify()) == []
    for table, count in {"etl.jobs": 500, "tiger_data.mine": 1, "auth.invitations": 1, "storage.labels": 1}.items():
        assert target.query(f"SELECT count(*) FROM {table}", "app") == [(count,)]
    assert target.query("SELECT has_table_privilege('supabase_reporting', 'etl.jobs', 'SELECT')", "app") == [(True,)]
    assert target.query("SELECT etl.f()", "app") == [(1,)]


def test_a_view_of_the_platforms_sessions_is_in_the_way_until_it_is_left(
    supabase_copy: Callable[[], SupabaseSource], target: Cluster, tmp_path: Path
) -> None:
    source = supabase_copy()
    source.query(
        "SET ROLE postgres; CREATE VIEW public.active AS SELECT user_id, created_at FROM auth.sessions;"
        " CREATE FUNCTION public.mine() RETURNS SETOF auth.sessions LANGUAGE sql AS 'SELECT * FROM auth.sessions'"
    )
    _facts, items = migration(address_of(source), target, tmp_path / "state").plan()
    assert {item.name for item in items if item.fate == "blocker"} == {"public.active", "public.mine()"}
    left = Options(leave=("public.active", "public.mine()"))
    _facts, items = migration(address_of(source), target, tmp_path / "state", options=left).plan()
    assert not [item for item in items if item.fate == "blocker"]


def test_a_table_that_is_left_takes_along_what_belongs_to_it_and_nothing_else(
    supabase_copy: Callable[[], SupabaseSource], target: Cluster, tmp_path: Path
) -> None:
    """Columns of an extension that the target does not have, as Debian 12 has no pgvector."""
    source = supabase_copy()
    source.query("CREATE TYPE extensions.vector AS (x real[]); ALTER EXTENSION vector ADD TYPE extensions.vector")
    source.query(VECTORS)
    move = migration(address_of(source), target, tmp_path / "state")
    _facts, items = move.plan()
    fixes = {item.name: item.fix for item in items if item.fate == "blocker"}
    assert set(fixes) == {"public.emb", "public.match(extensions.vector)", "part on public.chunks"}
    assert all(f"--leave {shlex.quote(name)}" in fix for name, fix in fixes.items())
    options = Options(jobs=2, patience_s=20, part_mib=1, leave=tuple(fixes))
    move = migration(address_of(source), target, tmp_path / "state", options=options)
    _facts, items = move.plan()
    assert not [item for item in items if item.fate == "blocker"]
    move.run()
    move.run()
    assert differing(move.verify()) == []
    assert target.query("SELECT relname FROM pg_class WHERE relname LIKE 'emb%'", "app") == []
    assert target.query("SELECT count(*) FROM public.chunks", "app") == [(1,)]
