"""What version control says of the app's source: the commit it lies at, and what lies between two of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Revision:
    """A state of the source; empty where no version control speaks of it."""

    commit: str = ""
    """The whole hash."""
    subject: str = ""
    author: str = ""
    committed: str = ""
    """ISO time."""
    changed: int = 0
    """Files of the folder that differ from that commit."""


@dataclass(frozen=True)
class Difference:
    """What a newer state of the source has that an older one has not."""

    commits: tuple[Revision, ...] = ()
    """Those that touch the app, newest first; the newest ones where they are very many."""
    count: int = 0
    """How many they are."""
    back: int = 0
    """Commits of the older state that the newer one lacks."""
    files: int = 0
    added: int = 0
    """Lines."""
    removed: int = 0
