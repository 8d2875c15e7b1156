"""Small and odd databases of any PostgreSQL: an empty one, one with large objects alone, one with other servers."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from founderstack.migration.run import Migration
from founderstack.migration.source import Source
from founderstack.model.errors import StackError, StackErrors
from founderstack.world.net.postgres import Address
from tests.app.servers import free_port
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration, target_of


@pytest.fixture
def target(target: Cluster) -> Cluster:
    """With an empty source beside it, the database `elsewhere`."""
    target.query("CREATE ROLE shopkeeper LOGIN SUPERUSER")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    return target


def of(target: Cluster, folder: Path) -> Migration:
    return migration(Address(str(target.root), target.port, "shopkeeper", "elsewhere"), target, folder, kind="plain")


REWRITTEN = """
CREATE DOMAIN public.d AS varchar(10) CHECK (VALUE IN ('a', 'b'));
CREATE TABLE public.t (s varchar(20) CHECK (s IN ('a', 'b')), c char(3) CHECK (c IN ('a', 'b')),
  x text CHECK (x IN ('a', 'b')),
  n varchar CHECK (n = 'a' OR (n = 'b' OR n = 'c')), m varchar CHECK (m NOT IN ('a', 'b') AND m LIKE 'x%'), d public.d,
  i int CHECK (i = ANY ('{1,2}'::bigint[])),
  g text GENERATED ALWAYS AS (CASE WHEN s IN ('a', 'b') THEN 'x' ELSE 'y' END) STORED,
  def varchar DEFAULT 'a'::varchar || 'b', b bool DEFAULT ('a'::varchar IN ('a', 'b')));
