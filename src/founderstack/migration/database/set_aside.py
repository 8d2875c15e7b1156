"""What has no place of its own at the target: scheduled jobs, kept switched off, and the vault's secrets."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database.roles import target_name
from founderstack.migration.values import Finding, Item
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

VAULT = "vault.decrypted_secrets"
_JOBS = "SELECT coalesce(jobname, 'job ' || jobid), to_jsonb(job) FROM cron.job ORDER BY jobid"
_VAULT = (
    "SELECT id, name, coalesce(description, ''), decrypted_secret, created_at, updated_at"
    " FROM vault.decrypted_secrets ORDER BY id"
)
_READERS = """
SELECT DISTINCT pg_get_userbyid(grantee) FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
WHERE pg_class.oid = 'vault.decrypted_secrets'::regclass AND privilege_type = 'SELECT' AND grantee <> 0
"""
_GRANTED = (
    "USAGE ON SCHEMA vault",
    "SELECT ON vault.decrypted_secrets",
    "EXECUTE ON FUNCTION vault._open(bytea)",
    "EXECUTE ON FUNCTION vault.create_secret(text, text, text)",
    "EXECUTE ON FUNCTION vault.update_secret(uuid, text, text, text)",
)
"""What whoever may read the vault at the source may do here."""
_SILENT = ("log_statement = 'none'", "log_min_duration_statement = -1", "log_min_error_statement = 'panic'")
"""What carries a secret is in no log of the target."""


class Aside:
    """The step: scheduled jobs and secrets."""

    name = "aside"

    def plan(self, context: Context) -> Sequence[Item]:
        """Each job and each secret, by its name alone."""
        why = _("Kept with its schedule and its user, switched off: {table}").format(table="founder_migration.kept")
        with context.source.connect() as source:
            jobs = [
                Item(self.name, "scheduled job", name, "converted", why)
                for name, _job in _rows(source, "cron.job", _JOBS)
            ]
            return [*jobs, *_secret_items(source, context)]

    def run(self, context: Context) -> None:
        """Keep the jobs, encrypt the secrets anew."""
        with context.source.connect() as source, context.target.connect() as target:
            jobs, secrets = _rows(source, "cron.job", _JOBS), _secrets(source, context)
            with target.transaction():
                for name, job in jobs:
                    context.journal.keep(target, "scheduled job", name, {**job, "active": False})
            if secrets:
                readers = [target_name(name, context.kind) for (name,) in source.execute(_READERS).fetchall()]
                _fill_vault(target, secrets, [name for name in readers if name])

    def sync_final(self, context: Context) -> None:
        """As `run`."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """The same jobs, and secrets that open to the same texts."""
        with context.source.connect() as source, context.target.connect() as target:
            jobs = {name for name, _job in _rows(source, "cron.job", _JOBS)}
            kept = {
                name
                for (name,) in target.execute("SELECT name FROM founder_migration.kept WHERE kind = 'scheduled job'")
            }
            wanted = {row[:4] for row in _secrets(source, context)}
            there = {row[:4] for row in _rows(target, VAULT, _VAULT)} if wanted else set()
        return [
            Finding(self.name, _("{count} scheduled jobs").format(count=len(jobs)), jobs <= kept, by_writing=True),
            Finding(
                self.name, _("{count} secrets of the vault").format(count=len(wanted)), wanted <= there, by_writing=True
            ),
        ]


def _secret_items(source: psycopg.Connection[Any], context: Context) -> list[Item]:
    """A vault that may not be read stands in the way: nothing in it may be lost in silence."""
    import psycopg

    try:
        found = _secrets(source, context)
    except psycopg.errors.InsufficientPrivilege as error:
        why = str(error).strip().splitlines()[0]
        return [Item(Aside.name, "vault", VAULT, "blocker", why, f"GRANT …, --leave {VAULT}")]
    why = _("Encrypted with a key of its own.")
    return [Item(Aside.name, "vault secret", row[1] or str(row[0]), "converted", why) for row in found]


def _secrets(source: psycopg.Connection[Any], context: Context) -> list[Any]:
    return [] if VAULT in context.options.leave else _rows(source, VAULT, _VAULT)


def _rows(connection: psycopg.Connection[Any], table: str, query: str) -> list[Any]:
    return connection.execute(query).fetchall() if table_exists(connection, table) else []


def _fill_vault(target: psycopg.Connection[Any], secrets: Sequence[Any], readers: Sequence[str]) -> None:
    from psycopg import sql

    with target.transaction():
        for setting in _SILENT:
            target.execute(f"SET LOCAL {setting}")
        target.execute(files("founderstack.migration").joinpath("shim/vault.sql").read_text(encoding="utf-8"))
        for row in secrets:
            target.execute(
                "INSERT INTO vault.secrets (id, name, description, secret, created_at, updated_at)"
                " VALUES (%s, %s, %s, vault._seal(%s), %s, %s) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                " description = excluded.description, secret = excluded.secret, updated_at = excluded.updated_at",
                row,
            )
        target.execute("DELETE FROM vault.secrets WHERE id <> ALL (%s)", ([row[0] for row in secrets],))
        for name in readers:
            for granted in _GRANTED:
                target.execute(sql.SQL(f"GRANT {granted} TO {{}}").format(sql.Identifier(name)))
