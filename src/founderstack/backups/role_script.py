"""What pg_dumpall writes about roles, read statement by statement: a line may be part of a quoted text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

# As PostgreSQL reads it, where `standard_conforming_strings` is on. What has begun is never given up (`*+`): a quote
# that nothing ends is no token. Source: src/backend/parser/scan.l of PostgreSQL 17.
_TOKEN = re.compile(
    r"""
    (?P<blank>\s++|--[^\n]*+)
    |(?P<text>[eE]'(?:[^'\\]|\\.|'')*+'|'(?:[^']|'')*+'|\$(?P<tag>(?:[^\W\d]\w*+)?)\$.*?\$(?P=tag)\$)
    |(?P<name>"(?:[^"]|"")++"|[^\W\d][\w$]*+)
    |(?P<sign>[^'"\s])
    """,
    re.DOTALL | re.VERBOSE,
)
_COMMENT = re.compile(r"/\*|\*/")
_META = re.compile(r"\\[^\n]*+")
"""A line to psql, which stands between statements."""
_TABLESPACE = re.compile(r"(?:CREATE|ALTER|COMMENT ON|GRANT \w+ ON|REVOKE \w+ ON|SECURITY LABEL [^']*ON) TABLESPACE ")


@dataclass(frozen=True)
class Statement:
    """One statement, without the semicolon."""

    text: str
    names: tuple[str, ...]
    """Its words and quoted names, as they are written without quotes."""


def missing_only(script: str, there: Set[str], leave_out: str) -> list[str]:
    """The statements that make the roles that are not `there`; memberships and settings of all.

    Nothing about missing roles that match `leave_out`. Raises ValueError where the script is no SQL.
    """
    return [one.text for one in statements(script) if not _left(one, there, leave_out)]


def _left(one: Statement, there: Set[str], leave_out: str) -> bool:
    made = one.names[:2] == ("CREATE", "ROLE") or (one.names[:2] == ("ALTER", "ROLE") and one.names[3:4] == ("WITH",))
    passing = leave_out and any(re.fullmatch(leave_out, name) and name not in there for name in one.names)
    # A tablespace is a folder of the server that was, and none of one that is given databases and roles.
    return bool((made and one.names[2] in there) or passing or _TABLESPACE.match(one.text))


def statements(script: str) -> Iterator[Statement]:
    """Each statement of a script; no comments between them and nothing that only psql understands.

    Raises ValueError where a quoted text or a comment does not end.
    """
    place, begun = 0, -1
    names: list[str] = []
    while place < len(script):
        if (found := begun < 0 and _META.match(script, place)) or script.startswith("/*", place):
            place = found.end() if found else _after_comment(script, place)
            continue
        token = _TOKEN.match(script, place)
        if token is None:
            raise ValueError(script[place : place + 1])
        if token["sign"] == ";":
            if begun >= 0:
                yield Statement(script[begun:place], tuple(names))
            begun, names = -1, []
        elif token["blank"] is None:
            begun = place if begun < 0 else begun
            names += [_unquoted(token["name"])] if token["name"] else []
        place = token.end()
    if begun >= 0:
        yield Statement(script[begun:], tuple(names))


def _after_comment(script: str, place: int) -> int:
    depth = 0
    for mark in _COMMENT.finditer(script, place):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise ValueError("/*")


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
