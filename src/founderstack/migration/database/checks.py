"""Checks that call functions of the founder's: off while rows arrive, because they may ask for rows of other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database.user_code import schema_of, told

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = "checks"

_CALLING = """
SELECT t.identity, conname,
    format('ALTER TABLE %%s DROP CONSTRAINT %%I', t.identity, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', t.identity, conname, pg_get_constraintdef(c.oid))
FROM pg_constraint AS c CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, conrelid, 0) AS t
JOIN pg_class AS c_table ON c_table.oid = conrelid JOIN pg_roles AS r ON r.oid = relowner AND NOT rolsuper
WHERE contype = 'c' AND convalidated AND coninhcount = 0 AND t.identity = ANY (%s) AND EXISTS (
    SELECT FROM pg_depend AS d WHERE d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384)
ORDER BY 1, 2
"""


def take_off(context: Context, tables: Sequence[str]) -> None:
    """Drop those checks of these tables; the journal keeps what makes them again, in the same commit."""
    with context.target.connect() as target, target.transaction():
        place = len(context.journal.done(STEP))
        # Again where a child had a check of its own beside the one that it inherited.
        while found := target.execute(_CALLING, (list(tables),)).fetchall():
            for table, name, off, on in found:
                target.execute(off)
                place += 1
                context.journal.mark(target, STEP, f"{place:06} {name} {table}", {"table": table, "on": on})


def put_back(context: Context) -> None:
    """Make them again, last dropped first; every row is checked. Raises StackError where one does not hold."""
    for mark, detail in sorted(context.journal.done(STEP).items(), reverse=True):
        what = _("The check {name} cannot be made").format(name=mark.partition(" ")[2])
        statement, schema = detail["on"], schema_of(detail["table"])
        with context.hand.connect() as target, target.transaction():
            told(target, what, lambda: target.execute(statement), schema=schema)  # noqa: B023  (called at once)
            context.journal.forget(target, STEP, [mark])
