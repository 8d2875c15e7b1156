"""From PostgreSQL 16, 17 and 18 into Debian 13's PostgreSQL 17: what moves, and what is refused with its cure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from founderstack.migration.run import Migration
from founderstack.migration.values import Kind
from founderstack.model.errors import StackErrors
from founderstack.world.net.postgres import Address
from tests.conftest import enterable_folder
from tests.service.clusters import Cluster, Programs, cluster
from tests.service.moves import address_of, differing, empty_target, migration
from tests.service.primaries import other_system
from tests.service.supabase_source import supabase_source
from tests.service.versions import clients, of_debian_13, of_wheel

pytestmark = pytest.mark.timeout(600)

# What 16 has and 15 had not, and the same things that every project has.
SERVER = """
CREATE ROLE shopkeeper LOGIN SUPERUSER;
CREATE ROLE visitor;
CREATE ROLE staff;
GRANT visitor TO staff WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE shop OWNER shopkeeper;
"""
OBJECTS = """
SET ROLE shopkeeper;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE FUNCTION slug(v text) RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT lower(v); END;
CREATE TABLE goods (id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY, title text NOT NULL,
    slug text GENERATED ALWAYS AS (slug(title)) STORED, size size DEFAULT 'small', price numeric CHECK (price >= 0),
    owner text DEFAULT current_user, UNIQUE NULLS NOT DISTINCT (title, size));
INSERT INTO goods (title, price) SELECT 'Good ' || n, n FROM generate_series(1, 500) AS n;
CREATE TABLE sold (good bigint REFERENCES goods, at date) PARTITION BY RANGE (at);
CREATE TABLE sold_2026 PARTITION OF sold FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO sold SELECT 100 + 5 * n, '2026-05-01' FROM generate_series(0, 99) AS n;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.owner := current_user; RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION touched();
CREATE VIEW cheap WITH (security_invoker = true) AS SELECT * FROM goods WHERE price < 10;
CREATE MATERIALIZED VIEW totals AS SELECT good, count(*) FROM sold GROUP BY 1;
ALTER TABLE goods ENABLE ROW LEVEL SECURITY;
CREATE POLICY priced ON goods FOR SELECT TO visitor USING (price < 100);
CREATE POLICY staff ON goods AS RESTRICTIVE FOR UPDATE TO staff USING (size = 'small') WITH CHECK (price > 0);
GRANT SELECT ON goods, cheap TO visitor;
GRANT UPDATE (price) ON goods TO staff;
SELECT lo_from_bytea(4242, '\\x00ff');
"""
SAME = {
    "policies": "SELECT polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid),"
    " pg_get_expr(polwithcheck, polrelid) FROM pg_policy ORDER BY 1",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " ORDER BY 1",
    "identities": "SELECT last_value, is_called FROM goods_id_seq",
    "row security": "SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
    " AND relnamespace = 'public'::regnamespace ORDER BY 1",
    "memberships": "SELECT inherit_option, set_option FROM pg_auth_members WHERE roleid = 'visitor'::regrole",
    "rows": "SELECT md5(string_agg(g::text, '' ORDER BY id)) FROM goods AS g",
}


@dataclass(frozen=True)
class Debian13:
    """An empty target of Debian 13's own PostgreSQL, and room for a source beside it."""

    programs: Programs
    target: Cluster
    folder: Path

    def moving(self, source: Address, kind: Kind) -> Migration:
        move = migration(source, self.target, self.folder / "state", kind=kind)
        binaries = clients(self.programs, self.folder / "clients")
        return replace(move, target=replace(move.target, binaries=str(binaries)))


@pytest.fixture
def debian() -> Iterator[Debian13]:
    programs = of_debian_13()
    with (
        other_system().folder("founder-versions-") as folder,
        empty_target(folder / "target", programs) as target,
    ):
        yield Debian13(programs, target, folder)


@contextmanager
def shop(debian: Debian13, major: int) -> Iterator[tuple[Cluster, Address]]:
    """A running source of another version, with a database of its own."""
    folder = enterable_folder("founder-newer-")
    with cluster(folder / "source", reader=False, programs=of_wheel(major, folder / "programs")) as source:
        for statement in SERVER.split(";"):
            source.query(statement)
        source.query(OBJECTS, "shop")
        yield source, Address(str(source.root), source.port, "shopkeeper", "shop")
    shutil.rmtree(folder)


def test_postgresql_16_moves_into_17(debian: Debian13) -> None:
    with shop(debian, 16) as (source, address):
        move = debian.moving(address, "plain")
        facts, items = move.plan()
        assert (facts["source_major"], facts["target_major"]) == (16, 17)
        assert [item for item in items if item.fate == "blocker"] == []
        move.run()
        move.run()
        assert differing(move.verify()) == []
        for what, question in SAME.items():
            there = source.query(question, "shop")
            assert there, what
            assert debian.target.query(question, "app") == there, what
        following = "INSERT INTO goods (title, price) VALUES ('New', 1) RETURNING id, slug"
        assert debian.target.query(following, "app") == source.query(following, "shop") == [(2600, "new")]


def test_a_supabase_project_of_postgresql_17_moves_into_17(debian: Debian13) -> None:
    with supabase_source(debian.folder / "source", programs=debian.programs) as source:
        # What 17 has and 16 had not. Every part of a migration takes longer.
        source.query("ALTER DATABASE postgres SET transaction_timeout = '1500ms'")
        address = address_of(source)
        move = debian.moving(address, "supabase")
        facts, items = move.plan()
        assert (facts["source_major"], facts["target_major"]) == (17, 17)
        assert [item for item in items if item.fate == "blocker"] == []
        move.run()
        assert differing(move.verify()) == []


def test_postgresql_18_is_refused_by_17_with_the_machine_that_takes_it(debian: Debian13) -> None:
    with shop(debian, 18) as (_source, address):
        move = debian.moving(address, "plain")
        _facts, items = move.plan()
        (blocker,) = items
        assert (blocker.kind, blocker.fate) == ("version", "blocker")
        assert "PostgreSQL 18, newer than this machine’s 17" in blocker.why
        assert "Ubuntu 26.04 (PostgreSQL 18)" in blocker.fix
        assert "Debian 13" not in blocker.fix
        with pytest.raises(StackErrors) as refused:
            move.run()
        assert [one.fix for one in refused.value.problems] == [blocker.fix]
        assert debian.target.query("SELECT FROM pg_namespace WHERE nspname = 'founder_migration'", "app") == []
