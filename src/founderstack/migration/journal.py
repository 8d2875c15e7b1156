"""What is done already, written in the target by the same commit as the work itself: a kill leaves both or neither."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from founderstack.migration.server_settings import of_database
from founderstack.world.net.postgres import table_exists

if TYPE_CHECKING:
    import psycopg

    from founderstack.migration.target import Target

SCHEMA = "founder_migration"
BY_HAND = "by_hand"
"""The part of the journal that whoever runs the source's code may write; the superuser acts on nothing in it."""
_OF_THE_HAND = ("schema", "rows", "checks", "finish")

_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;
CREATE TABLE IF NOT EXISTS {SCHEMA}.run (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    source text NOT NULL, kind text NOT NULL, digest text NOT NULL,
    state text NOT NULL DEFAULT 'running', began_at timestamptz NOT NULL DEFAULT now(),
    facts jsonb NOT NULL DEFAULT '{{}}'
);
CREATE TABLE IF NOT EXISTS {SCHEMA}.done (
    step text, what text, detail jsonb NOT NULL DEFAULT '{{}}', at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (step, what)
);
CREATE TABLE IF NOT EXISTS {SCHEMA}.kept (
    kind text, name text, content jsonb NOT NULL, PRIMARY KEY (kind, name)
);
"""
_OPENED = f"""
CREATE OR REPLACE VIEW {SCHEMA}.{BY_HAND} AS SELECT step, what, detail, at FROM {SCHEMA}.done
WHERE step IN ('schema', 'rows', 'checks', 'finish') WITH CHECK OPTION;
GRANT USAGE ON SCHEMA {SCHEMA} TO {{role}};
GRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.{BY_HAND} TO {{role}};
"""


@dataclass(frozen=True)
class Run:
    """The one migration that a target knows of."""

    source: str
    """Address without the password."""
    kind: str
    digest: str
    """Of the source's objects when the run began."""
    state: str
    """`running`, `moved`, `cut over`."""
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Before:
    """What the target had before the migration, so that it can be put back."""

    extensions: Sequence[str]
    settings: Mapping[str, str]
    """Of the database."""
    roles: Sequence[str]


class Journal:
    """The journal of one target."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def begin(self, source: str, kind: str, digest: str, **more: object) -> None:
        """Make the journal where there is none, with what the target has now, and `more` facts."""
        facts = json.dumps({"before": asdict(self.before()), **more})
        with self._target.connect() as connection, connection.transaction():
            connection.execute(_TABLES)
            connection.execute(
                f"INSERT INTO {SCHEMA}.run (source, kind, digest, facts) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (source, kind, digest, facts),
            )

    def before(self) -> Before:
        """What the target had when the run began; where none has begun, what it has now."""
        if run := self.run():
            return Before(**run.facts["before"])
        with self._target.connect() as connection:
            extensions = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
            roles = connection.execute("SELECT rolname FROM pg_roles ORDER BY 1").fetchall()
            return Before([name for (name,) in extensions], of_database(connection), [name for (name,) in roles])

    def run(self) -> Run | None:
        """The run that the target knows of, None where there is none."""
        with self._target.connect() as connection:
            if not table_exists(connection, f"{SCHEMA}.run"):
                return None
            row = connection.execute(f"SELECT source, kind, digest, state, facts FROM {SCHEMA}.run").fetchone()
        return Run(*row) if row else None

    def note(self, **facts: object) -> None:
        """Keep facts of the run; `state` among them changes its state."""
        state = facts.pop("state", None)
        with self._target.connect() as connection:
            connection.execute(
                f"UPDATE {SCHEMA}.run SET facts = facts || %s::jsonb, state = coalesce(%s, state)",
                (json.dumps(facts), state),
            )

    def done(self, step: str) -> dict[str, Any]:
        """What a step has done → the detail it kept; empty before anything began."""
        with self._target.connect() as connection:
            if not table_exists(connection, f"{SCHEMA}.run"):
                return {}
            rows = connection.execute(f"SELECT what, detail FROM {SCHEMA}.done WHERE step = %s", (step,)).fetchall()
        return dict(rows)

    def open_to(self, connection: psycopg.Connection[Any], role: str) -> None:
        """Let a role mark what it does."""
        with connection.transaction():
            connection.execute(_OPENED.format(role=role))

    def mark(self, connection: psycopg.Connection[Any], step: str, what: str, detail: object = None) -> None:
        """Write down, in the transaction of `connection`, that something is done."""
        connection.execute(
            f"INSERT INTO {_place(step)} (step, what, detail) VALUES (%s, %s, %s)"
            " ON CONFLICT (step, what) DO UPDATE SET detail = excluded.detail, at = clock_timestamp()",
            (step, what, json.dumps(detail or {})),
        )

    def mark_all(self, connection: psycopg.Connection[Any], step: str, whats: Sequence[str]) -> None:
        """As `mark`, for many things without details."""
        connection.execute(
            f"INSERT INTO {_place(step)} (step, what) SELECT %s, unnest(%s::text[])"
            " ON CONFLICT (step, what) DO UPDATE SET detail = excluded.detail, at = clock_timestamp()",
            (step, list(dict.fromkeys(whats))),
        )

    def forget(self, connection: psycopg.Connection[Any], step: str, whats: Sequence[str]) -> None:
        """Take marks away, in the transaction of `connection`: these things are not done any more."""
        connection.execute(f"DELETE FROM {_place(step)} WHERE step = %s AND what = ANY (%s)", (step, list(whats)))

    def keep(self, connection: psycopg.Connection[Any], kind: str, name: str, content: object) -> None:
        """Keep something that has no place of its own in the target: a scheduled job, a publication."""
        connection.execute(
            f"INSERT INTO {SCHEMA}.kept VALUES (%s, %s, %s) ON CONFLICT (kind, name) DO UPDATE"
            " SET content = excluded.content",
            (kind, name, json.dumps(content)),
        )


def _place(step: str) -> str:
    return f"{SCHEMA}.{BY_HAND if step in _OF_THE_HAND else 'done'}"
