"""A plan as lines for a person: each thing once, a shared reason once, wrapped at the width of the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from founderstack.cli.terminal.render import SIGNS, paint, seconds, title, titled
from founderstack.cli.terminal.typed import _
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Desired

_INDENT = "    "


def show_plan(plan: Plan, desired: Desired, estimate: float | None, stream: TextIO) -> None:
    """The steps with their reasons, how many they are, and how long they usually take (`estimate`, seconds)."""
    width = shutil.get_terminal_size().columns
    for line in _lines(plan.steps, desired, width, stream):
        print(line, file=stream)
    for line in _instances(plan.steps, desired):
        print(f"  {line}", file=stream)
    about = _("steps: {count}").format(count=len(plan.steps))
    if estimate is not None:
        about += ", " + _("usually {time}").format(time=seconds(estimate))
    print(paint(f"  {about}", "dim", stream), file=stream)


def _lines(steps: Iterable[Step], desired: Desired, width: int, stream: TextIO) -> Iterator[str]:
    for reason, named in _by_reason(steps, desired).items():
        shared = len(named) > 1
        if shared:
            yield paint(f"  {reason[:1].upper()}{reason[1:]}:", "dim", stream)
        for name, step in named.items():
            yield from _entry(name, "" if shared else f" ({reason})", step, width, stream)


def _instances(steps: Iterable[Step], desired: Desired) -> Iterator[str]:
    """Of what runs more than once and is changed: how many there will be."""
    changed = {step.target for step in steps}
    for ring, members in desired.rings.items():
        if changed & {ring, *members}:
            text = (
                _("{name} will run as one instance") if len(members) == 1 else _("{name} will run as {count} instances")
            )
            yield text.format(name=titled(ring, desired), count=len(members))


def _by_reason(steps: Iterable[Step], desired: Desired) -> Mapping[str, Mapping[str, Step]]:
    """Reason → title → its first step, both in the order of the plan: what two components need is listed once."""
    found: dict[str, dict[str, Step]] = {}
    for step in steps:
        found.setdefault(step.reason, {}).setdefault(title(step, desired), step)
    return found


def _entry(name: str, reason: str, step: Step, width: int, stream: TextIO) -> Iterator[str]:
    colour = "yellow" if step.risk != "none" else "red" if step.verb == "stop" else "green"
    first, *more = textwrap.wrap(f"{name}{reason}", max(width - len(_INDENT) - 1, 20), break_on_hyphens=False)
    yield f"  {paint(SIGNS[step.verb], colour, stream)} {first}"
    yield from (f"{_INDENT}{line}" for line in more)
