"""What the terminal shows: errors, times, what a step does. stdout is for answers, stderr for everything on the way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from founderstack.cli.terminal.typed import _, typed
from founderstack.locale import number
from founderstack.model.errors import StackError
from founderstack.world.os import ambient

if TYPE_CHECKING:  # the quick verbs paint as well, and do not pay for plans
    from founderstack.model.plan import Step
    from founderstack.model.process import Desired

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}
SIGNS = {"do": "+", "start": "+", "restart": "~", "reload": "~", "switch": "→", "stop": "-"}


def colours(stream: TextIO) -> bool:
    """True where the reader sees colours: a terminal that has not said no."""
    wish = ambient.colour_wish()
    return stream.isatty() if wish is None else wish


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in a colour, where the stream (stdout as it is now, where none is given) shows colours."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if colours(stream or sys.stdout) else text


def seconds(value: float) -> str:
    """A duration as a person reads it."""
    if value >= 90:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{number(value, 1 if value < 10 else 0)} s"


def age(seconds: float) -> str:
    """A duration in its two largest units: `3 d 4 h`."""
    left = int(max(seconds, 0))
    for size, big, small_size, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if left >= size:
            return f"{left // size} {big} {left % size // small_size} {small}"
    return f"{left} s"


def title(step: Step, desired: Desired) -> str:
    """What a step does, in a few words."""
    if step.verb == "do":
        task = desired.tasks[step.target]
        return _(task.summary)
    ring = step.target if step.verb == "switch" else step.identity.ring
    name = titled(ring, desired) if step.verb == "switch" else step.called(titled(ring, desired))
    if step.verb == "start":
        return _("start {name}").format(name=name)
    if step.verb == "restart":
        return _("restart {name}").format(name=name)
    if step.verb == "reload":
        return _("{name} reads its files again").format(name=name)
    if step.verb == "switch":
        return _("send requests to the new instances of {name}").format(name=name)
    return _("stop {name}").format(name=name)


def titled(ring: str, desired: Desired) -> str:
    """What the instances of a ring are called; the ring's own name where none is wanted any more."""
    return next((_(process.card.title) for process in desired.processes.values() if process.ring == ring), ring)


def show_error(error: StackError, *, as_json: bool = False) -> None:
    """Every problem of an error: what, why, and what cures it."""
    if as_json:
        from founderstack.locale import wire  # what quick verbs do not pay for

        problems = [{"what": one.what, "why": typed(one.why), "fix": typed(one.fix)} for one in error.problems]
        print(wire.dumps({"v": 1, "errors": problems}, ensure_ascii=False), file=sys.stderr)
        return
    for problem in error.problems:
        print(f"{paint('✗', 'red', sys.stderr)} {paint(problem.what, 'bold', sys.stderr)}", file=sys.stderr)
        print(f"  {typed(problem.why)}", file=sys.stderr)
        print(f"  {paint('→', 'blue', sys.stderr)} {typed(problem.fix)}", file=sys.stderr)


def show_defect(error: Exception) -> None:
    """An error that nobody foresaw: a defect of ours, with its trace in a file."""
    from founderstack.world.os import traces

    path = traces.keep(error) or "–"
    show_error(
        StackError(
            _("founder met an error it does not know: {error}").format(error=f"{type(error).__name__}: {error}"),
            _("This is a defect of the tool, not of your stack."),
            _("Please report it with {path}, after reading it for anything private.").format(path=path),
        )
    )
