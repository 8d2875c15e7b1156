"""The source that the migration's tests start from has every kind of thing that has been lost on the way."""

from __future__ import annotations

import psycopg
import pytest

from tests.service.supabase_source import PASSWORD, SupabaseSource, person

KINDS = {
    "policies": ("select count(*) from pg_policies where schemaname in ('public', 'storage', 'realtime')", 18),
    "restrictive policies": ("select count(*) from pg_policies where permissive = 'RESTRICTIVE'", 2),
    "tables that force policies on their owner": ("select count(*) from pg_class where relforcerowsecurity", 1),
    "column grants": ("select count(*) from pg_attribute where attacl is not null and attrelid >= 16384", 5),
    "default privileges": ("select count(*) from pg_default_acl", 6),
    "foreign keys to people": (
        "select count(*) from pg_constraint where confrelid = 'auth.users'::regclass and conparentid = 0"
        " and connamespace <> 'auth'::regnamespace",
        8,
    ),
    "triggers on people": (
        "select count(*) from pg_trigger where tgrelid = 'auth.users'::regclass and not tgisinternal",
        2,
    ),
    "states of triggers": (
        "select count(distinct tgenabled) from pg_trigger where tgrelid = 'public.todos'::regclass",
        4,
    ),
    "webhooks": (
        "select count(*) from pg_trigger as t join pg_proc as p on p.oid = tgfoid"
        " where pronamespace = 'supabase_functions'::regnamespace",
        1,
    ),
    "partitions": ("select count(*) from pg_class where relispartition and relkind in ('r', 'p')", 8),
    "generated columns": (
        "select count(*) from pg_attribute where attgenerated = 's' and attrelid = 'public.todos'::regclass",
        1,
    ),
    "identity columns": ("select count(*) from pg_attribute where attidentity <> '' and attnum > 0", 3),
    "materialized views without content": (
        "select count(*) from pg_class where relkind = 'm' and not relispopulated",
        1,
    ),
    "large objects": ("select count(*) from pg_largeobject_metadata", 3),
    "extensions without a package": (
        "select count(*) from pg_extension"
        " where extname in ('supabase_vault', 'pg_cron', 'pg_net', 'pg_graphql', 'vector')",
        5,
    ),
    "event triggers": ("select count(*) from pg_event_trigger", 3),
    "publications": ("select count(*) from pg_publication", 3),
    "constraints that old rows break": ("select count(*) from pg_constraint where not convalidated", 1),
    "unlogged tables": ("select count(*) from pg_class where relpersistence = 'u' and relkind = 'r'", 1),
    "jobs": ("select count(*) from cron.job", 2),
    "secrets": ("select count(*) from vault.decrypted_secrets where decrypted_secret <> ''", 2),
    "requests sent": ("select count(*) from net.http_request_queue", 0),
    "triggers fired": ("select count(*) from public.firings", 0),
    "people": ("select count(*) from auth.users", 231),
    "second factors": ("select count(*) from auth.mfa_factors", 6),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_has(supabase: SupabaseSource, kind: str) -> None:
    question, expected = KINDS[kind]
    assert supabase.query(question) == [(expected,)]


def test_its_owner_is_no_superuser_and_needs_a_password(supabase: SupabaseSource) -> None:
    with supabase.connect("postgres") as owner:
        found = owner.execute("select rolsuper, rolbypassrls from pg_roles where rolname = current_user").fetchall()
        assert found == [(False, True)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(supabase.url("postgres", password=PASSWORD + "x"))


def test_policies_tell_people_apart(supabase: SupabaseSource) -> None:
    with supabase.connect() as connection:
        connection.execute("set role authenticated")
        seen = {}
        for number in (1, 5):
            claims = f'{{"sub": "{person(number)}", "role": "authenticated"}}'
            connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
            seen[number] = connection.execute("select count(*) from public.todos").fetchone()
        assert seen == {1: (1500,), 5: (15,)}
