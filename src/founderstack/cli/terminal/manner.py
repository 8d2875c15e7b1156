"""How a verb is carried out: who may be asked, and who reads along."""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """How a change is carried out, as its options say."""

    yes: bool = False
    """Nobody needs to be asked."""
    events: bool = False
    """A program reads along: every step is told as a line of JSON."""
    plan: str = ""
    """Digest of the plan that somebody has approved already; another one is refused."""


def manner_of(given: argparse.Namespace) -> Manner:
    """The manner that the options ask for."""
    return Manner(given.yes, given.events, getattr(given, "plan", ""))
