"""How long work on many bytes is shown: one line that changes on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys

from founderstack.cli.terminal.events import tell_event
from founderstack.cli.terminal.manner import Manner
from founderstack.cli.terminal.render import paint, seconds
from founderstack.cli.terminal.typed import _
from founderstack.model.events import Event
from founderstack.model.protocols import Emit
from founderstack.model.step_titles import title_of


def title(step: str) -> str:
    """What a step does; `verb:what:about`."""
    return title_of(step, _) or step


def shows(manner: Manner) -> Emit:
    """Where the events go."""
    return _tell if manner.events else Line()


def _tell(event: Event) -> None:
    tell_event(event, title(event.step))


class Line:
    """Shows events in a terminal, or as lines of a log."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        told = title(event.step)
        if event.kind in ("started", "progress") and self._live:
            # From its beginning: a place that does not answer is asked for a minute before anything passes.
            sys.stderr.write(f"\r\x1b[2K  … {told}  {event.detail}".rstrip())
        elif event.kind in ("done", "failed"):
            sign = paint("✓", "green", sys.stderr) if event.kind == "done" else paint("✗", "red", sys.stderr)
            took = f"  {seconds(event.seconds)}" if event.seconds else ""
            detail = f"  {paint(event.detail, 'dim', sys.stderr)}" if event.kind == "done" and event.detail else ""
            sys.stderr.write(("\r\x1b[2K" if self._live else "") + f"{sign} {told}{took}{detail}\n")
        sys.stderr.flush()
