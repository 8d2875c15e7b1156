"""Taking a migration out of the target again: what it made, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from founderstack.migration.context import Context
from founderstack.migration.database import platform
from founderstack.migration.database.large_objects import LargeObjects
from founderstack.migration.database.roles import OWN_ROLES, PEOPLE_FOLLOWER, put_back, target_name
from founderstack.migration.entries import DecidedEntry
from founderstack.migration.journal import SCHEMA

if TYPE_CHECKING:
    import psycopg

_WHOLE = frozenset(
    {"AGGREGATE", "CAST", "COLLATION", "CONVERSION", "DOMAIN", "FOREIGN TABLE", "FUNCTION", "MATERIALIZED VIEW"}
    | {"OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE", "PUBLICATION", "SCHEMA", "SEQUENCE", "SERVER"}
    | {"TABLE", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TYPE", "VIEW"}
)
"""Kinds that are dropped by themselves; everything else goes with them."""


def take_out(context: Context) -> None:
    """Drop what the journal says was made, then the journal; all of it or nothing."""
    before = context.journal.before()
    with context.source.connect() as source:
        roles = [
            target_name(name, context.kind) for (name,) in source.execute("SELECT rolname FROM pg_roles").fetchall()
        ]
    numbers = list(context.journal.done(LargeObjects.name))
    with context.target.connect() as target, target.transaction():
        for statement in _drops(context, before.extensions):
            target.execute(statement)
        put_back(target, context)
        target.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = ANY (%s::oid[])", (numbers,))
        for name in (SCHEMA, *(platform.SHIM_SCHEMAS if context.kind == "supabase" else ())):
            target.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        for name in (PEOPLE_FOLLOWER, *roles):
            if name and name not in (*OWN_ROLES, *before.roles) and not name.startswith("pg_"):
                _drop_role(target, name)


def _drops(context: Context, before: Collection[str]) -> Iterator[str]:
    done = context.journal.done("schema") | context.journal.done("finish")
    made = [one for one in context.objects if one.carried and one.key in done]
    whole = [one for one in reversed(made) if one.entry.kind in _WHOLE and one.item.name != "public"]
    # Dependents first. Sequences last: one of an identity column goes with its table only.
    for one in sorted(whole, key=lambda one: one.entry.kind == "SEQUENCE"):
        yield f"DROP {one.entry.kind} IF EXISTS {one.item.name} CASCADE"
    for one in made:
        if one.entry.kind == "EXTENSION" and _bare(one) not in before:
            yield f"DROP EXTENSION IF EXISTS {one.item.name} CASCADE"


def _bare(decided: DecidedEntry) -> str:
    return decided.item.name.strip('"')


def _drop_role(target: psycopg.Connection[Any], name: str) -> None:
    from psycopg import sql

    if target.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None:
        target.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
        target.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
