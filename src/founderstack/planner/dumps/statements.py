"""Scripts of SQL, read statement by statement as PostgreSQL reads them: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
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


@dataclass(frozen=True)
class Statement:
    """One statement, without the semicolon."""

    text: str
    names: tuple[str, ...]
    """Its words and quoted names, as they are written without quotes."""
    words: tuple[str, ...] = ()
    """The same with their quotes: an unquoted word of SQL itself is in capitals, where PostgreSQL has written it."""


def statements(script: str) -> Iterator[Statement]:
    """Each statement of a script; no comments between them and nothing that only psql understands.

    Raises ValueError where a quoted text or a comment does not end.
    """
    place, begun = 0, -1
    words: list[str] = []
    while place < len(script):
        if (found := begun < 0 and _META.match(script, place)) or script.startswith("/*", place):
            place = found.end() if found else _after_comment(script, place)
            continue
        token = _TOKEN.match(script, place)
        if token is None:
            raise ValueError(script[place : place + 1])
        if token["sign"] == ";":
            if begun >= 0:
                yield _statement(script[begun:place], words)
            begun, words = -1, []
        elif token["blank"] is None:
            begun = place if begun < 0 else begun
            words += [token["name"]] if token["name"] else []
        place = token.end()
    if begun >= 0:
        yield _statement(script[begun:], words)


def _after_comment(script: str, place: int) -> int:
    depth = 0
    for mark in _COMMENT.finditer(script, place):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise ValueError("/*")


def _statement(text: str, words: list[str]) -> Statement:
    return Statement(text, tuple(map(_unquoted, words)), tuple(words))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