CREATE INDEX i ON public.t (x) WHERE s IN ('a', 'b');
CREATE VIEW public.v AS SELECT * FROM public.t WHERE s IN ('a', 'b') AND (s = 'a' OR (s = 'b' OR x = 'c'));
CREATE MATERIALIZED VIEW public.mv AS SELECT * FROM public.t WHERE s IN ('a', 'b');
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t USING (s IN ('a', 'b')) WITH CHECK (c IN ('a', 'b'));
CREATE TABLE public.parts (k varchar) PARTITION BY LIST ((k || 'x'));
CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON public.t FOR EACH ROW WHEN (NEW.s IN ('a', 'b')) EXECUTE FUNCTION public.tf();
CREATE RULE r AS ON UPDATE TO public.v WHERE OLD.s IN ('a', 'b') DO INSTEAD NOTHING;
CREATE STATISTICS public.st ON (lower(s)), (s IN ('a', 'b')) FROM public.t;
CREATE FUNCTION public.sf(a varchar DEFAULT 'q') RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT a IN ('a', 'b'); END;
CREATE FUNCTION public.dfl(a bool DEFAULT 'a'::varchar IN ('a', 'b')) RETURNS bool LANGUAGE sql AS 'select a';
CREATE PUBLICATION pub FOR TABLE public.t WHERE (i IN (1,2));
ALTER TABLE public.t REPLICA IDENTITY FULL;
INSERT INTO public.t VALUES ('a','a','a','a','x1','a',1);
"""


def test_an_empty_database_is_asked_about(target: Cluster, tmp_path: Path) -> None:
    with pytest.raises(StackErrors) as refused:
        of(target, tmp_path / "state").run()
    (told,) = refused.value.problems
    assert "nothing in it" in told.why
    assert "app" in told.fix


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """The port of something that answers this to whatever it is told."""

    class Answers(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            self.request.sendall(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_why_there_is_no_connection_is_told_in_our_words(target: Cluster) -> None:
    def why(host: str, port: int, user: str = "me", database: str = "elsewhere", sslmode: str = "disable") -> str:
        with pytest.raises(StackError) as refused:
            Source(Address(host, port, user, database, options=(("sslmode", sslmode),))).connect()
        return refused.value.why

    closed = free_port()
    assert why("127.0.0.1", closed) == f"Nothing listens at 127.0.0.1:{closed}."
    assert why("nothing.invalid", 5432).split(" the name ")[1] == "nothing.invalid."
    assert why(str(target.root), target.port) == "The server has no user me."
    assert why(str(target.root), target.port, "shopkeeper", "none") == "The server has no database none."
    with answering(b"HTTP/1.1 400 Bad Request") as port:
        assert why("127.0.0.1", port) == f"What answers at 127.0.0.1:{port} is no PostgreSQL."
        assert why("127.0.0.1", port, sslmode="require") == f"What answers at 127.0.0.1:{port} is no PostgreSQL."
    with answering(b"N") as port:
        assert why("127.0.0.1", port, sslmode="require") == "The server takes no encrypted connections."
    with answering(b"") as port:
        assert why("127.0.0.1", port) == "The server has ended the connection."


def test_time_limits_of_a_database_do_not_hold_for_the_migration(target: Cluster) -> None:
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout")
    for database in ("app", "elsewhere"):
        for limit in limits:
            target.query(f"ALTER DATABASE {database} SET {limit} = '7s'")
    source = Source(Address(str(target.root), target.port, "shopkeeper", "elsewhere"))
    opened = {
        "reads": source.connect(),
        "writes": source.connect_to_write(),
        "replicates": source.connect_to_write(replication=True),
        "target": target_of(target).connect(),
    }
    shown = {
        name: [value for limit in limits for (value,) in session.execute(f"SHOW {limit}").fetchall()]
        for name, session in opened.items()
    }
    for session in opened.values():
        session.close()
    patient = ["0", "30s", "0", "0"]
    assert shown == {"reads": patient, "writes": patient, "replicates": ["0"] * 4, "target": ["0"] * 4}


def test_large_objects_alone_move(target: Cluster, tmp_path: Path) -> None:
    target.query("SELECT lo_from_bytea(424242, decode(repeat('00ff10', 1000000), 'hex')); SELECT lo_create(424243)",
                 "elsewhere")  # fmt: skip
    move = of(target, tmp_path / "state")
    move.run()
    assert differing(move.verify()) == []
    digest = "SELECT loid, md5(string_agg(data, '' ORDER BY pageno)) FROM pg_largeobject GROUP BY 1"
    assert target.query(digest, "app") == target.query(digest, "elsewhere")


def test_the_password_of_another_server_stays_behind_by_name(target: Cluster, tmp_path: Path) -> None:
    target.query("CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;"
                 " CREATE USER MAPPING FOR shopkeeper SERVER other OPTIONS (user 'u', password 'never shown');"
                 " CREATE FOREIGN TABLE far (id int) SERVER other", "elsewhere")  # fmt: skip
    move = of(target, tmp_path / "state")
    _facts, items = move.plan()
    (mapping,) = [item for item in items if item.kind == "user mapping"]
    assert mapping.fate == "reported"
    assert "shopkeeper" in mapping.name
    assert "never shown" not in str(items)
    move.run()
    assert target.query("SELECT count(*) FROM pg_user_mappings", "app") == [(0,)]
    assert target.query("SELECT srvname FROM pg_foreign_server", "app") == [("other",)]


def test_what_postgresql_writes_in_another_way_when_it_reads_it_again_is_no_difference(
    target: Cluster, tmp_path: Path
) -> None:
    """What breaks otherwise: a list of words on a varchar column is red for ever, and every repeated run fails."""
    target.query("CREATE DATABASE old")
    target.query(REWRITTEN, "old")
    move = migration(
        Address(str(target.root), target.port, "postgres", "old"), target, tmp_path / "state", kind="plain"
    )
    move.run()
    assert differing(move.verify()) == []
    move.run()
    target.query("ALTER TABLE public.t DROP CONSTRAINT t_s_check, ADD CHECK (s IN ('a', 'c'))", "app")
    assert [one for one in differing(move.verify()) if "public.t:" in one] != []
