"""What was set for databases and roles, given back one by one.

A server may refuse what another one took: a locale that its machine has not, a library or an extension's word that is
not there. That is named, and takes nothing else with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from founderstack.backups.postgres.session import ask, connected, ours, quoted
from founderstack.locale import _
from founderstack.model.backup import DatabaseFacts
from founderstack.model.protocols import Server
from founderstack.model.sql import literal, setting_name, setting_words

if TYPE_CHECKING:
    import psycopg

QUIET = "SET log_statement = 'none'; SET log_min_error_statement = 'panic'"
"""Keeps what is said out of the server's log."""
_MONEY = "lc_monetary"
_LIBRARIES = {"session_preload_libraries": "", "local_preload_libraries": "$libdir/plugins/"}
"""Libraries without which nobody can sign in, and the folder where they lie; PostgreSQL only looks for them then."""
_ANYBODYS = "local_preload_libraries"
"""Any role may set this one, for a database of its own too: what it names is loaded from that folder alone."""
_NOT_TO_BLAME = ("08", "53", "57")
"""Classes of errors that are no answer about a setting: the connection, room, and a server that is being stopped."""


@dataclass(frozen=True)
class Setting:
    """One of them."""

    whose: str
    """In words."""
    name: str
    statement: str
    libraries: tuple[str, ...] = ()
    """What must be there to sign in where it is set."""

    @property
    def outside(self) -> tuple[str, ...]:
        """Libraries that PostgreSQL would not load for it, and neither may we: loading runs what is in them."""
        if self.name.lower() != _ANYBODYS:
            return ()
        folder = _LIBRARIES[_ANYBODYS]
        return tuple(one for one in self.libraries if not one.startswith(folder) or "/" in one.removeprefix(folder))


def of_database(about: DatabaseFacts, into: str) -> Iterator[Setting]:
    """What is set for a database, and for roles in it."""
    for role, setting in about.settings:
        key, _equals, value = setting.partition("=")
        words = setting_words(key, value)
        whose = f"ALTER ROLE {quoted(role)} IN DATABASE" if role else "ALTER DATABASE"
        said = _("Role {role} in the database {name}") if role else _("Database {name}")
        yield Setting(
            said.format(role=role, name=about.name),
            key,
            f"{whose} {quoted(into)} SET {setting_name(key)} = {', '.join(map(literal, words))}",
            libraries(key, words),
        )


def libraries(key: str, words: Iterable[str]) -> tuple[str, ...]:
    """What a setting of that name has every sign-in load."""
    folder = _LIBRARIES.get(key.lower())
    return () if folder is None else tuple(word if "/" in word else folder + word for word in words if word)


def give(server: Server, wanted: Iterable[Setting]) -> tuple[str, ...]:
    """Set each by itself; what the server refuses, in words. Raises StackError where it cannot be asked."""
    refused = []
    with connected(server, "postgres", server.superuser) as connection:
        connection.execute(QUIET)  # what is set for a role may be a secret of its app
        for one in wanted:
            if why := _refusal(connection, one):
                text = _("{whose}: this server refuses the setting {name}, which is left out: {why}")
                refused.append(text.format(whose=one.whose, name=one.name, why=why))
    return tuple(refused)


def give_money(server: Server, about: DatabaseFacts, into: str) -> tuple[str, ...]:
    """Set what amounts of money look like in the dump, which rows need; C where the server refuses it."""
    mine = replace(
        about, settings=tuple(one for one in about.settings if not one[0] and one[1].startswith(f"{_MONEY}="))
    )
    if refused := give(server, of_database(mine, into)):
        ask(server, "postgres", f"ALTER DATABASE {quoted(into)} SET {_MONEY} = 'C'")
    return refused


def _refusal(connection: psycopg.Connection[Any], one: Setting) -> str:
    """Why the server refuses it, "" where it does not."""
    import psycopg

    if one.outside:
        return _("{library} does not lie in {folder}, where PostgreSQL looks for it").format(
            library=one.outside[0], folder=_LIBRARIES[_ANYBODYS]
        )
    try:
        with connection.transaction():
            connection.execute(ours(one.statement))
            for library in one.libraries:
                connection.execute(ours(f"LOAD {literal(library)}"))
    except psycopg.Error as error:
        if connection.closed or (error.sqlstate or "08").startswith(_NOT_TO_BLAME):
            raise
        return error.diag.message_primary or str(error)
    return ""
