"""The functions of the platform that policies and views call, written anew; and whether they are still ours."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import fates, platform
from founderstack.migration.values import Finding

if TYPE_CHECKING:
    import psycopg

_DEFINITIONS = """
SELECT name, pg_get_functiondef(to_regprocedure(name)) FROM unnest(%s::text[]) AS name
"""


def make(target: psycopg.Connection[Any]) -> None:
    """Make them, or what somebody has made of them anew; safe to call again."""
    for name in ("auth", "storage", "webhooks"):
        target.execute(files("founderstack.migration").joinpath(f"shim/{name}.sql").read_text(encoding="utf-8"))


def findings(context: Context) -> list[Finding]:
    """Each of them as it would be made now: in a transaction that is rolled back."""
    if context.kind != "supabase":
        return []
    names = sorted(platform.SHIM_FUNCTIONS)
    with context.target.connect() as target, target.transaction(force_rollback=True):
        target.execute("SET TRANSACTION READ WRITE")
        found = dict(target.execute(_DEFINITIONS, (names,)).fetchall())
        make(target)
        ours = dict(target.execute(_DEFINITIONS, (names,)).fetchall())
    other = [name for name in names if found[name] != ours[name]]
    what = _("{count} functions of the platform, written anew").format(count=len(names))
    return [Finding(fates.STEP, what, not other, ", ".join(other))]
