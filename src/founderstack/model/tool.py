"""Where this tool comes from. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """The checkout that the command runs from."""

    version: str
    folder: str
    address: str = ""
    """Where its repository is cloned from, without anybody's password; "" where nobody knows."""
    commit: str = ""
    changed: bool = False
    """True where it holds what is in no commit."""
