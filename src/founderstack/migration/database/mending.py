"""A run that is repeated: what the target has lost since is made again, and what stays otherwise is told by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from founderstack.locale import _, joined, shortened
from founderstack.migration.context import Context
from founderstack.migration.database import additions, differences, fates, finish, hand
from founderstack.migration.database.rights import Rights
from founderstack.migration.database.roles import Roles
from founderstack.migration.database.user_code import with_paths
from founderstack.migration.entries import DecidedEntry
from founderstack.model.errors import EXIT_FAILED, StackError

if TYPE_CHECKING:
    import psycopg

_STEPS = (fates.STEP, finish.Finish.name)
_REPLACED = frozenset({"FUNCTION", "PROCEDURE", "VIEW"})
"""Kinds that PostgreSQL replaces where they stand, with all that builds on them."""
_DROPPED = frozenset(
    {"CHECK CONSTRAINT", "CONSTRAINT", "FK CONSTRAINT", "INDEX", "POLICY", "RULE", "STATISTICS", "TRIGGER"}
)
"""Kinds that hold nothing: another one of the same name is dropped, and the source's is made."""
_TOLD = 12
"""Names in a message; the verification has them all."""


def mend(context: Context) -> None:
    """Before a repeated run: what is not there as at the source is not done, so the steps make it again in their order.

    What holds rows, and what other things build on, is left as it is; `refuse_what_stays` names it.
    """
    found = differences.find(context)
    made = {key for step in _STEPS for key in context.journal.done(step)}
    again = [one for one in found.missing if one.key in made]
    with hand.hands(context) as sessions:
        for one in found.other:
            if one.key in made and _taken_out(sessions.of(sessions.made_by_hand(one)), one):
                again.append(one)
    with context.target.connect() as target, target.transaction():
        empty = [name for name, filled in target.execute(finish.MATERIALIZED).fetchall() if not filled]
        marks = [one.key for one in again]
        marks += [f"refresh {name}" for name in (*empty, *(one.item.name for one in again))]
        for step in _STEPS:
            context.journal.forget(target, step, marks)


def refuse_what_stays(context: Context) -> None:
    """After it: raise StackError with the name of everything but rows that a verification would find as well."""
    found = [
        *Roles().verify(context),
        *differences.findings(context),
        *additions.findings(context),
        *finish.states(context),
        *Rights().verify(context),
    ]
    stays = [joined(": ", (one.what, one.detail)) for one in found if not one.ok and one.detail]
    if not stays:
        return
    raise StackError(
        _("Everything was brought over, and the target still differs from the source"),
        shortened(stays, _TOLD, "; "),
        _("Take back what was changed here, or begin anew: founder migrate undo, then founder migrate run"),
        exit_code=EXIT_FAILED,
    )


def _taken_out(target: psycopg.Connection[Any], one: DecidedEntry) -> bool:
    """True where another one of the same name gave up its place; one that is replaced needs none."""
    import psycopg

    try:
        with target.transaction():
            if one.entry.kind in _REPLACED and one.entry.sql.startswith("CREATE "):
                anew = one.entry.sql.replace("CREATE ", "CREATE OR REPLACE ", 1)
                with_paths(target, lambda: target.execute(anew), schema=one.schema)
            if one.entry.kind in _DROPPED:
                target.execute(_drop(one))
    except psycopg.OperationalError:
        raise
    except psycopg.Error:  # something builds on it
        return False
    return one.entry.kind in _DROPPED


def _drop(one: DecidedEntry) -> str:
    name = one.item.name
    if one.entry.kind in ("INDEX", "STATISTICS"):
        return f"DROP {one.entry.kind} {name}"
    name = name.removesuffix(f" on {one.table}")
    if one.entry.kind.endswith("CONSTRAINT"):
        return f"ALTER TABLE {one.table} DROP CONSTRAINT {name}"
    return f"DROP {one.entry.kind} {name} ON {one.table}"
