"""Names as SQL takes them. Pure."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A name as SQL quotes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
