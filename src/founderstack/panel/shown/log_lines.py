"""Lines of a log as a page shows them: when, how bad, and where what is looked for stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from founderstack.panel.shown.words import stamp

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_LOOKED_AT = 300
"""A line says how bad it is at its beginning; what comes after may quote anything."""
_WORDS = {
    "down": ("PANIC", "FATAL", "ERROR", "CRITICAL", "Error", "[error]", "[crit]", "[alert]", "[emerg]", "error:",
             '"level":"error"', '"level":"fatal"', "Traceback", "npm error", "npm ERR!", "error TS",
             "Failed to compile"),
    "degraded": ("WARNING", "WARN", "[warn]", "Warning", "warning:", "warn:", '"level":"warn"', "npm warn", "npm WARN"),
}  # fmt: skip
_LEVELS = tuple(
    (level, re.compile("|".join(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" for word in words)))
    for level, words in _WORDS.items()
)


def readable(text: str) -> str:
    """A line without what steers a terminal."""
    return _CONTROL.sub("", text)


def level(text: str) -> str:
    """`down` for an error, `degraded` for a warning, "" for everything else: the names of states, and their colours."""
    head = text[:_LOOKED_AT]
    return next((name for name, pattern in _LEVELS if pattern.search(head)), "")


def shown(lines: Sequence[Sequence[Any]], wanted: str = "") -> list[Mapping[str, Any]]:
    """The lines that hold `wanted`, each in pieces: as they are, and those that are it."""
    found: list[Mapping[str, Any]] = []
    for at, said in lines:
        text = readable(str(said))
        pieces = _pieces(text, wanted)
        if pieces:
            found.append({"at": stamp(at) if at else "", "level": level(text), "pieces": pieces})
    return found


def _pieces(text: str, wanted: str) -> list[tuple[str, bool]]:
    """`(piece, whether it is what is wanted)`; none where it is not there."""
    lower, wish = text.lower(), wanted.lower()
    if not wish:
        return [(text, False)]
    if wish not in lower:
        return []
    if len(lower) != len(text):  # a letter that is two in small: the line is shown, and not marked
        return [(text, False)]
    pieces, end = [], 0
    while (begin := lower.find(wish, end)) >= 0:
        pieces += [(text[end:begin], False), (text[begin : begin + len(wish)], True)]
        end = begin + len(wish)
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]
