"""One writing for expressions that are the same: what PostgreSQL wrote as `(a OR b) OR c` it reads as `a OR b OR c`.

And `(ARRAY[a, b])::text[]`, which it writes for `IN` on a varchar, it reads as `ARRAY[(a)::text, (b)::text]`.
Source: src/backend/parser/parse_expr.c, transformTypeCast and transformArrayExpr, of PostgreSQL 10 to 18.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()\[\],]|::|:|[^\s()\[\],:'\"]+")
_TYPE = re.compile(r'[\w.$]+|"(?:[^"]|"")*"')
"""A word of a type's name."""

Group = list["str | Group"]


def canonical(text: str) -> str:
    """The text with one space between words, without parentheses around a chain of OR within one, or of AND, and with
    an array's cast at each of its elements.
    """
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
    parts = _cast_inside([part if isinstance(part, str) else _flat(part) for part in group])
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


def _cast_inside(parts: Group) -> Group:
    """`(ARRAY[…])::type[]` with the cast at each element, and `ARRAY[…]::type[]`, as statistics are written."""
    done: Group = []
    place = 0
    while place < len(parts):
        array, after = _array(parts, place)
        kind = _array_type(parts, after) if array else []
        if kind:
            done += _cast(array, kind, enclosed=isinstance(parts[place], list))
            place = after + len(kind) + 2
        else:
            done.append(parts[place])
            place += 1
    return done


def _array(parts: Group, place: int) -> tuple[Group, int]:
    """The ARRAY[…] that is at this place, and the place after it; ([], 0) where there is something else."""
    part = parts[place]
    if isinstance(part, list):
        return (part, place + 1) if _is_array(part) else ([], 0)
    end = _end(parts, place + 1) if parts[place : place + 2] == ["ARRAY", "["] else -1
    return (parts[place : end + 1], end + 1) if end > 0 else ([], 0)


def _array_type(parts: Group, place: int) -> Group:
    """`::type` where `::type[]` at this place makes an array; none where there is something else."""
    if parts[place : place + 1] != ["::"]:
        return []
    end = place + 1
    while end < len(parts) and (isinstance(word := parts[end], list) or _TYPE.fullmatch(word)):
        end += 1
    return parts[place:end] if parts[end : end + 2] == ["[", "]"] else []


def _is_array(group: Group) -> bool:
    """True where it is one ARRAY[…] and nothing else."""
    return group[:2] == ["ARRAY", "["] and _end(group, 1) == len(group) - 1


def _end(group: Group, place: int) -> int:
    """Where the bracket at this place is closed."""
    depth = 0
    for end in range(place, len(group)):
        depth += (group[end] == "[") - (group[end] == "]")
        if depth == 0:
            return end
    return -1


def _cast(array: Group, kind: Group, *, enclosed: bool) -> Group:
    cast: Group = ["ARRAY", "["]
    for number, element in enumerate(_elements(array[2:-1])):
        cast += [","] if number else []
        if _is_array(element):
            cast += _cast(element, kind, enclosed=enclosed)
        else:
            cast += [element, *kind] if enclosed else [*element, *kind]
    return [*cast, "]"]


def _elements(inside: Group) -> Iterator[Group]:
    element: Group = []
    depth = 0
    for part in inside:
        depth += (part == "[") - (part == "]")
        if part == "," and depth == 0:
            yield element
            element = []
        else:
            element.append(part)
    if element:
        yield element


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
