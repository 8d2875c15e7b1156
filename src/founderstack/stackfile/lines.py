"""Where each key of a TOML document stands. Used only when an error must be located, on text that is valid TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

DEPTH = 4
"""Keys are located to this depth; a stack file needs three."""

Path = tuple[str, ...]

_TOKEN = re.compile(
    r'''(?P<string>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')'''
    r"""|(?P<comment>\#[^\n]*)|(?P<newline>\n)|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s"'\#\[\]{}=,.]+)""",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """Path of each table and key → the line on which it first appears; keys of inline tables are left out."""
    found: dict[Path, int] = {}
    table: Path = ()
    for line, key, is_header in _statements(text):
        if is_header:
            table = key
        path = key if is_header else (*table, *key)[:DEPTH]
        for depth in range(1, len(path) + 1):
            found.setdefault(path[:depth], line)
    return found


def _statements(text: str) -> Iterator[tuple[int, Path, bool]]:
    """Each table header and each key before an equals sign: (line, key, whether it is a header)."""
    line, nesting, in_value, is_header = 1, 0, False, False
    key: list[str] = []
    for token in _TOKEN.finditer(text):
        kind, written = token.lastgroup, token.group()
        if kind == "newline" and not nesting:
            if is_header:
                yield line, tuple(key), True
            key, in_value, is_header = [], False, False
        elif written == "=" and not in_value:
            yield line, tuple(key), False
            in_value = True
        elif kind == "mark" and in_value:
            nesting += (written in "[{") - (written in "]}")
        elif kind == "mark" and written == "[":
            is_header = True
        elif kind in ("string", "bare") and not in_value and len(key) < DEPTH:
            key.append(_key(written))
        line += written.count("\n")
    if is_header:
        yield line, tuple(key), True


def _key(written: str) -> str:
    """A part of a key without its quotes."""
    return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] in "\"'" else written
