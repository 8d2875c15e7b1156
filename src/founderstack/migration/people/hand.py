"""Whose rights people are written and read with: the app's, because its tables may run code of whoever owns them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from founderstack.migration.database import hand
from founderstack.migration.database.roles import PEOPLE_FOLLOWER
from founderstack.migration.people.tables import HELD, LEDGER, Tables
from founderstack.migration.target import Target
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg


@contextmanager
def with_the_apps_rights(target: Target, tables: Tables) -> Iterator[psycopg.Connection[Any]]:
    """A session of a throw-away role that may what the app may, and write people and who of them has moved."""
    with hand.as_app(target) as own:
        name = own.address.user
        with replace(target, reads_only=False).connect() as superuser:
            if tables.there:
                superuser.execute(f"GRANT USAGE ON SCHEMA {tables.schema} TO {name}")
                people = f'{tables.schema}."user", {tables.schema}."account"'
                superuser.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {people} TO {name}")
            if table_exists(superuser, LEDGER):
                superuser.execute(f"GRANT USAGE ON SCHEMA founder_migration TO {name}")
                superuser.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {LEDGER}, {HELD} TO {name}")
                superuser.execute(f"GRANT {PEOPLE_FOLLOWER} TO {name}")
        with own.connect() as connection:
            yield connection
