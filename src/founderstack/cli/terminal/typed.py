"""Texts for somebody at the terminal: the commands in them can be typed as they stand."""

from __future__ import annotations

from founderstack import locale
from founderstack.cli.table import VERBS
from founderstack.world.os.calling import NAME, as_typed

_WORDS = frozenset(VERBS)


def _(text: str) -> str:
    """`text` in the reader's language, with our commands as they have to be typed here."""
    return typed(locale._(text))


def typed(text: str) -> str:
    """`text` with `founder up` as `./founder up`, where that is what works; safe to use twice."""
    if f"{NAME} " not in text:
        return text
    command = as_typed()
    if command == NAME:
        return text
    told, *parts = text.split(f"{NAME} ")
    for part in parts:
        told += f"{command if _is_a_command(told, part) else NAME} {part}"
    return locale.Sentence(text.template, text.values, told) if isinstance(text, locale.Sentence) else told


def _is_a_command(before: str, after: str) -> bool:
    """Whether the name between these two was meant to be typed, and is no part of a path or of a sentence."""
    if before and (before[-1].isalnum() or before[-1] in "/-_."):
        return False
    end = next((place for place, letter in enumerate(after) if not (letter.isalpha() or letter == "-")), len(after))
    # A word in capitals stands for a verb, and in every language for the same.
    return after[:end] in _WORDS or after[:end].isupper() or after.startswith(("--", "{"))
