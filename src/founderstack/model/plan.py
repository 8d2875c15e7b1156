"""Steps: one change each, with its reason and its risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from founderstack.model.identity import UNTOLD, Identity

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
    identity: Identity = UNTOLD
    """Who the process or the task is."""

    @property
    def id(self) -> str:
        """The step's name within its plan."""
        return f"{self.verb}:{self.target}"

    @property
    def family_id(self) -> str:
        """What of its id stays from one release to the next, by which it is approved: `start:app-2`."""
        return f"{self.verb}:{self.identity.family or self.target}"

    @property
    def service_id(self) -> str:
        """Under what its durations are compared: those of all instances of a ring."""
        return f"{self.verb}:{self.identity.service or self.target}"

    def called(self, title: str = "") -> str:
        """What its target is called in a sentence, an instance by its ring's `title`."""
        return self.identity.spoken(title) or self.target


@dataclass(frozen=True)
class Plan:
    """The steps in an order that respects what each needs."""

    steps: tuple[Step, ...] = ()

    @property
    def risks(self) -> tuple[Step, ...]:
        """The steps that interrupt a service or touch data."""
        return tuple(step for step in self.steps if step.risk != "none")
