"""Rows of people, in and out of Better Auth's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.people.follow import MOVING
from founderstack.migration.people.rules import NOWHERE, MovedPerson
from founderstack.migration.people.tables import FULL, HELD, LEDGER, Tables, drop_made
from founderstack.model.errors import EXIT_PRECONDITION, StackError

if TYPE_CHECKING:
    import psycopg

AT_ONCE = 1000
_JSON = ("userMetadata", "appMetadata")
"""Columns that are compared as text: the type json has no equality."""


@dataclass
class Written:
    """What a pass over everybody changed."""

    users: int = 0
    accounts: int = 0
    removed: int = 0


def write(connection: psycopg.Connection[Any], tables: Tables, people: Iterator[MovedPerson]) -> Written:
    """Make the tables say exactly this, and nothing else about who was moved. In a transaction of the caller's."""
    connection.execute("SELECT set_config(%s, 'on', true)", (MOVING,))
    columns = _stage(connection, tables, people)
    connection.execute(f"INSERT INTO {LEDGER} SELECT id::text::uuid FROM new_user ON CONFLICT DO NOTHING")
    removed = _remove_the_gone(connection, tables)
    # An address may have passed from one person to another: whoever has it lets it go first.
    connection.execute(
        f"""UPDATE {tables.schema}."user" AS u SET email = u.id::text || '@{NOWHERE}'
            FROM new_user AS n WHERE n.id = u.id AND n.email <> u.email"""
    )
    users = _upsert(connection, tables, "user", columns["user"])
    connection.execute(
        f"""DELETE FROM {tables.schema}."account" AS a USING new_user AS u
            WHERE a."userId" = u.id AND NOT EXISTS (SELECT FROM new_account AS n WHERE n.id = a.id)"""
    )
    _refuse_shared_accounts(connection, tables)
    accounts = _upsert(connection, tables, "account", columns["account"])
    connection.execute(f"DELETE FROM {HELD} WHERE id NOT IN (SELECT id FROM holding)")
    connection.execute(
        f"INSERT INTO {HELD} SELECT id, why FROM holding ON CONFLICT (id) DO UPDATE SET why = excluded.why"
    )
    return Written(users, accounts, removed)


def differences(
    connection: psycopg.Connection[Any], tables: Tables, people: Iterator[MovedPerson]
) -> list[tuple[str, str]]:
    """(id, what is wrong) of everybody whose rows are not what they should be; in a transaction that is rolled back."""
    connection.execute("SET TRANSACTION READ WRITE")  # for tables of this session alone
    columns = _stage(connection, tables, people)
    same_user, same_account = (_same(columns[name], "there", "wanted") for name in ("user", "account"))
    return connection.execute(
        f"""
        SELECT wanted.id::text, 'missing' FROM new_user AS wanted
        LEFT JOIN {tables.schema}."user" AS there ON there.id = wanted.id WHERE there.id IS NULL
        UNION SELECT wanted.id::text, 'different' FROM new_user AS wanted
        JOIN {tables.schema}."user" AS there ON there.id = wanted.id WHERE NOT {same_user}
        UNION SELECT coalesce(wanted."userId", there."userId")::text, 'different' FROM new_account AS wanted
        FULL JOIN (SELECT a.* FROM {tables.schema}."account" AS a JOIN new_user AS u ON u.id = a."userId") AS there
        ON there.id = wanted.id WHERE wanted.id IS NULL OR there.id IS NULL OR NOT {same_account}"""
    ).fetchall()


def take_out(connection: psycopg.Connection[Any], tables: Tables) -> None:
    """Remove everybody who was moved, and the tables where they were made for the move. In a transaction."""
    connection.execute("SELECT set_config(%s, 'on', true)", (MOVING,))
    connection.execute(f'DELETE FROM {tables.schema}."user" AS u USING {LEDGER} AS l WHERE u.id::text = l.id::text')
    drop_made(connection, tables)


def _stage(connection: psycopg.Connection[Any], tables: Tables, people: Iterator[MovedPerson]) -> dict[str, list[str]]:
    """Put everybody beside the tables; the columns of each table that are ours to write."""
    columns = {
        "user": sorted(tables.shape.user & FULL.user),
        "account": sorted(tables.shape.account & (FULL.account | {"issuer"})),
    }
    for name, named in columns.items():
        listed = ", ".join(f'"{column}"' for column in named)
        connection.execute(
            f'CREATE TEMP TABLE new_{name} ON COMMIT DROP AS SELECT {listed} FROM {tables.schema}."{name}" WITH NO DATA'
        )
    connection.execute("CREATE TEMP TABLE holding (id uuid, why text) ON COMMIT DROP")
    while batch := list(islice(people, AT_ONCE)):
        kept = [person for person in batch if person.user is not None]
        _fill(connection, "holding", ("id", "why"), [{"id": p.id, "why": p.held} for p in kept if p.held])
        _fill(connection, "new_user", columns["user"], [person.user or {} for person in kept])
        _fill(connection, "new_account", columns["account"], [row for person in kept for row in person.accounts])
    for name in columns:
        connection.execute(f"ALTER TABLE new_{name} ADD PRIMARY KEY (id)")
        connection.execute(f"ANALYZE new_{name}")
    return columns


def _fill(
    connection: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row.get(column) for column in columns])


def _upsert(connection: psycopg.Connection[Any], tables: Tables, name: str, columns: Sequence[str]) -> int:
    """How many rows were added or changed."""
    listed = ", ".join(f'"{column}"' for column in columns)
    rest = [column for column in columns if column != "id"]
    done = connection.execute(
        f"""INSERT INTO {tables.schema}."{name}" AS old ({listed}) SELECT {listed} FROM new_{name}
            ON CONFLICT (id) DO UPDATE SET {", ".join(f'"{column}" = excluded."{column}"' for column in rest)}
            WHERE NOT {_same(rest, "old", "excluded")}"""
    )
    return done.rowcount


def _same(columns: Sequence[str], one: str, other: str) -> str:
    """SQL that is true where the two rows are equal."""
    compared = [f'"{column}"' + ("::text" if column in _JSON else "") for column in columns]
    left, right = (", ".join(f"{row}.{column}" for column in compared) for row in (one, other))
    return f"(({left}) IS NOT DISTINCT FROM ({right}))"


def _refuse_shared_accounts(connection: psycopg.Connection[Any], tables: Tables) -> None:
    row = connection.execute(
        f"""SELECT a."providerId" FROM {tables.schema}."account" AS a JOIN new_account AS n
            USING ("providerId", "accountId") WHERE a."userId" <> n."userId" LIMIT 1"""
    ).fetchone()
    if row:
        raise StackError(
            _("Two people would be one at {provider}").format(provider=row[0]),
            _("They have the same identity there, under two names of that provider or at the target already."),
            _("Give one of the two names another provider: --provider NAME=OTHER"),
            exit_code=EXIT_PRECONDITION,
        )


def _remove_the_gone(connection: psycopg.Connection[Any], tables: Tables) -> int:
    """Whoever has been deleted at the source since an earlier run."""
    return connection.execute(
        f"""WITH gone AS (DELETE FROM {LEDGER} AS l
                          WHERE NOT EXISTS (SELECT FROM new_user AS n WHERE n.id::text = l.id::text) RETURNING id)
            DELETE FROM {tables.schema}."user" AS u USING gone WHERE u.id::text = gone.id::text"""
    ).rowcount
