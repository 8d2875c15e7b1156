"""People of a Supabase project become people of Better Auth: everybody, once, with the same id and password."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from founderstack.migration.context import Context
from founderstack.migration.database.roles import PEOPLE_FOLLOWER
from founderstack.migration.journal import Journal
from founderstack.migration.people import tables as people_tables
from founderstack.migration.people.hand import with_the_apps_rights
from founderstack.migration.people.people import People
from founderstack.migration.people.rules import NOWHERE, Rules
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Item, Options
from founderstack.world.net.postgres import Address
from founderstack.world.os.clock import SystemClock
from tests.app.servers import Postgres
from tests.service.supabase_source import BINARIES, PASSWORD, SupabaseSource, person

Move = Callable[..., Context]


@pytest.fixture
def moving(target_server: Postgres, supabase: SupabaseSource, tmp_path: Path, request: pytest.FixtureRequest) -> Move:
    """A migration of people from a source, the shared one unless named, into a database of the test's own."""
    name = f"m{abs(hash(request.node.name))}"
    target_server.create(name)

    def context(source: SupabaseSource = supabase) -> Context:
        where = Address("127.0.0.1", source.port, "postgres", "postgres", PASSWORD)
        target = Target(Address("127.0.0.1", target_server.port, "diary", name), str(BINARIES))
        journal = Journal(target)
        journal.begin("a source", "supabase", "digest")
        said: list[object] = []
        return Context("supabase", Source(where), target, journal, str(tmp_path), Options(), SystemClock(), said.append)

    return context


