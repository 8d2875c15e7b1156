"""What somebody changes at the target after a run: the next run mends it, or says by name what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.cutover import cutover
from founderstack.migration.run import Migration
from founderstack.model.errors import EXIT_FAILED, EXIT_PRECONDITION, StackError
from founderstack.world.net.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration

SOURCE = """
CREATE ROLE reader;
CREATE TABLE public.t29 (id int PRIMARY KEY, x int DEFAULT 7 CONSTRAINT above CHECK (x > 0));
CREATE INDEX i29 ON public.t29 (x);
ALTER TABLE public.t29 ENABLE ROW LEVEL SECURITY;
CREATE POLICY "p on q" ON public.t29 AS RESTRICTIVE USING (x > 1);
CREATE POLICY p ON public.t29 USING (true);
GRANT SELECT ON public.t29 TO reader;
INSERT INTO public.t29 VALUES (1, 1), (2, 2);
CREATE EXTENSION pgcrypto;
REVOKE EXECUTE ON FUNCTION public.gen_random_bytes(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.gen_random_bytes(int) TO reader;
CREATE TABLE public.parts (id int PRIMARY KEY REFERENCES public.t29);
INSERT INTO public.parts VALUES (1);
CREATE FUNCTION public.same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER same BEFORE INSERT ON public.t29 FOR EACH ROW EXECUTE FUNCTION public.same();
CREATE VIEW public.seen WITH (security_invoker = true) AS SELECT id FROM public.t29;
CREATE MATERIALIZED VIEW public.sums AS SELECT sum(x) FROM public.t29;
COMMENT ON TABLE public.t29 IS 'what is there';
"""
CHANGED = (
    {
        "DROP INDEX public.i29": "index public.i29",
        "DROP POLICY p ON public.t29": "p on public.t29",
        'DROP POLICY "p on q" ON public.t29; CREATE POLICY "p on q" ON public.t29 USING (x > 1)':
            'finish: "p on q" on public.t29',
        "ALTER TABLE public.t29 DISABLE ROW LEVEL SECURITY": "row security public t29",
        "ALTER TABLE public.t29 DISABLE TRIGGER same": "trigger same on public.t29",
        "CREATE OR REPLACE FUNCTION public.same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'":
            "function public.same()",
        "ALTER VIEW public.seen SET (security_invoker = false)": "view public.seen",
        "REFRESH MATERIALIZED VIEW public.sums WITH NO DATA": "materialized views: public.sums",
        "COMMENT ON TABLE public.t29 IS 'something else'": "comment public TABLE t29",
        "GRANT SELECT ON public.t29 TO PUBLIC": "table public.t29: its owner",
        "GRANT EXECUTE ON FUNCTION public.gen_random_bytes(int) TO PUBLIC": "function public.gen_random_bytes",
    },
    {
        "DROP INDEX public.i29; CREATE INDEX i29 ON public.t29 (id, x)": "index public.i29",
        "ALTER TABLE public.t29 DROP CONSTRAINT t29_pkey CASCADE": "constraint t29_pkey on public.t29",
        "DROP TRIGGER same ON public.t29": "trigger same on public.t29",
    },
    {"DROP TABLE public.t29 CASCADE": "rows: public.t29: it is not there"},
)  # fmt: skip
NOT_MENDED = {
    "ALTER TABLE public.t29 ADD COLUMN y int": "table public.t29",
    "CREATE POLICY all_of_it ON public.t29 USING (true)": "all_of_it on public.t29",
    "ALTER TABLE public.parts ENABLE ROW LEVEL SECURITY": "row security public.parts",
    "CREATE RULE swallow AS ON DELETE TO public.parts DO INSTEAD NOTHING": "rule swallow on public.parts",
}


@pytest.fixture
def move(target: Cluster, tmp_path: Path) -> Migration:
    """Run to the end, from the database `old` beside it."""
    target.query("CREATE DATABASE old")
    target.query(SOURCE, "old")
    source = Address(str(target.root), target.port, "postgres", "old")
    made = migration(source, target, tmp_path / "state", kind="plain")
    made.run()
    assert differing(made.verify()) == []
    return made


def test_whatever_changed_at_the_target_is_found_and_the_next_run_mends_it(move: Migration, target: Cluster) -> None:
    for changes in CHANGED:
        for change in changes:
            target.query(change, "app")
        found = "\n".join(differing(move.verify()))
        assert [name for name in changes.values() if name not in found] == []
        move.run()
        assert differing(move.verify()) == []


def test_restrictive_policies_and_rights_on_what_an_extension_made_are_the_sources(
    move: Migration, target: Cluster
) -> None:
    """Whatever a verification compares: here the catalogue is asked."""
    policies = "SELECT polname, polpermissive FROM pg_policy ORDER BY 1"
    assert target.query(policies, "app") == target.query(policies, "old") == [("p", True), ("p on q", False)]
    may = "SELECT has_function_privilege('{}', 'public.gen_random_bytes(int)', 'EXECUTE')"
    assert target.query(may.format("app"), "app") == [(False,)]
    assert target.query(may.format("reader"), "app") == [(True,)]


def test_what_a_run_does_not_mend_it_names_with_its_cure(move: Migration, target: Cluster) -> None:
    for change in NOT_MENDED:
        target.query(change, "app")
    with pytest.raises(StackError) as told:
        move.run()
    assert told.value.exit_code == EXIT_FAILED
    assert [name for name in NOT_MENDED.values() if name not in told.value.why] == []
    assert "founder migrate undo, then founder migrate run" in told.value.fix
    found = "\n".join(differing(move.verify()))
    assert [name for name in NOT_MENDED.values() if name not in found] == []


def test_what_people_wrote_after_the_cut_over_is_not_replaced(move: Migration, target: Cluster) -> None:
    cutover.cut_over(move)
    target.query("INSERT INTO public.t29 VALUES (3, 3)", "app")
    for again in (move.run, lambda: cutover.cut_over(move), lambda: cutover.start_following(move)):
        with pytest.raises(StackError, match="cut over already") as refused:
            again()
        assert refused.value.exit_code == EXIT_PRECONDITION
    assert target.query("SELECT id FROM public.t29 ORDER BY 1", "app") == [(1,), (2,), (3,)]
