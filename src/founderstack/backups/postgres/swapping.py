"""Puts a restored database in the place of the one that is used, whoever holds on to either."""

from __future__ import annotations

from contextlib import suppress

from founderstack.backups.postgres import facts
from founderstack.backups.postgres.databases import exists
from founderstack.backups.postgres.insisting import INSIDE, LOCKING, NOBODY, beside, insist
from founderstack.backups.postgres.session import ask, quoted
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal
from founderstack.planner.backups.restore import staged


def swap(server: Server, database: str, restored: str, aside: str) -> None:
    """Put `restored` in the place of `database`, which gets the name `aside`: both names change in one transaction.

    Whoever is connected is cut off and finds the restored one at the next attempt; until then nobody gets into either.
    Raises StackError, with both as they were, where somebody does not let go of them.
    """
    there, both = exists(server, database), (database, restored)
    closing = [_allowing(name, "false") for name in ([database] if there else []) + [restored]]
    moving = [f"ALTER DATABASE {quoted(database)} RENAME TO {quoted(aside)}"] if there else []
    coming = f"ALTER DATABASE {quoted(restored)} RENAME TO {quoted(database)}"
    used = f"COMMENT ON DATABASE {quoted(database)} IS NULL"
    former = [f"COMMENT ON DATABASE {quoted(aside)} IS {literal(facts.REPLACED)}"] if there else []
    renaming = ["BEGIN", *moving, coming, used, *former, "COMMIT"]
    try:
        insist(server, both, (closing, renaming), INSIDE, f"{INSIDE} OR {LOCKING}")
    except BaseException:
        for name in both:
            with suppress(StackError):  # "founder up" opens it; what went wrong first is what must be told
                open_again(server, name)
        raise
    open_again(server, database)


def open_again(server: Server, database: str) -> None:
    """Let people connect to it again, where it is there; raises StackError where somebody keeps that from happening."""
    if ask(server, beside(database), f"SELECT 1 FROM pg_database WHERE datname = {literal(database)}"):
        insist(server, (database,), ([_allowing(database, "true")],), NOBODY, LOCKING)


def opened_again(server: Server, needed: str) -> tuple[str, ...]:
    """Open databases that a swap has closed and was killed before it opened them, and the app's whoever closed it.

    Their names. Raises StackError where the server cannot be asked.
    """
    closed = "SELECT datname FROM pg_database WHERE NOT datallowconn AND datconnlimit <> -2 AND datname <> 'template0'"
    copies = ask(server, "postgres", f"SELECT datname FROM pg_database WHERE {facts.COMMENT} = {literal(facts.COPY)}")
    names = [
        name
        for name in sorted(ask(server, "postgres", closed))
        if name == needed or any(staged(name, ending) in copies for ending in facts.COPY_ENDINGS)
    ]
    for name in names:
        open_again(server, name)
    return tuple(names)


def _allowing(database: str, value: str) -> str:
    return f"ALTER DATABASE {quoted(database)} ALLOW_CONNECTIONS {value}"
