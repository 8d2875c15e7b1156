"""Progress of a plan: a live block on a terminal, plain lines with times elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from dataclasses import replace

from founderstack.cli.terminal.render import paint, seconds, title
from founderstack.cli.terminal.typed import _
from founderstack.model.events import Event
from founderstack.model.plan import Plan
from founderstack.model.process import Desired
from founderstack.model.protocols import Clock
from founderstack.operations.stack.converge import duration_key

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_REDRAW_S = 0.1


class Progress:
    """Shows events as they come. Use as a context manager and pass `self.emit` on."""

    def __init__(self, plan: Plan, desired: Desired, clock: Clock) -> None:
        self._clock = clock
        self._desired = desired
        self._titles = {step.id: title(step, desired) for step in plan.steps}
        # Instances are named after secrets that the first run only makes after the plan was shown.
        self._shown = {duration_key(step.id): (step, title(step, desired)) for step in plan.steps}
        self._live = sys.stderr.isatty()
        self._running: dict[str, tuple[float, str]] = {}
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
                self._running[event.step] = (self._clock.monotonic(), "")
            elif event.kind == "progress":
                began, _detail = self._running.get(event.step, (self._clock.monotonic(), ""))
                self._running[event.step] = (began, event.detail)
            elif event.kind in ("done", "failed"):
                self._running.pop(event.step, None)
                self._done += event.kind == "done"
                # What two components need is done for each, the second time at once: it is told once.
                if event.kind == "failed" or self._title(event.step) not in self._told:
                    self._line(event)
                    self._told.add(self._title(event.step))

    def _title(self, step: str) -> str:
        if step in self._titles or duration_key(step) not in self._shown:
            return self._titles.get(step, step)
        shown, text = self._shown[duration_key(step)]
        return text if shown.verb == "do" else title(replace(shown, target=step.partition(":")[2]), self._desired)

    def _line(self, event: Event) -> None:
        sign = paint("✓", "green", sys.stderr) if event.kind == "done" else paint("✗", "red", sys.stderr)
        took = paint(seconds(event.seconds), "dim", sys.stderr)
        text = f"{sign} {self._title(event.step)}  {took}"
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
        for step, (began, detail) in list(self._running.items()):
            took = seconds(self._clock.monotonic() - began)
            lines.append(f"  {frame} {self._title(step)}  {took}  {detail}"[:width])
        count = _("{done} of {all}").format(done=self._done, all=len(self._titles))
        lines.append(f"  {count}"[:width])
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
        self._drawn = len(lines)
