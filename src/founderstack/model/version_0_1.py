"""What version 0.1 of the tool told in names alone: only here a name is taken apart, for what it left on disk."""

from __future__ import annotations

import re

from founderstack.model.identity import Identity

_INSTANCE = re.compile(r"([a-z]+)-([0-9]{1,9}-[0-9a-f]{6})-([0-9]{1,4})")
_TASK = re.compile(r"([a-z-]+/[a-z]+)-([0-9a-f]{20})")


def named(name: str) -> Identity:
    """Who bears a name of that version: an instance, `app-3-4fd2a1-2`, a task of one release; any other stays."""
    if found := _INSTANCE.fullmatch(name):
        ring, generation, number = found.groups()
        release = generation.partition("-")[0]
        return Identity(name, f"{ring}-{number}", generation, ring, ring, int(number), release)
    if found := _TASK.fullmatch(name):
        return Identity(name, found[1], found[2])
    return Identity(name, name)


def lasting(step: str) -> str:
    """What of a step's id stays from one release to the next: that version kept `stop:app-3-4fd2a1-2` as it was."""
    verb, colon, target = step.partition(":")
    return f"{verb}:{named(target).family}" if colon else step
