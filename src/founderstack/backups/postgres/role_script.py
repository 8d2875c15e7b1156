"""What pg_dumpall writes about roles, read statement by statement: a line may be part of a quoted text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from founderstack.backups.postgres.settings import Setting, libraries
from founderstack.locale import _
from founderstack.planner.dumps.statements import Statement, statements

_TABLESPACE = re.compile(r"(?:CREATE|ALTER|COMMENT ON|GRANT \w+ ON|REVOKE \w+ ON|SECURITY LABEL [^']*ON) TABLESPACE ")

_TEXT = re.compile("'((?:[^']|'')*+)'")


def missing_only(script: str, there: Set[str], leave_out: str) -> list[str]:
    """The statements that make the roles that are not `there`, and memberships of all.

    Nothing about missing roles that match `leave_out`. Raises ValueError where the script is no SQL.
    """
    return [one.text for one in statements(script) if not _setting(one) and not _left(one, there, leave_out)]


def settings(script: str, there: Set[str], leave_out: str) -> Iterator[Setting]:
    """What is set for roles, labels too: another server may know nothing of them."""
    for statement in statements(script):
        name = _setting(statement)
        if name and not _left(statement, there, leave_out):
            words = [text.replace("''", "'") for text in _TEXT.findall(statement.text)]
            yield Setting(
                _("Role {role}").format(role=statement.names[statement.words.index("ROLE") + 1]),
                name,
                statement.text,
                libraries(name, words),
            )


def made(script: str) -> tuple[str, ...]:
    """The names of the roles that it makes. Raises ValueError where the script is no SQL."""
    return tuple(statement.names[2] for statement in statements(script) if statement.names[:2] == ("CREATE", "ROLE"))


def _setting(one: Statement) -> str:
    """The name of what it sets, "" for a statement that sets nothing."""
    if one.words[:2] == ("ALTER", "ROLE") and one.words[3:4] == ("SET",):
        return ".".join(one.names[4 : one.words.index("TO", 4)])
    if one.words[:2] == ("SECURITY", "LABEL"):
        return "SECURITY LABEL"
    return ""


def _left(one: Statement, there: Set[str], leave_out: str) -> bool:
    made = one.names[:2] == ("CREATE", "ROLE") or (one.names[:2] == ("ALTER", "ROLE") and one.names[3:4] == ("WITH",))
    passing = leave_out and any(re.fullmatch(leave_out, name) and name not in there for name in one.names)
    # A tablespace is a folder of the server that was, and none of one that is given databases and roles.
    return bool((made and one.names[2] in there) or passing or _TABLESPACE.match(one.text))
