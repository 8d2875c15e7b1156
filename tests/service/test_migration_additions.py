"""What only the target has: a verification names it where others than the app may use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.migration.run import Migration
from founderstack.model.errors import StackError
from founderstack.world.net.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration

pytestmark = pytest.mark.timeout(300)

SOURCE = """
CREATE ROLE reader;
CREATE TABLE public.t (id int PRIMARY KEY, name text);
GRANT SELECT ON public.t TO reader;
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE VIEW public.v AS SELECT id FROM public.t;
CREATE TYPE public.span AS RANGE (SUBTYPE = int4);
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
CREATE EXTENSION citext;
CREATE PUBLICATION news FOR TABLE public.t;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
SELECT lo_create(777);
"""
BEFORE = """
CREATE SCHEMA diary AUTHORIZATION app;
CREATE FUNCTION diary.open() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
ALTER FUNCTION diary.open() OWNER TO app;
"""
ITS_OWN = """
SET ROLE app;
CREATE TABLE public.pages (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial);
CREATE TYPE public.mood AS ENUM ('well');
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON public.pages FOR EACH ROW EXECUTE FUNCTION public.touch();
"""
ADDED = {
    "CREATE FUNCTION public.backdoor() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'":
        "function public.backdoor()",
    "CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION public.f(int) OWNER TO app":
        "function public.f(integer)",
    "CREATE VIEW public.shown AS SELECT * FROM public.t; GRANT SELECT ON public.shown TO PUBLIC":
        "view public.shown",
    "CREATE TABLE public.drop_box (i int); GRANT INSERT (i) ON public.drop_box TO reader": "table public.drop_box",
    "CREATE TABLE public.owned (i int); ALTER TABLE public.owned OWNER TO reader": "table public.owned",
    "CREATE OPERATOR public.= (LEFTARG = public.t, RIGHTARG = int, FUNCTION = public.same)":
        "operator public.=(public.t,integer)",
    "CREATE CAST (public.t AS int) WITH FUNCTION public.number AS IMPLICIT": "cast (public.t AS integer)",
    "CREATE SCHEMA planted; GRANT CREATE ON SCHEMA planted TO PUBLIC": "schema planted",
    "CREATE EVENT TRIGGER all_of_it ON ddl_command_end EXECUTE FUNCTION public.fires()": "event trigger all_of_it",
    "CREATE PUBLICATION leak FOR ALL TABLES": "publication leak",
    "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw": "server far",
    "SELECT lo_create(778); GRANT SELECT ON LARGE OBJECT 778 TO PUBLIC": "large object 778",
    "GRANT CREATE ON DATABASE app TO PUBLIC": "CREATE on the database for PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO PUBLIC": "default privileges of app (*, r)",
    "ALTER ROLE app SET search_path = planted": "setting search_path of app",
    "ALTER DATABASE app SET work_mem = '1GB'": "setting work_mem of the database",
    "ALTER ROLE reader SET default_transaction_read_only = on": "setting default_transaction_read_only of reader",
}  # fmt: skip
NEEDED = """
CREATE FUNCTION public.same(public.t, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.number(public.t) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.fires() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
"""


@pytest.fixture
def move(target: Cluster, tmp_path: Path) -> Migration:
    """Run to the end beside what the app had before, from the database `old`."""
    target.query("CREATE DATABASE old")
    target.query(SOURCE, "old")
    target.query(BEFORE, "app")
    made = migration(
        Address(str(target.root), target.port, "postgres", "old"), target, tmp_path / "state", kind="plain"
    )
    made.run()
    return made


def test_what_the_app_has_and_makes_for_itself_is_its_own_business(move: Migration, target: Cluster) -> None:
    assert differing(move.verify()) == []
    target.query(ITS_OWN, "app")
    assert differing(move.verify()) == []
    move.run()
    assert differing(move.verify()) == []


def test_whatever_was_added_that_others_may_use_is_named_and_goes_with_its_removal(
    move: Migration, target: Cluster
) -> None:
    """What breaks otherwise: a door that somebody's code has left stands open below a green verification."""
    target.query(NEEDED, "app")
    for added in ADDED:
        with target.connect("app") as connection:
            for statement in added.split("; "):
                connection.execute(statement)
    found = "\n".join(differing(move.verify()))
    assert [name for name in ADDED.values() if name not in found] == []
    assert "diary" not in found
    assert "server far" in found
    with pytest.raises(StackError, match="still differs"):
        move.run()
    move.undo()
    assert target.query("SELECT diary.open()", "app") == [(1,)]
