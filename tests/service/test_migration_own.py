"""What is called like a part of the platform and is the project's own: it moves, or it is told by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from founderstack.migration import report
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
