"""Steps: one change each, with its reason and its risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["do", "start", "restart", "reload", "switch", "stop"]
Risk = Literal["none", "interruption", "data"]


@dataclass(frozen=True)
class Step:
    """One change to what runs."""

    verb: Verb
    target: str
    """Name of a task, a process or a ring."""
    reason: str
    """Why, in the reader's language."""
    needs: tuple[str, ...] = ()
    """Ids of the steps that come before."""
    risk: Risk = "none"

    @property
    def id(self) -> str:
        """The step's name within its plan."""
        return f"{self.verb}:{self.target}"


@dataclass(frozen=True)
class Plan:
    """The steps in an order that respects what each needs."""

    steps: tuple[Step, ...] = ()

    @property
    def risks(self) -> tuple[Step, ...]:
        """The steps that interrupt a service or touch data."""
        return tuple(step for step in self.steps if step.risk != "none")
