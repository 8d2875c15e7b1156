"""What belongs to Supabase's platform and not to the project on it. Values only.

Source: supabase/cli internal/utils (InternalSchemas, as of 2026-06), supabase/postgres migrations, supabase/auth and
supabase/storage migrations (2026-08).
"""

from __future__ import annotations

from founderstack.locale import N_, _

_SCHEMAS = "_analytics _realtime _supavisor auth etl graphql graphql_public net pgbouncer realtime storage"
SCHEMAS = frozenset({*_SCHEMAS.split(), "pgsodium", "supabase_functions", "vault"})
"""Schemas that the platform fills. What people put there themselves is told by its owner; what an extension has put
into a schema of its own (`cron`, `pgmq`, `topology`) is told by its membership, and needs no name here."""

KEPT_TABLES = frozenset({"auth.users", "auth.identities", "auth.mfa_factors", "storage.buckets", "storage.objects"})
"""Tables of the platform that the project's own objects build on: keys, triggers, views and policies."""

SHIM_SCHEMAS = frozenset({"auth", "storage", "vault", "supabase_functions"})
"""Schemas of the platform that exist at the target as well, with what is ours in them."""

SHIM_FUNCTIONS = frozenset(
    {
        "auth.uid()",
        "auth.jwt()",
        "auth.role()",
        "auth.email()",
        "storage.foldername(pg_catalog.text)",
        "storage.filename(pg_catalog.text)",
        "storage.extension(pg_catalog.text)",
        "storage.operation()",
        "storage.allow_any_operation(pg_catalog.text[])",
        "storage.allow_only_operation(pg_catalog.text)",
        "supabase_functions.http_request()",
    }
)
"""Functions that are there at the target under the same name, written anew."""

WEBHOOK = "supabase_functions.http_request()"

EXTENSION_FUNCTIONS = frozenset(
    {"grant_pg_cron_access", "grant_pg_graphql_access", "grant_pg_net_access", "set_graphql_placeholder"}
    | {"pgrst_ddl_watch", "pgrst_drop_watch"}
)
"""The platform's own functions in the schema `extensions`."""

SUPERUSER = "supabase_admin"
_ROLES = (
    "supabase_auth_admin supabase_storage_admin supabase_realtime_admin supabase_functions_admin supabase_etl_admin "
    "supabase_replication_admin supabase_read_only_user supabase_privileged_role supabase_superuser dashboard_user "
    "pgbouncer pgsodium_keyholder pgsodium_keyiduser pgsodium_keymaker pgtle_admin"
)
ROLES = frozenset({SUPERUSER, *_ROLES.split()})
"""Roles of the platform: nothing at the target is owned by them or granted to them."""
_OF_COMMAND_LINE = "cli_login_"
"""How the names of roles begin that its command line makes for an hour."""

MASKED = {
    "auth.users": (
        "encrypted_password",
        "confirmation_token",
        "recovery_token",
        "email_change_token_new",
        "email_change_token_current",
        "phone_change_token",
        "reauthentication_token",
    ),
    "auth.mfa_factors": ("secret",),
}
"""Columns that arrive empty: passwords live where people sign in, and tokens of the platform open nothing any more."""

REPLACEMENTS = {
    "pg_cron": N_("apt: postgresql-MAJOR-cron, or a timer of the machine"),
    "vector": N_("apt: postgresql-MAJOR-pgvector, which Debian 13 has and Debian 12 has not"),
    "pg_net": N_("requests from the app itself"),
    "supabase_vault": N_("the schema vault, which is made here"),
    "pg_graphql": N_("the app’s own API"),
    "pgsodium": N_("pgcrypto"),
    "pgjwt": N_("tokens made by the app"),
    "pgmq": N_("a queue in the app or the cache"),
    "postgis": N_("apt: postgresql-MAJOR-postgis-3"),
    "timescaledb": N_("partitioned tables"),
    "wrappers": N_("postgres_fdw, for other PostgreSQL servers"),
}
"""What does the work of an extension that the target does not have."""


def is_role(name: str) -> bool:
    """True for a role of the platform."""
    return name in ROLES or name.startswith(_OF_COMMAND_LINE)


def owns(schema: str, owner: str) -> bool:
    """True for what the platform has put into one of its schemas itself.

    Where somebody runs the platform on a server of their own, what they make in its dashboard belongs to
    `supabase_admin` as well, so a schema `etl` of that owner is theirs.
    """
    return schema in SCHEMAS and is_role(owner) and not (schema == "etl" and owner == SUPERUSER)


def why() -> str:
    """Why something of the platform's stays behind."""
    return _("It is part of the platform.")
