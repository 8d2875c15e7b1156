"""Progress of a plan: a live block on a terminal, plain lines with times elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time

from founderstack.cli.terminal.render import paint, seconds, title
from founderstack.cli.terminal.typed import _
from founderstack.model.events import Event
from founderstack.model.plan import Plan
from founderstack.model.process import Desired
from founderstack.model.protocols import Clock

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_REDRAW_S = 0.1


class Progress:
    """Shows events as they come. Use as a context manager and pass `self.emit` on."""

    def __init__(self, plan: Plan, desired: Desired, clock: Clock) -> None:
        self._clock = clock
        # By family: instances are named after secrets that the first run only makes after the plan was shown.
        self._titles = {step.family_id: title(step, desired) for step in plan.steps}
        self._live = sys.stderr.isatty()
        self._running: dict[str, tuple[float, Event]] = {}
        self._told: set[str] = set()
        self._done = 0
        self._drawn = 0
        self._frame = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._painter = threading.Thread(target=self._repaint, daemon=True)

    def __enter__(self) -> Progress:
        if self._live:
            self._painter.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._live:
            self._painter.join()
            with self._lock:
                self._erase()

    def emit(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            if event.kind == "started":
                self._running[event.step] = (self._clock.monotonic(), event)
            elif event.kind == "progress":
                began, _before = self._running.get(event.step, (self._clock.monotonic(), event))
                self._running[event.step] = (began, event)
            elif event.kind in ("done", "failed"):
                self._running.pop(event.step, None)
                self._done += event.kind == "done"
                # What two components need is done for each, the second time at once: it is told once.
                text = self._title(event)
                if event.kind == "failed" or text not in self._told:
                    self._line(event)
                    self._told.add(text)

    def _title(self, event: Event) -> str:
        return self._titles.get(event.family_id, event.step)

    def _line(self, event: Event) -> None:
        sign = paint("✓", "green", sys.stderr) if event.kind == "done" else paint("✗", "red", sys.stderr)
        took = paint(seconds(event.seconds), "dim", sys.stderr)
        text = f"{sign} {self._title(event)}  {took}"
        if self._live:
            self._erase()
            print(f"  {text}", file=sys.stderr, flush=True)
            self._draw()
        else:
            clock = time.strftime("%H:%M:%S", time.localtime(event.at))
            print(f"{clock} {text}", file=sys.stderr, flush=True)

    def _repaint(self) -> None:
        while not self._ended.wait(_REDRAW_S):
            with self._lock:
                self._erase()
                self._draw()

    def _erase(self) -> None:
        if self._drawn:
            # At once: what comes next may go to the other stream, and would be wiped by it later.
            print(f"\x1b[{self._drawn}F\x1b[0J", end="", file=sys.stderr, flush=True)
            self._drawn = 0

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._frame += 1
        frame = _FRAMES[self._frame % len(_FRAMES)]
        lines = []
        for began, event in list(self._running.values()):
            took = seconds(self._clock.monotonic() - began)
            lines.append(f"  {frame} {self._title(event)}  {took}  {event.detail}"[:width])
        count = _("{done} of {all}").format(done=self._done, all=len(self._titles))
        lines.append(f"  {count}"[:width])
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
        self._drawn = len(lines)