def ask(context: Context, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with context.target.connect() as connection:
        return connection.execute(sql, values or None).fetchall()


def counted(items: Sequence[Item], kind: str) -> dict[str, int]:
    return {item.name: item.count or 0 for item in items if item.kind == kind}


def listed(items: Sequence[Item], kind: str) -> set[str]:
    return {item.name for item in items if item.kind == kind}


def ids(*numbers: int) -> set[str]:
    return {str(person(number)) for number in numbers}


def test_everybody_is_told_beforehand_and_arrives_once(moving: Move) -> None:
    context = moving()
    plan = People().plan(context)
    assert not [item for item in plan if item.fate == "blocker"]
    ways = counted(plan, "people")
    assert sum(ways.values()) == 231
    assert ways["deleted: no account, the id stays for what refers to it"] == 6
    assert ways["anonymous"] == 10
    assert ways["by phone alone"] == 4
    assert ways["by single sign-on alone"] == 6
    People().run(context)
    assert ask(context, 'select count(*) from public."user"') == [(225,)]
    assert ask(context, "select detail from founder_migration.done where step = 'people'") == [
        ({"users": 225, "accounts": ways_in_the_source(context), "removed": 0},)
    ]
    assert all(finding.ok for finding in People().verify(context)), People().verify(context)
    assert list(People().plan(context)) == list(plan), "the plan is the same after the run"


def ways_in_the_source(context: Context) -> int:
    """How many ways in there are at the source, counted there."""
    with context.source.connect() as source:
        row = source.execute(
            """select (select count(*) from auth.users where encrypted_password <> '' and deleted_at is null)
                    + (select count(*) from auth.identities join auth.users as u on u.id = user_id
                       where provider not in ('email', 'phone') and provider not like 'sso:%' and deleted_at is null)"""
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_second_run_writes_nothing(moving: Move) -> None:
    context = moving()
    People().run(context)
    before = ask(context, 'select u.xmin::text, u.id from public."user" as u order by id')
    People().run(context)
    People().sync_final(context)
    assert ask(context, 'select u.xmin::text, u.id from public."user" as u order by id') == before
    assert ask(context, "select detail from founder_migration.done where step = 'people'") == [
        ({"users": 0, "accounts": 0, "removed": 0},)
    ]


def test_what_is_known_of_a_person_is_kept(moving: Move) -> None:
    context = moving()
    People().run(context)

    def user(number: int) -> dict[str, Any]:
        return dict(ask(context, 'select to_jsonb(u) from public."user" as u where id = %s', person(number))[0][0])

    assert user(1)["role"] == "admin"
    assert user(2)["role"] == "moderator"
    assert user(3)["role"] is None, "the database role is nobody's role in the app"
    assert (user(31)["banned"], user(31)["banExpires"]) == (True, "2126-01-01T00:00:00+00:00")
    assert (user(35)["banned"], user(35)["banExpires"]) == (False, None)
    assert (user(37)["banned"], user(37)["banExpires"]) == (True, None)
    assert (user(20)["phoneNumber"], user(20)["phoneNumberVerified"]) == ("+491700000020", True)
    assert user(10)["phoneNumberVerified"] is False
    assert (user(139)["name"], user(139)["isAnonymous"]) == ("Anonymous", True)
    assert user(139)["email"] == f"{person(139)}@{NOWHERE}"
    assert (user(161)["emailVerified"], user(170)["emailVerified"], user(5)["emailVerified"]) == (False, False, True)
    assert user(6)["image"] == "https://example.com/6.png"
    assert user(7)["name"] == "Person the 7th"
    assert user(104)["name"] == "Name at google"
    with context.source.connect() as source, context.target.connect() as target:
        kept = "select id::text, {}::text from {} where {} is not null order by id"
        there = target.execute(kept.format('"userMetadata"', 'public."user"', '"userMetadata"')).fetchall()
        here = source.execute(
            kept.format("raw_user_meta_data", "auth.users", "raw_user_meta_data").replace(
                "where", "where deleted_at is null and"
            )
        ).fetchall()
        assert there == here


def test_ways_in_come_from_passwords_and_identities(moving: Move) -> None:
    context = moving()
    People().run(context)
    rows = ask(context, 'select "userId"::text, "providerId", "accountId", "password" from public."account"')
    ways: dict[str, dict[str, tuple[str, str | None]]] = {}
    for user, provider, account, password in rows:
        ways.setdefault(user, {})[provider] = (account, password)
    me = {number: ways.get(str(person(number)), {}) for number in range(1, 232)}
    assert Counter(name for one in me.values() for name in one)["google"] == 24
    for number in (5, 7, 132, 187, 189, 191):
        assert list(me[number]) == ["credential"]
        assert me[number]["credential"][0] == str(person(number))
    assert set(me[121]) == {"credential", "github"}
    assert me[101] == {"google": ("10769101", None)}, "somebody who came through a provider gets no password"
    assert set(me[177]) == {"microsoft"}
    assert set(me[197]) == {"linkedin"}
    assert set(me[209]) == {"custom:acme"}
    assert set(me[210]) == {"figment"}
    assert me[135] == me[155] == me[167] == me[211] == {}
    with context.source.connect() as source:
        hashes = dict(source.execute("select id::text, encrypted_password from auth.users").fetchall())
    assert all(one["credential"][1] == hashes[user] for user, one in ways.items() if "credential" in one)


def test_the_same_address_twice_stops_nobody(moving: Move) -> None:
    context = moving()
    plan = People().plan(context)
    People().run(context)
    assert listed(plan, "same address") == ids(*range(155, 161), *range(173, 177))
    addresses = dict(ask(context, 'select id::text, email from public."user"'))
    assert addresses[str(person(11))] == "person11@example.com", "who signs in by password keeps the address"
    assert addresses[str(person(155))] == f"{person(155)}@{NOWHERE}"
    assert addresses[str(person(21))] == "person21@example.com"
    assert addresses[str(person(173))] == f"{person(173)}@{NOWHERE}"


def test_whoever_needs_a_word_is_named(moving: Move) -> None:
    plan = People().plan(moving())
    assert listed(plan, "second factor") == ids(41, 42, 43, 45, 46)
    assert listed(plan, "passkey") == ids(47)
    assert listed(plan, "banned") == ids(31, 32, 33, 34, 37)
    assert listed(plan, "single sign-on") == ids(*range(155, 161))
    assert listed(plan, "provider") == ids(209, 210)
    assert listed(plan, "microsoft") == ids(*range(177, 183))
    assert listed(plan, "address refused") == ids(*range(201, 209))
    assert listed(plan, "no address") == ids(*range(131, 139), 211)
    assert listed(plan, "deleted") == ids(*range(149, 155))
    assert listed(plan, "rows") == {f"auth.{name}" for name in ("sessions", "refresh_tokens", "one_time_tokens")} | {
        "auth.oauth_clients",
        "auth.saml_providers",
    }
    assert "@" not in json.dumps([item.name for item in plan]), "a report names people by id"


def test_a_second_factor_that_cannot_move_closes_the_door(moving: Move) -> None:
    context = moving()
    People().run(context)
    new_session = """insert into public."session" ("expiresAt", token, "updatedAt", "userId")
                     values (now(), %s, now(), %s) returning 1"""
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="waits"):
        ask(context, new_session, "one", person(41))
    assert ask(context, 'select "twoFactorEnabled" from public."user" where id = %s', person(41)) == [(True,)]
    assert ask(context, new_session, "two", person(44)) == [(1,)], "a factor that was only begun protects nothing"
    may = "select has_table_privilege('app', 'founder_migration.held_person', what) from unnest(%s::text[]) as what"
    assert ask(context, may, ["SELECT", "INSERT", "DELETE"]) == [(True,), (False,), (False,)], "the app may only ask"
    with context.target.connect() as connection:
        tables = people_tables.find(connection)
        assert people_tables.release(connection, tables, "Person41@example.com")
        assert not people_tables.release(connection, tables, "person5@example.com")
    assert ask(context, new_session, "three", person(41)) == [(1,)]
    assert ask(context, 'select "twoFactorEnabled" from public."user" where id = %s', person(41)) == [(False,)]


def test_the_founder_may_choose_to_drop_second_factors(moving: Move) -> None:
    context, people = moving(), People(Rules(second_factor="dropped"))
    people.run(context)
    assert ask(context, "select count(*) from founder_migration.held_person") == [(0,)]
    assert ask(context, 'select count(*) from public."user" where "twoFactorEnabled"') == [(0,)]


def test_single_sign_on_opens_accounts_once_its_map_was_looked_at(moving: Move) -> None:
    context = moving()
    provider = "sso:5a5a5a5a-0000-4000-8000-000000000001"
    people = People(Rules(providers={provider: "acme-saml"}))
    assert not listed(people.plan(context), "single sign-on")
    people.run(context)
    found = ask(context, """select "accountId" from public."account" where "providerId" = 'acme-saml' order by 1""")
    assert found[0] == ("name-id-155",)
    assert len(found) == 6


def test_what_changes_before_the_cut_over_follows(moving: Move, supabase_copy: Callable[[], SupabaseSource]) -> None:
    source = supabase_copy()
    context = moving(source)
    People().run(context)
    source.query("delete from public.members where user_id = %s", person(230))
    source.query("delete from auth.users where id = %s", person(230))
    source.query(
        "update auth.users set encrypted_password = public.hashed(1), email = 'new@example.com' where id = %s",
        person(5),
    )
    source.query("update auth.users set email = 'person5@example.com' where id = %s", person(229))
    source.query("update auth.users set deleted_at = now() where id = %s", person(228))
    source.query("delete from auth.identities where user_id = %s and provider = 'github'", person(121))
    source.query(
        "insert into auth.users (id, email, is_sso_user) values (gen_random_uuid(), 'person5@example.com', true)"
    )
    assert [finding.ok for finding in People().verify(context)] != [True] * 4, "verification sees what is not settled"
    People().sync_final(context)
    assert all(finding.ok for finding in People().verify(context))
    assert ask(context, 'select count(*) from public."user"') == [(224,)]
    mails = dict(ask(context, 'select id::text, email from public."user" where id = any(%s)', [person(5), person(229)]))
    assert mails == {str(person(5)): "new@example.com", str(person(229)): "person5@example.com"}
    assert ask(context, 'select "providerId" from public."account" where "userId" = %s', person(121)) == [
        ("credential",)
    ]


def test_hashes_under_a_key_of_the_old_server_stop_the_move(
    moving: Move, supabase_copy: Callable[[], SupabaseSource]
) -> None:
    source = supabase_copy()
    source.query(
        """update auth.users set encrypted_password = '{"key_id": "k", "data": "x"}' where id = %s""", person(9)
    )
    context = moving(source)
    blockers = [item for item in People().plan(context) if item.fate == "blocker"]
    assert [(item.name, item.kind) for item in blockers] == [(str(person(9)), "sealed hash")]
    assert "--leave sealed-passwords" in blockers[0].fix
    context = replace(context, options=Options(leave=("sealed-passwords",)))
    assert listed(People().plan(context), "password left") == ids(9)
    People().run(context)
    assert ask(context, 'select count(*) from public."account" where "userId" = %s', person(9)) == [(0,)]
    assert all(finding.ok for finding in People().verify(context))


def test_somebody_who_signed_up_in_the_new_app_is_in_the_way_and_is_named(moving: Move) -> None:
    context = moving()
    with context.target.connect() as connection:
        connection.execute("create schema founder_migration_test")
        people_tables.make(connection, people_tables.find(connection), "app")
        connection.execute(
            'insert into public."user" (name, email, "emailVerified") values (%s, %s, true)',
            ("Me", "person1@example.com"),
        )
    blockers = [item for item in People().plan(context) if item.fate == "blocker"]
    assert [(item.kind, item.count) for item in blockers] == [("people", 1)]


def test_who_signs_up_in_the_app_is_known_to_what_moved(moving: Move) -> None:
    context = moving()
    with context.target.connect() as connection:
        connection.execute("create schema auth")
        connection.execute(
            """create table auth.users (id uuid primary key, email text, aud text, email_confirmed_at timestamptz,
               updated_at timestamptz)"""
        )
        people_tables.make(connection, people_tables.find(connection), "app")
        sign_up = """insert into public."user" (name, email, "emailVerified") values ('A', %s, true) returning id"""
        early = connection.execute(sign_up, ("early@example.org",)).fetchone()
    People().run(context)
    assert ask(context, "select count(*) from auth.users") == [(0,)], "who moved is there already, by another step"
    late = ask(context, sign_up, "late@example.org")[0]
    assert ask(context, "select id from auth.users") == [late]
    ask(context, """update public."user" set email = 'later@example.org' where id = %s returning 1""", *late)
    assert ask(context, "select email, aud from auth.users") == [("later@example.org", "authenticated")]
    with context.target.connect() as connection:
        connection.execute("delete from auth.users")
    People().sync_final(context)
    signed_up = "select id from auth.users where email in ('early@example.org', 'later@example.org')"
    assert set(ask(context, signed_up)) == {early, late}
    ask(context, 'delete from public."user" where id = %s returning 1', *late)
    assert late not in ask(context, "select id from auth.users")


def test_what_triggers_on_auth_users_do_they_do_with_the_rights_of_the_app(moving: Move) -> None:
    """The app may change its own functions: by the superuser's hand each of them would make it superuser."""
    context = moving()
    with context.target.connect() as connection:
        connection.execute("create schema auth")
        connection.execute("create table auth.users (id uuid primary key, email text)")
        connection.execute("alter table auth.users enable row level security")
        connection.execute("create table public.profile (id uuid, made_by text, powerful boolean)")
        connection.execute("alter table public.profile owner to app")
        connection.execute(
            """create function public.welcome() returns trigger language plpgsql as $$ begin
               perform set_config('role', 'none', false);
               insert into public.profile select new.id, current_user, rolsuper from pg_roles
               where rolname = current_user; return new; exception when others then
               insert into public.profile select new.id, current_user, rolsuper from pg_roles
               where rolname = current_user; return new; end $$"""
        )
        connection.execute("alter function public.welcome() owner to app")
        connection.execute(
            "create trigger welcome after insert on auth.users for each row execute function public.welcome()"
        )
        people_tables.make(connection, people_tables.find(connection), "app")
    People().run(context)
    with context.target.connect() as connection:
        connection.execute("set session authorization app")
        connection.execute(
            """insert into public."user" (name, email, "emailVerified") values ('A', 'a@example.org', true)"""
        )
    assert ask(context, "select made_by, powerful from public.profile") == [(PEOPLE_FOLLOWER, False)]
    assert ask(context, "select count(*) from auth.users") == [(1,)]
    People().run(context)
    assert ask(context, "select count(*) from public.profile") == [(1,)]


_TRAPS = """
create function trap.f(place text, whole text) returns text language plpgsql immutable as $$ begin
    if exists (select from pg_roles where rolname in (current_user, session_user) and rolsuper) then
        raise exception 'somebody else is superuser in %', place;
    end if;
    return whole;
end $$;
create function trap.on_change() returns trigger language plpgsql as $$ begin
    perform trap.f(tg_op, ''); return coalesce(new, old); end $$;
create domain trap.word as text check (trap.f('domain', value) is not null);
alter table public."user" alter name type trap.word, add check (trap.f('check', name) is not null),
    add made text not null default trap.f('default', ''),
    add made_of text generated always as (trap.f('generated', name)) stored;
create index on public."user" (trap.f('index', email), (trap.f('index', '1')::int));
create statistics trap.known on (trap.f('statistics', '1') || email), email from public."user";
create trigger early before insert or update or delete on public."user" for each row execute function trap.on_change();
create trigger late after insert or update or delete on public."account"
    for each row execute function trap.on_change();
create constraint trigger last after insert or delete on public."user" deferrable initially deferred
    for each row execute function trap.on_change();
comment on table public."user" is null;
create table trap.of_account (id uuid references public."account" on delete cascade);
create trigger late after delete on trap.of_account for each row execute function trap.on_change();
"""


def test_tables_of_the_app_run_none_of_their_code_as_superuser(moving: Move) -> None:
    """What breaks otherwise: whoever could create a table becomes superuser when people come, or are compared."""
    context = moving()
    with context.target.connect() as connection:
        connection.execute(f'alter database "{connection.info.dbname}" owner to app')
        people_tables.make(connection, people_tables.find(connection), "app")
        connection.execute("create schema trap authorization app")
        connection.execute("set session authorization app")
        connection.execute(_TRAPS)
    assert not [item for item in People().plan(context) if item.fate == "blocker"]
    People().run(context)
    with context.target.connect() as connection:
        connection.execute("set session authorization app")
        connection.execute('insert into trap.of_account select id from public."account"')
        connection.execute("""update public."user" set name = 'Somebody else' where name like '%1%'""")
    People().sync_final(context)
    assert all(finding.ok for finding in People().verify(context))
    People().plan(context)
    with context.target.connect() as connection:
        tables = people_tables.find(connection)
    with with_the_apps_rights(context.target, tables) as own:
        assert people_tables.release(own, tables, "person41@example.com")
    People().undo(context)
    assert ask(context, "select to_regclass('founder_migration.person')") == [(None,)]
    with context.target.connect() as connection:
        connection.execute("set session authorization app")
        assert connection.execute('select count(*) from public."user"').fetchall() == [(0,)]
    assert ask(context, "select rolname from pg_roles where rolname like 'founder_migrate%'") == []


def test_who_is_held_is_asked_with_the_rights_of_the_app(moving: Move) -> None:
    """A column that is cast calls the function of the cast, and that may be the app's."""
    context = moving()
    People().run(context)
    with context.target.connect() as connection:
        connection.execute("create schema crafty authorization app")
        connection.execute("set session authorization app")
        connection.execute(
            """create type crafty.number as (of text);
               create table crafty.seen (who text);
               create function crafty.cast(crafty.number) returns uuid language plpgsql as $$ begin
                   insert into crafty.seen values (current_user); return gen_random_uuid(); end $$;
               create cast (crafty.number as uuid) with function crafty.cast(crafty.number);
               create table crafty.session ("userId" crafty.number);
               create trigger held before insert on crafty.session
                   for each row execute function founder_migration.refuse_held();
               insert into crafty.session values (row('x'))"""
        )
    assert ask(context, "select distinct who from crafty.seen") == [(PEOPLE_FOLLOWER,)]


def test_an_app_that_keeps_sessions_elsewhere_stops_the_move_of_who_must_be_held(moving: Move) -> None:
    context = moving()
    with context.target.connect() as connection:
        people_tables.make(connection, people_tables.find(connection), "app")
        connection.execute('drop table public."session"')
    blockers = [item for item in People().plan(context) if item.fate == "blocker"]
    assert [(item.name, item.count) for item in blockers] == [("people to be held", 5)]
    dropped = People(Rules(second_factor="dropped"))
    assert not [item for item in dropped.plan(context) if item.fate == "blocker"]
    dropped.run(context)
    assert all(finding.ok for finding in dropped.verify(context))
    dropped.undo(context)
    assert ask(context, "select to_regclass('public.user'), to_regclass('founder_migration.person')") == [(None, None)]


def test_a_project_from_before_newer_columns_moves_too(
    moving: Move, supabase_copy: Callable[[], SupabaseSource]
) -> None:
    source = supabase_copy()
    source.query("alter table auth.users drop column is_anonymous, drop column deleted_at, drop column banned_until")
    source.query("drop table auth.webauthn_credentials, auth.mfa_factors")
    context = moving(source)
    People().run(context)
    assert ask(context, 'select count(*) from public."user"') == [(231,)]


def test_tables_of_the_same_name_in_the_source_send_people_to_a_schema_of_their_own(
    moving: Move, supabase_copy: Callable[[], SupabaseSource]
) -> None:
    source = supabase_copy()
    source.query('create table public."user" (id integer)')
    context = moving(source)
    People().run(context)
    assert ask(context, 'select count(*) from better_auth."user"') == [(225,)]
    assert replace(context.target, owner="app") == context.target
