"""One writing for expressions that are the same: what PostgreSQL wrote as `(a OR b) OR c` it reads as `a OR b OR c`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]|[^\s()'\"]+")

Group = list["str | Group"]


def canonical(text: str) -> str:
    """The text with one space between words, and without parentheses around a chain of OR within one, or of AND."""
    stack: list[Group] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")" and len(stack) > 1:
            group = stack.pop()
            stack[-1].append(group)
        else:
            stack[-1].append(token)
    while len(stack) > 1:  # parentheses inside of something that is no expression
        group = stack.pop()
        stack[-1].extend(["(", *group])
    return " ".join(_written(_flat(stack[0])))


def _flat(group: Group) -> Group:
    parts: Group = [part if isinstance(part, str) else _flat(part) for part in group]
    word = _chain(parts)
    if not word:
        return parts
    flat: Group = []
    for place, part in enumerate(parts):
        alone = (place == 0 or parts[place - 1] == word) and (place == len(parts) - 1 or parts[place + 1] == word)
        if isinstance(part, list) and alone and _chain(part) == word:
            flat.extend(part)
        else:
            flat.append(part)
    return flat


def _chain(parts: Group) -> str:
    """`OR` or `AND` where these parts are joined by nothing else, "" otherwise."""
    words = {part for part in parts if part in ("OR", "AND")}
    return str(words.pop()) if len(words) == 1 and "BETWEEN" not in parts else ""


def _written(group: Group) -> Iterator[str]:
    for part in group:
        if isinstance(part, str):
            yield part
        else:
            yield "("
            yield from _written(part)
            yield ")"
