"""The words of a migration: what becomes of each thing, what was found afterwards, how a run goes about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fate = Literal["moved", "converted", "reported", "blocker"]
"""`moved` as it is, `converted` into something of ours, `reported` and left where it is, `blocker`: nothing begins."""

Kind = Literal["supabase", "plain"]
"""What the source is: a plain PostgreSQL has no people, no files and no schemas of a platform."""


@dataclass(frozen=True)
class Item:
    """One thing of the source, and what becomes of it."""

    step: str
    """Name of the step that decides."""
    kind: str
    """What it is, in lower case: `table`, `policy`, `user`, `stored object`."""
    name: str
    """How its owner calls it: `public.todos`."""
    fate: Fate
    why: str = ""
    fix: str = ""
    """For a blocker, and where the founder has something to do: one command or one edit."""
    count: int | None = None
    """How many it stands for (rows of a table, people of a class), where that is known."""
    of_platform: bool = False
    """True where it stays behind because it is the platform's own."""


@dataclass(frozen=True)
class Finding:
    """One answer of the verification."""

    step: str
    what: str
    ok: bool
    detail: str = ""
    """What differs, for a person; never a value out of a row."""
    by_writing: bool = False
    """True where what was written at the source since may explain it, and then the cut-over brings it over."""
    about: str = ""
    """The table whose rows must differ as well for that; "" where nothing else must."""


@dataclass(frozen=True)
class Options:
    """How a run goes about it."""

    jobs: int = 2
    """Connections to the source that read at the same time."""
    rate_mib_s: float = 0.0
    """Most data read from the source in a second, 0 for no limit."""
    patience_s: float = 600.0
    """How long a source or a target that does not answer is waited for."""
    part_mib: int = 64
    """Tables larger than this are read in parts."""
    leave: tuple[str, ...] = ()
    """Whole names of objects that the founder leaves behind."""


@dataclass(frozen=True)
class Progress:
    """How far a step is. `unit` is `rows`, `objects` or `bytes`."""

    step: str
    done: int
    total: int
    unit: str
    detail: str = ""
