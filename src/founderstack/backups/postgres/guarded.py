"""While a dump is brought back, nothing comes into being that its list does not name, and nothing under another name.

Code that somebody has put into the database runs meanwhile, in sessions of the maker, whose everything is then: tables,
views and columns of all others too. Definitions cannot be compared afterwards, for PostgreSQL words some of them anew.
So such code is kept from changing any: what it says itself is refused by `world.net.ddl_guard`, and here, whatever
would give the maker's own words, or its name, another meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from founderstack.backups.postgres.session import ask, connected, ours, rows
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import Server
from founderstack.model.sql import literal
from founderstack.world.net import ddl_guard
from founderstack.world.os.processes import Result, failure

_FUNCTION = "refuse_words"
_TRIGGERS = {"founder_words_before": "ddl_command_start", "founder_words_after": "ddl_command_end"}
"""Both, for a statement's own literals may run code while the rest of it is still to be read."""
_READ_BY = ("array_nulls", "lc_monetary")
"""Settings by which a default is read, beside those that pg_restore gives its session. Dates are in it as ISO has them,
which every DateStyle reads alike."""
# On a path of somebody's own an operator as plain as `=` would be theirs, and so would be everybody's policies. No path
# is set for this function, since it asks for the one that there is: all in it is named in full.
_MADE = """
CREATE FUNCTION {schema}.{function}() RETURNS event_trigger LANGUAGE plpgsql AS $guard$
DECLARE
    context pg_catalog.text;
    given pg_catalog.text[];
    wanted pg_catalog.text[] := ARRAY[{wanted}];
BEGIN
    IF session_user OPERATOR(pg_catalog.<>) '{role}' THEN
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r
                WHERE r.rolname OPERATOR(pg_catalog.=) session_user AND r.rolsuper) THEN
            RAISE EXCEPTION '%: %', session_user, TG_TAG;
        END IF;
        RETURN;
    END IF;
    GET DIAGNOSTICS context = PG_CONTEXT;
    IF pg_catalog.strpos(context, E'\\n') OPERATOR(pg_catalog.>) 0 THEN
        RETURN;
    END IF;
    given := ARRAY[{given}];
    IF given OPERATOR(pg_catalog.<>) wanted THEN
        RAISE EXCEPTION '%', (SELECT pg_catalog.string_agg(one, ', ') FROM pg_catalog.unnest(given) AS one
            WHERE one OPERATOR(pg_catalog.<>) ALL (wanted));
    END IF;
END $guard$
"""
_SET = re.compile(r"^SET (client_encoding|standard_conforming_strings) = '?([\w-]+)'?;$", re.MULTILINE)
"""What the dump was written by: an app may have another than the usual."""
_LINES = 8
"""Of what PostgreSQL says, beginning with the refusal: which functions called which."""


@dataclass(frozen=True)
class Guard:
    """Stands in one database, over the sessions of one role."""

    server: Server
    database: str
    role: str
    """Also the name of the schema that it lies in, which nothing in a dump has."""
    password: str

    def stand(self, head: str) -> None:
        """Begin; `head` is what pg_restore says to its session before anything else. None of others' code has run yet.

        The settings of a session that the role begins now are those that hold later on: it may change its own.
        """
        with connected(self.server, self.database, self.role, self.password) as connection:
            usual = {name: str(rows(connection, f"SHOW {name}")[0][0]) for name in _READ_BY}
        words = usual | {"search_path": ""} | dict(_SET.findall(head))
        with connected(self.server, self.database, self.server.superuser) as connection:
            ddl_guard.stand(connection, self.role, self.role)
            connection.execute(ours(_made(self.role, words)))
            for name, event in _TRIGGERS.items():
                trigger = f"EVENT TRIGGER {name}"
                connection.execute(ours(f"CREATE {trigger} ON {event} EXECUTE FUNCTION {self.role}.{_FUNCTION}()"))
                connection.execute(ours(f"ALTER {trigger} ENABLE ALWAYS"))

    def fall(self) -> None:
        """End, once the role is gone."""
        with connected(self.server, self.database, self.server.superuser) as connection:
            for name in _TRIGGERS:
                connection.execute(ours(f"DROP EVENT TRIGGER {name}"))
            connection.execute(ours(f"DROP FUNCTION {self.role}.{_FUNCTION}()"))
            ddl_guard.fall(connection, self.role, self.role)

    def sealed(self) -> str:
        """What its password is checked by, and who else has its rights."""
        members = "SELECT string_agg(member::text, ' ' ORDER BY member) FROM pg_auth_members WHERE roleid = r.oid"
        question = (
            f"SELECT concat_ws(' ', rolpassword, ({members})) FROM pg_authid r WHERE rolname = {literal(self.role)}"
        )
        (found,) = ask(self.server, "postgres", "SET search_path = pg_catalog", question)
        return found

    def refuse_another(self, sealed: str) -> None:
        """Raise StackError where somebody else may have its rights by now.

        A role may give itself a password, and code that knows it can come back by it (`dblink`): what it says then is
        no function's, but a session's own. Up to PostgreSQL 14 a role may also make anybody its member.
        """
        if self.sealed() != sealed:
            raise changes(self.database, _("Code in it has let somebody in, by a password or as a member."))

    def failure(self, command: Sequence[str], result: Result) -> StackError:
        """The error for a pg_restore that failed: what was refused, and whose code wanted it, where that is why."""
        lines = result.err.splitlines()
        for function in (ddl_guard.FUNCTION, _FUNCTION):
            marks = [number for number, line in enumerate(lines) if f"{self.role}.{function}()" in line]
            if marks:
                first = marks[0]
                told = [*lines[max(0, first - 1) : first], *lines[first + 1 : first + _LINES]]
                return changes(
                    self.database,
                    _("Code in it, such as a check, wants to make or change something:\n{said}").format(
                        said="\n".join(told)
                    ),
                )
        return failure(command, result)


def changes(database: str, why: str) -> StackError:
    """The error for a database in which code does what nobody has asked it to."""
    return StackError(
        _("The database {name} changes while it is restored").format(name=database),
        why,
        _("Find out who has put that code there, or take another set: founder backups"),
    )


def _made(role: str, words: Mapping[str, str]) -> str:
    given = (f"pg_catalog.concat({literal(f'{name}=')}, pg_catalog.current_setting({literal(name)}))" for name in words)
    wanted = (literal(f"{name}={value}") for name, value in words.items())
    return _MADE.format(schema=role, function=_FUNCTION, role=role, given=", ".join(given), wanted=", ".join(wanted))
