"""What a migration decides before it touches anything: ways to a source, fates of objects, equal expressions, pace."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from founderstack.migration.database.canonical import canonical
from founderstack.migration.database.fates import Setting, SourceObject, decide
from founderstack.migration.database.tables import Table, parts
from founderstack.migration.entries import DecidedEntry, Entry
from founderstack.migration.parallel import Pace, each
from founderstack.migration.source import Unreachable, refuse_transaction_pooler, route, unreachable
from founderstack.model.errors import StackError
from founderstack.testing.clock import FakeClock
from founderstack.world.net.postgres import Address, parse

POOLER = "postgres://postgres.abc@aws-0-eu-west-1.pooler.supabase.com:%d/postgres"


@pytest.mark.parametrize(
    ("url", "way"),
    [
        (POOLER % 5432, "session pooler"),
        (POOLER % 6543, "transaction pooler"),
        ("postgres://postgres@db.abc.supabase.co:5432/postgres", "direct"),
        ("postgres://postgres@db.abc.supabase.co:6543/postgres", "transaction pooler"),
        ("postgresql://me@[2001:db8::1]/mine", "direct"),
    ],
)
def test_the_way_to_a_source_is_told_by_its_address(url: str, way: str) -> None:
    assert route(parse(url)) == way


def test_a_transaction_pooler_is_refused_with_its_reason_and_the_way_that_works() -> None:
    with pytest.raises(StackError, match="transaction pooler") as refused:
        refuse_transaction_pooler(parse(POOLER % 6543))
    assert "snapshot" in refused.value.why
    assert "5432" in refused.value.fix


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ('connection to server at "2001:db8::1", port 5432 failed: Network is unreachable', "session pooler"),
        ("FATAL:  password authentication failed for user", "--password-file"),
        ("FATAL:  password authentication failed for user", "FOUNDER_SOURCE_PASSWORD"),
        ("FATAL:  password authentication failed for user", "written %40"),
        ("FATAL:  password authentication failed for user", "Reset database password"),
        ("error received from server in SCRAM exchange: Wrong password", "at a pooler the user is postgres.PROJECT"),
        ("fe_sendauth: no password supplied", "--password-file"),
        ("FATAL:  Tenant/user postgres.abc not found", "postgres.PROJECT"),
        ('FATAL:  role "me" does not exist', "before the @"),
        ('FATAL:  permission denied for database "mine"', "GRANT CONNECT"),
        ("FATAL:  sorry, too many clients already", "--jobs 1"),
        ("FATAL:  the database system is starting up", "in a minute"),
        ("failed: SSL error: certificate verify failed", "sslrootcert=FILE"),
        ("no pg_hba.conf entry for host, no encryption", "sslmode=require"),
        ("failed to resolve host: Temporary failure in name resolution", "can look up names"),
        ("port 5432 failed: timeout expired", "no firewall"),
        ("FATAL:  Tenant or user not found", "postgres.PROJECT"),
        ("connection timeout expired", "not paused"),
        ('FATAL:  database "mine" does not exist', "the right one"),
        ("FATAL:  no pg_hba.conf entry for host", "this machine’s address"),
        ("server does not support SSL, but SSL was required", "sslmode=disable"),
        ("failed to resolve host 'x': [Errno -2] Name or service not known", "the whole address"),
    ],
)
def test_why_a_source_is_not_reached_names_the_cure(said: str, cure: str) -> None:
    assert cure in unreachable(Address("2001:db8::1", 5432, "me", "mine"), said).fix


def test_words_of_the_driver_are_never_shown_as_they_are() -> None:
    closed = (
        'connection failed: connection to server at "x", port 1 failed: Connection refused\n\tIs the server running?'
    )
    told = unreachable(Address("x", 1, "me", "mine"), closed)
    assert (told.why, isinstance(told, Unreachable)) == ("Nothing listens at x:1.", True)
    strange = 'connection failed: connection to server at "x", port 1 failed: FATAL:  {no} such luck\n\tA line more.\n'
    assert unreachable(Address("x", 1, "me", "mine"), strange).why == "The server says: {no} such luck"
    both = "2001:db8::1 failed: Network is unreachable\n10.0.0.1 failed: FATAL:  password authentication failed"
    assert "password" in unreachable(Address("x", 1, "me", "mine"), both).why
    assert unreachable(Address("x", 1, "me", "mine"), "").why == "It gave no reason."


def test_a_password_is_never_printed() -> None:
    address = parse("postgres://me:hidden%20word@host/base?sslmode=require")
    assert address.password == "hidden word"
    assert "hidden" not in repr(address) + address.url
    assert address.keywords()["sslmode"] == "require"


@pytest.mark.parametrize("url", ["https://host", "host:5432", "postgres://", "postgres://host:99999999/x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(StackError, match="no address"):
        parse(url)


def fates(*objects: tuple[Entry, SourceObject | None], **setting: object) -> dict[str, str]:
    known = {entry.id: about for entry, about in objects if about}
    decided: tuple[DecidedEntry, ...] = decide(
        [entry for entry, _about in objects],
        known,
        Setting(**{"kind": "supabase", "extensions": ("citext",), **setting}),  # type: ignore[arg-type]
    )
    return {one.item.name: one.item.fate for one in decided}


def entry(number: int, kind: str, *needs: int) -> Entry:
    return Entry(number, kind, f"label {number}", 1, number, needs, "")


def test_an_object_goes_where_what_it_needs_goes() -> None:
    objects = (
        (entry(1, "EXTENSION"), SourceObject("", "vector", "", "")),
        (entry(2, "TABLE", 1), SourceObject("public", "public.embedded", "public.embedded", "postgres")),
        (entry(3, "COMMENT", 2), None),
        (entry(4, "TABLE"), SourceObject("auth", "auth.sessions", "auth.sessions", "supabase_auth_admin")),
        (entry(5, "INDEX", 4), SourceObject("auth", "auth.sessions_i", "auth.sessions", "supabase_auth_admin")),
        (entry(6, "TABLE"), SourceObject("auth", "auth.users", "auth.users", "supabase_auth_admin")),
        (entry(7, "FUNCTION"), SourceObject("auth", "auth.uid()", "", "supabase_auth_admin")),
        (entry(8, "FUNCTION"), SourceObject("auth", "auth.mine()", "", "postgres")),
        (entry(9, "POLICY", 6, 7), SourceObject("public", "p on public.t", "public.t", "postgres")),
    )
    assert fates(*objects) == {
        "vector": "reported",
        "public.embedded": "blocker",
        "label 3": "reported",
        "auth.sessions": "reported",
        "auth.sessions_i": "reported",
        "auth.users": "converted",
        "auth.uid()": "converted",
        "auth.mine()": "moved",
        "p on public.t": "moved",
    }
    assert fates(*objects, leave=("public.embedded",))["public.embedded"] == "reported"
    assert fates(*objects, extensions=("vector",))["public.embedded"] == "moved"
    assert fates(*objects, kind="plain")["auth.sessions"] == "moved"


def test_who_owns_it_decides_and_never_what_it_is_called() -> None:
    own, theirs = "postgres", "supabase_auth_admin"
    objects = (
        (entry(1, "SCHEMA"), SourceObject("", "etl", "", own)),
        (entry(2, "TABLE", 1), SourceObject("etl", "etl.jobs", "etl.jobs", own)),
        (entry(3, "SCHEMA"), SourceObject("", "auth", "", "supabase_admin")),
        (entry(4, "TABLE", 3), SourceObject("auth", "auth.sessions", "auth.sessions", theirs)),
        (entry(5, "TABLE", 3), SourceObject("auth", "auth.invitations", "auth.invitations", own)),
        (entry(6, "VIEW", 4), SourceObject("auth", "auth.seen", "auth.seen", own)),
        (
            entry(7, "TABLE"),
            SourceObject("realtime", "realtime.messages", "realtime.messages", "supabase_realtime_admin"),
        ),
        (entry(8, "POLICY", 7), SourceObject("realtime", "mine on realtime.messages", "realtime.messages", theirs)),
        (entry(9, "FUNCTION"), SourceObject("extensions", "extensions.pgrst_ddl_watch()", "", own)),
        (entry(10, "EVENT TRIGGER", 9), SourceObject("", "watch", "", own)),
        (entry(11, "FUNCTION"), SourceObject("public", "public.audit()", "", own)),
        (entry(12, "EVENT TRIGGER", 11), SourceObject("", "issue_audit", "", own)),
        (entry(13, "TABLE"), SourceObject("pgmq", "pgmq.q_mails", "pgmq.q_mails", own)),
        (entry(14, "TABLE"), SourceObject("public", "public.at_home", "public.at_home", "supabase_admin")),
        (entry(15, "TABLE"), SourceObject("etl", "etl.lag", "etl.lag", "supabase_etl_admin")),
    )
    known = {one.id: about for one, about in objects}
    setting = Setting("supabase", (), made_by={"pgmq": "pgmq"})
    decided = {one.item.name: one.item for one in decide([one for one, _about in objects], known, setting)}
    platform = {name for name, item in decided.items() if item.why == "It is part of the platform."}
    assert platform == {
        "auth.sessions", "realtime.messages", "extensions.pgrst_ddl_watch()", "watch", "etl.lag"
    }  # fmt: skip
    assert {name for name, item in decided.items() if item.fate == "moved"} == {
        "etl", "etl.jobs", "auth.invitations", "public.audit()", "public.at_home"
    }  # fmt: skip
    assert {name for name, item in decided.items() if item.fate == "blocker"} == {"auth.seen", "pgmq.q_mails"}
    assert "project’s own" in decided["mine on realtime.messages"].why


def test_a_table_that_is_left_takes_with_it_what_belongs_to_it() -> None:
    objects = (
        (entry(1, "EXTENSION"), SourceObject("", "vector", "", "")),
        (entry(2, "TABLE", 1), SourceObject("public", "public.embedded", "public.embedded", "postgres")),
        (
            entry(3, "SEQUENCE", 2),
            SourceObject("public", "public.embedded_id_seq", "public.embedded_id_seq", "postgres"),
        ),
        (entry(4, "CONSTRAINT", 2), SourceObject("public", "key on public.embedded", "public.embedded", "postgres")),
        (entry(5, "POLICY", 2), SourceObject("public", "own on public.embedded", "public.embedded", "postgres")),
        (entry(6, "TABLE"), SourceObject("public", "public.other", "public.other", "postgres")),
        (entry(7, "FK CONSTRAINT", 6, 2), SourceObject("public", "to on public.other", "public.other", "postgres")),
    )
    found = fates(*objects, leave=("public.embedded",))
    assert {name for name, fate in found.items() if fate == "blocker"} == {"to on public.other"}
    assert found["public.other"] == "moved"


def test_what_the_target_has_already_is_in_the_way() -> None:
    there = (entry(1, "TABLE"), SourceObject("public", "public.todos", "public.todos", "postgres"))
    assert fates(there, present=("public.todos",)) == {"public.todos": "blocker"}


ARRAY = "ARRAY['a'::varchar(3), lower('b')]"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("((a = b) OR (c = d)) OR (e)", "(a = b) OR (c = d) OR (e)", True),
        ("((a) AND (b)) OR (c)", "(a) AND (b) OR (c)", False),
        ("(a OR b) AND c", "a OR b AND c", False),
        ("x = 'a OR  b'", "x = 'a OR b'", False),
        ("CHECK ((a  > 0))", "CHECK ((a > 0))", True),
        (f"s = ANY (({ARRAY})::text[])", "s = ANY (ARRAY[('a'::varchar(3))::text, (lower('b'))::text])", True),
        (f"s = ANY ({ARRAY}::text[])", "s = ANY (ARRAY['a'::varchar(3)::text, lower('b')::text])", True),
        ("ARRAY['a'::character varying]::text[]", "ARRAY['a'::character varying::text]", True),
        (f"s = ANY (({ARRAY})::text[])", "s = ANY (ARRAY[('a'::varchar(3))::text, (lower('c'))::text])", False),
        (f"s = ANY (({ARRAY})::text[])", "s = ANY (ARRAY[('a'::varchar(3))::name, (lower('b'))::name])", False),
        (f"s = ANY (({ARRAY})::text[])", f"s = ANY (({ARRAY}))", False),
        ('(ARRAY[ARRAY[1, (f(2, 3))[1]]])::"T ,[]"[]', 'ARRAY[ARRAY[(1)::"T ,[]", ((f(2, 3))[1])::"T ,[]"]]', True),
        ("(ARRAY[1])::int || ''::text[]", "ARRAY[(1)::int || ''::text]", False),
        ("ARRAY[", "ARRAY[]", False),
    ],
)
def test_expressions_are_the_same_where_only_their_writing_differs(one: str, other: str, same: bool) -> None:
    assert (canonical(one) == canonical(other)) is same


@given(size=st.integers(0, 2**40), pages=st.integers(0, 2**20), part_mib=st.integers(1, 512))
def test_the_parts_of_a_table_cover_it_without_overlap(size: int, pages: int, part_mib: int) -> None:
    made = parts(Table("t", size, pages, 0, ("a",), ()), part_mib) if size < 2**33 else ()
    for before, after in pairwise(made):
        assert before.where.rpartition("'(")[2].partition(",")[0] == after.where.partition("'(")[2].partition(",")[0]
    assert not made or "<" not in made[-1].where


def test_a_pace_is_kept_over_all_connections() -> None:
    clock = FakeClock()
    pace = Pace(clock, 2.0)
    for _piece in range(10):
        pace.spend(2**20)
    assert 4.9 < clock.monotonic() < 5.1


def test_the_first_error_stops_what_has_not_begun() -> None:
    done: list[int] = []
    lock = threading.Lock()

    def do(piece: int) -> None:
        if piece == 3:
            raise ValueError("three")
        with lock:
            done.append(piece)

    with pytest.raises(ValueError, match="three"):
        each(range(1000), 1, do)
    assert done == [0, 1, 2]
