"""Everybody in `auth.users`, with what hangs on them, in the order of their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from founderstack.migration.people.rules import Identity, SourcePerson
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

# Columns that a project does not have yet are absent from to_jsonb(), and so from the row. Metadata travels as text,
# because numbers in it would not survive the way through Python.
_EVERYBODY = """
WITH claims AS (
  SELECT id, row_number() OVER (
    PARTITION BY lower(email)
    -- What signs in by a password comes first, then what Supabase itself would find, then who was here last.
    ORDER BY is_sso_user, email_confirmed_at IS NULL, email <> lower(email), last_sign_in_at DESC NULLS LAST,
             created_at, id
  ) AS rank
  FROM auth.users AS u
  WHERE email <> '' AND (to_jsonb(u) ->> 'deleted_at') IS NULL
)
SELECT
  to_jsonb(u) - 'raw_user_meta_data' - 'raw_app_meta_data',
  u.raw_user_meta_data::text,
  u.raw_app_meta_data::text,
  u.raw_app_meta_data ->> 'role',
  array[u.raw_user_meta_data ->> 'name', u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'user_name',
        u.raw_user_meta_data ->> 'preferred_username'],
  coalesce(u.raw_user_meta_data ->> 'avatar_url', u.raw_user_meta_data ->> 'picture'),
  coalesce((to_jsonb(u) ->> 'banned_until')::timestamptz > now(), false),
  (SELECT jsonb_agg(jsonb_build_array(i.provider, i.provider_id, i.identity_data, i.created_at, i.updated_at)
                    ORDER BY i.created_at, i.provider, i.provider_id)
   FROM auth.identities AS i WHERE i.user_id = u.id),
  {factors},
  {passkeys},
  coalesce(claims.rank, 1)
FROM auth.users AS u LEFT JOIN claims ON claims.id = u.id
ORDER BY u.id
"""
_FACTORS = """(SELECT array_agg(f.factor_type::text ORDER BY f.factor_type::text, f.id) FROM auth.mfa_factors AS f
   WHERE f.user_id = u.id AND f.status = 'verified')"""
_PASSKEYS = "(SELECT count(*) FROM auth.webauthn_credentials AS w WHERE w.user_id = u.id)"
_AT_ONCE = 1000


def everybody(connection: psycopg.Connection[Any]) -> Iterator[SourcePerson]:
    """Every person, read in batches; `connection` must be in a transaction."""
    query = _EVERYBODY.format(
        factors=_FACTORS if table_exists(connection, "auth.mfa_factors") else "NULL::text[]",
        passkeys=_PASSKEYS if table_exists(connection, "auth.webauthn_credentials") else "0",
    )
    with connection.cursor(name="everybody") as cursor:
        cursor.itersize = _AT_ONCE
        for row in cursor.execute(query):
            yield _person(row)


def other_things(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of those tables of `auth` that nothing in the app corresponds to, by table."""
    asked = ("sessions", "refresh_tokens", "one_time_tokens", "oauth_clients", "oauth_consents", "saml_providers")
    found = {}
    for table in asked:
        if table_exists(connection, f"auth.{table}"):
            row = connection.execute(f"SELECT count(*) FROM auth.{table}").fetchone()
            assert row is not None
            found[table] = int(row[0])
    return {table: count for table, count in found.items() if count}


def _person(row: tuple[Any, ...]) -> SourcePerson:
    facts, user_meta, app_meta, app_role, names, picture, banned, identities, factors, passkeys, rank = row
    return SourcePerson(
        row=facts if isinstance(facts, dict) else json.loads(facts),
        user_meta=user_meta,
        app_meta=app_meta,
        app_role=app_role,
        names=names,
        picture=picture,
        banned=banned,
        identities=tuple(_identity(*identity) for identity in identities or ()),
        factors=tuple(factors or ()),
        passkeys=passkeys,
        rank=rank,
    )


def _identity(provider: str, subject: str, told: object, created_at: str | None, updated_at: str | None) -> Identity:
    return Identity(provider, subject, told if isinstance(told, dict) else None, created_at, updated_at)
