"""Keys that people's tools do not show, as the patterns that a server's access list is made of. Not a component."""

from __future__ import annotations

from collections.abc import Iterable


def visible(hidden: Iterable[str]) -> tuple[str, ...]:
    """Patterns that match every key but those that begin with one of `hidden`.

    An access list can only allow. What may be read is therefore told step by step: to hide `ab` is to allow whatever
    begins with another letter than `a`, whatever goes on after `a` with another than `b`, and `a` itself.
    """
    beginnings = set(hidden)
    beginnings = {one for one in beginnings if not any(one != other and one.startswith(other) for other in beginnings)}
    if not beginnings:
        return ("*",)
    patterns = []
    for path in sorted({one[:length] for one in beginnings for length in range(len(one))}):
        following = sorted({one[len(path)] for one in beginnings if one.startswith(path)})
        patterns.append(f"{_literal(path)}[^{_literal(''.join(following))}]*")
        if path:
            patterns.append(_literal(path))
    return tuple(patterns)


def _literal(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in text)
