"""What code of the source may not do at the target: make, change or drop anything while a migration works there.

Functions of the source run in sessions of the throw-away roles of `hand`. What they made would be the app's in the end,
and open to whomever they please, without anybody having read of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from founderstack.locale import _
from founderstack.migration import user_code
from founderstack.migration.journal import SCHEMA
from founderstack.migration.target import Target
from founderstack.model.errors import EXIT_FAILED, StackError
from founderstack.world import ddl_guard

_ROLES = "founder_migrate_[0-9a-f]{16}"
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


def _error(functions: list[str], made: str, called_for: str) -> StackError:
    names = ", ".join(functions) or _("code without a name")
    why = _("It was refused, because nobody has asked for it and it would be the app’s: {made}.").format(made=made)
    if called_for:
        why += " " + _("It ran for: {what}.").format(what=called_for)
    return StackError(
        _("Code of the source wants to change the target while it is moved: {names}").format(names=names),
        why,
        _("Find out at the source who has put it there. Remove it there, or leave what calls it behind: --leave NAME"),
        exit_code=EXIT_FAILED,
    )
