"""What pg_dumpall writes about roles, read statement by statement: a line may be part of a quoted text."""

from __future__ import annotations

import re
from collections.abc import Set

from founderstack.planner.sql_statements import Statement, statements

_TABLESPACE = re.compile(r"(?:CREATE|ALTER|COMMENT ON|GRANT \w+ ON|REVOKE \w+ ON|SECURITY LABEL [^']*ON) TABLESPACE ")


def missing_only(script: str, there: Set[str], leave_out: str) -> list[str]:
    """The statements that make the roles that are not `there`; memberships and settings of all.

    Nothing about missing roles that match `leave_out`. Raises ValueError where the script is no SQL.
    """
    return [one.text for one in statements(script) if not _left(one, there, leave_out)]


def made(script: str) -> tuple[str, ...]:
    """The names of the roles that it makes. Raises ValueError where the script is no SQL."""
    return tuple(one.names[2] for one in statements(script) if one.names[:2] == ("CREATE", "ROLE"))


def _left(one: Statement, there: Set[str], leave_out: str) -> bool:
    made = one.names[:2] == ("CREATE", "ROLE") or (one.names[:2] == ("ALTER", "ROLE") and one.names[3:4] == ("WITH",))
    passing = leave_out and any(re.fullmatch(leave_out, name) and name not in there for name in one.names)
    # A tablespace is a folder of the server that was, and none of one that is given databases and roles.
    return bool((made and one.names[2] in there) or passing or _TABLESPACE.match(one.text))
