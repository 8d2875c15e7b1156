"""Functions that name things without a schema: what moves all the same, and what the plan says of the rest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from founderstack.migration.run import Migration
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.net.postgres import Address
from tests.conftest import enterable_folder
from tests.service.clusters import Cluster
from tests.service.moves import differing, empty_target, migration

# Each names a thing of its own without a schema, as people write it.
WORKING = """
CREATE FUNCTION public.bare(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
CREATE FUNCTION public.slugify(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN bare(v); END';
CREATE TABLE public.posts (id int PRIMARY KEY, title text, slug text GENERATED ALWAYS AS (slugify(title)) STORED);
INSERT INTO public.posts SELECT n, 'Post ' || n FROM generate_series(1, 300) AS n;
CREATE INDEX posts_slug ON public.posts (slugify(title)) WHERE slugify(title) <> '';

CREATE TABLE public.zz_kinds (k text PRIMARY KEY);
INSERT INTO public.zz_kinds VALUES ('a'), ('b');
CREATE FUNCTION public.kind_ok(v text) RETURNS boolean LANGUAGE plpgsql STABLE AS
    'BEGIN RETURN EXISTS (SELECT FROM zz_kinds WHERE k = v); END';
CREATE TABLE public.aa_things (id int PRIMARY KEY, k text CHECK (kind_ok(k)), pad text);
INSERT INTO public.aa_things SELECT n, 'a', repeat('x', 500) FROM generate_series(1, 2000) AS n;
CREATE TABLE public.aa_more (CHECK (kind_ok(k))) INHERITS (public.aa_things);
INSERT INTO public.aa_more VALUES (1, 'b', NULL);
CREATE DOMAIN public.slug AS text CHECK (slugify(VALUE) = VALUE);
CREATE TABLE public.slugs (s public.slug, more public.slug[]);
INSERT INTO public.slugs VALUES ('low', '{a,b}');

CREATE SCHEMA docs;
CREATE TABLE docs.documents (id int, body text);
INSERT INTO docs.documents SELECT n, 'hello world ' || n FROM generate_series(1, 50) AS n;
SET search_path = docs, public;
CREATE MATERIALIZED VIEW docs.words AS
    SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''simple'', body) FROM documents');
CREATE INDEX ON docs.words (word);
SET search_path = public;

ALTER SCHEMA public OWNER TO postgres;
CREATE FUNCTION public.aa_first() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE public.team (name text);
INSERT INTO public.team VALUES ('reader');
CREATE FUNCTION public.of_team() RETURNS boolean LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT FROM team WHERE name = current_user)';
CREATE TABLE public.team_docs (id int);
INSERT INTO public.team_docs SELECT generate_series(1, 30);
ALTER TABLE public.team_docs ENABLE ROW LEVEL SECURITY;
CREATE ROLE reader;
GRANT SELECT ON public.team, public.team_docs TO reader;
CREATE POLICY of_team ON public.team_docs TO reader USING (of_team());

CREATE TABLE public.named (id int PRIMARY KEY, r regclass);
INSERT INTO public.named VALUES (1, 'public.named'), (2, 'public.named_pkey');
"""
HOPELESS = """
CREATE SCHEMA hidden;
CREATE FUNCTION hidden.bare(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
SET search_path = hidden, public;
CREATE FUNCTION public.lost(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN bare(v); END';
CREATE TABLE public.lost_rows (id int, title text, slug text GENERATED ALWAYS AS (lost(title)) STORED);
INSERT INTO public.lost_rows VALUES (1, 'A row that nobody may see');
CREATE TABLE public.lost_index (title text);
INSERT INTO public.lost_index VALUES ('a');
CREATE INDEX by_lost ON public.lost_index (lost(title));
"""
CURED = "ALTER FUNCTION public.lost(text) SET search_path = hidden"


@pytest.fixture
def server() -> Iterator[Cluster]:
    """With the empty database `app`, and `old`, which is left."""
    folder = enterable_folder("founder-functions-")
    with empty_target(folder / "server") as made:
        made.query("CREATE DATABASE old")
        yield made
    shutil.rmtree(folder)


def moving(server: Cluster, folder: Path) -> Migration:
    return migration(Address(str(server.root), server.port, "postgres", "old"), server, folder, kind="plain")


def test_they_move_and_the_run_may_be_repeated(server: Cluster, tmp_path: Path) -> None:
    server.query(WORKING, "old")
    move = moving(server, tmp_path / "state")
    assert [item for item in move.plan()[1] if item.fate == "blocker"] == []
    move.run()
    assert differing(move.verify()) == []
    counts = (
        "SELECT (SELECT count(*) FROM docs.words), (SELECT count(slug) FROM posts), (SELECT max(r::text) FROM named)"
    )
    assert server.query(counts, "app") == [(52, 300, "named_pkey")]
    server.query(
        "INSERT INTO zz_kinds VALUES ('c'); UPDATE aa_things SET k = 'c'; UPDATE posts SET title = 'New' WHERE id < 9;"
        " INSERT INTO named VALUES (3, 'public.posts_slug')",
        "old",
    )
    move.run()
    findings = move.verify()
    assert differing(findings) == []
    assert [one.what for one in findings if "failed and say nothing" in one.what] == []
    assert [one.what for one in findings if one.what.startswith("1 of 1 policies tried: 1 tables")]
    with pytest.raises(Exception, match="check constraint"):
        server.query("INSERT INTO aa_things VALUES (0, 'nothing')", "app")


def test_what_no_path_helps_is_named_with_its_cure_and_nothing_begins(server: Cluster, tmp_path: Path) -> None:
    server.query(HOPELESS, "old")
    move = moving(server, tmp_path / "state")
    blockers = {item.name: item for item in move.plan()[1] if item.fate == "blocker"}
    assert set(blockers) == {"public.lost_rows.slug", "public.by_lost (public.lost_index)"}
    assert all("ALTER FUNCTION public.lost(text) SET search_path" in item.fix for item in blockers.values())
    assert "nobody may see" not in repr(blockers)
    with pytest.raises(StackError) as refused:
        move.run()
    assert refused.value.exit_code == EXIT_PRECONDITION
    server.query(CURED, "old")
    move.run()
    assert differing(move.verify()) == []


def test_what_somebody_added_at_the_target_is_found(server: Cluster, tmp_path: Path) -> None:
    server.query("CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY", "old")
    move = moving(server, tmp_path / "state")
    move.run()
    assert differing(move.verify()) == []
    server.query(
        "CREATE POLICY more ON notes USING (true);"
        " CREATE TRIGGER more BEFORE UPDATE ON notes FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "app",
    )
    findings = move.verify()
    found = "\n".join(differing(findings))
    assert "0 of 1 policies tried" in "\n".join(one.what for one in findings), "an empty table tries none"
    assert "more on public.notes: the source has no such policy" in found
    assert "triggers: more on public.notes" in found
