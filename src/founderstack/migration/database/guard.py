"""What code of the source may not do at the target: make, change or drop anything while a migration works there.

Functions of the source run in sessions of the throw-away roles of `hand`. What they made would be the app's in the end,
and open to whomever they please, without anybody having read of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from founderstack.locale import _, joined
from founderstack.migration.database import user_code
from founderstack.migration.journal import SCHEMA
from founderstack.migration.source import Unreachable
from founderstack.migration.target import Target
from founderstack.model.errors import EXIT_FAILED, StackError
from founderstack.model.sql import identifier
from founderstack.world.net import ddl_guard

if TYPE_CHECKING:
    import psycopg

_ROLES = "founder_migrate_[0-9a-f]{16}"
_PASSWORDS = """
SELECT rolname::text, rolpassword FROM pg_authid WHERE rolcanlogin AND NOT rolsuper AND rolname ~ %s = %s
    AND (%s::name IS NULL OR pg_has_role(%s::name, oid, 'MEMBER'))
"""
_OWN = f"{SCHEMA}.{ddl_guard.FUNCTION}()"


def stand(target: Target) -> None:
    """Refuse it from now on, in sessions of throw-away roles; as the superuser of `target`."""
    with target.connect() as connection:
        ddl_guard.stand(connection, SCHEMA, _ROLES)


def fall(target: Target) -> None:
    """Take that away, unless a throw-away role is still there."""
    with target.connect() as connection:
        ddl_guard.fall(connection, SCHEMA, _ROLES)


@contextmanager
def told() -> Iterator[None]:
    """A refusal becomes an error that names the code, and what it was called for."""
    import psycopg

    try:
        yield
    except (psycopg.Error, StackError) as error:
        refused = ddl_guard.refusal(error)
        if refused is None:
            raise
        called_for = error.what if isinstance(error, StackError) else ""
        made = refused.diag.message_primary or ""
        raise _error([name for name in user_code.functions(refused) if name != _OWN], made, called_for) from None


@contextmanager
def passwords_kept(target: Target, member: str) -> Iterator[None]:
    """Roles that `member` may become have the same passwords after it as before: of its own a role may change them.

    Raises StackError with the names of those whose passwords were put back.
    """
    import psycopg

    with target.connect() as connection:
        before = _passwords(connection, None)
    try:
        yield
    except BaseException:
        with suppress(psycopg.OperationalError, Unreachable), target.connect() as connection:
            _put_back(connection, before, member)
        raise
    with target.connect() as connection:
        changed = _put_back(connection, before, member)
    if changed:
        raise StackError(
            _("Code of the source has changed passwords at the target: {names}").format(names=", ".join(changed)),
            _("They are what they were before; who knew the new one may have signed in meanwhile."),
            _("Find out at the source who has put that code there, then begin anew: founder migrate undo"),
            exit_code=EXIT_FAILED,
        )


def _passwords(connection: psycopg.Connection[Any], member: str | None) -> dict[str, str | None]:
    return dict(connection.execute(_PASSWORDS, (f"^{_ROLES}$", False, member, member)).fetchall())


def _put_back(connection: psycopg.Connection[Any], before: dict[str, str | None], member: str) -> list[str]:
    """What a password is checked by is taken as it is; a role that came meanwhile has none."""
    from psycopg import sql

    found = _passwords(connection, member)
    changed = sorted(name for name, password in found.items() if password != before.get(name))
    for name in changed:
        told = sql.SQL(f"ALTER ROLE {identifier(name)} PASSWORD {{}}").format(sql.Literal(before.get(name)))
        connection.execute(told)
    return changed


def _error(functions: list[str], made: str, called_for: str) -> StackError:
    names = ", ".join(functions) or _("code without a name")
    why = _("It was refused, because nobody has asked for it and it would be the app’s: {made}.").format(made=made)
    if called_for:
        why = joined(" ", (why, _("It ran for: {what}.").format(what=called_for)))
    return StackError(
        _("Code of the source wants to change the target while it is moved: {names}").format(names=names),
        why,
        _("Find out at the source who has put it there. Remove it there, or leave what calls it behind: --leave NAME"),
        exit_code=EXIT_FAILED,
    )
