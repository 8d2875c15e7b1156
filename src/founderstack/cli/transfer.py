"""How long work on many bytes is shown: one line that changes on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys

from founderstack.cli.changes import Emit, Manner
from founderstack.cli.render import paint, seconds
from founderstack.cli.telling import tell_event
from founderstack.locale import N_, _
from founderstack.model.events import Event

TITLES = {
    "backup:take": N_("take the backup"),
    "backup:send": N_("bring it off this machine"),
    "backup:expire": N_("remove what has served its time"),
    "backup:prove": N_("restore {about} beside what runs, and check it"),
    "rebuild:source": N_("bring back the source of the app"),
    "rebuild:server": N_("bring up the servers that keep data"),
    "rebuild:roles": N_("make its roles"),
    "rebuild:database": N_("bring back the database {about}"),
    "rebuild:files": N_("bring back the files of {about}"),
    "restore:roles": N_("make roles that are missing"),
    "restore:database": N_("restore the database {about}"),
    "restore:compare": N_("compare every row of {about} with what was dumped"),
    "restore:files": N_("restore the files of {about}"),
    "restore:recover": N_("recover what was there at that moment"),
    "restore:place": N_("sign-ins and roles as the stack has them now"),
    "restore:swap": N_("put it in the place of the other: {about}"),
}


def title(step: str) -> str:
    """What a step does; `verb:what:about`."""
    name, _colon, about = step.partition(":")
    kind, _colon, about = about.partition(":")
    return _(TITLES[f"{name}:{kind}"]).format(about=about)


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
        if event.kind == "progress" and self._live:
            sys.stderr.write(f"\r\x1b[2K  … {told}  {event.detail}")
        elif event.kind in ("done", "failed"):
            sign = paint("✓", "green", sys.stderr) if event.kind == "done" else paint("✗", "red", sys.stderr)
            took = f"  {seconds(event.seconds)}" if event.seconds else ""
            detail = f"  {paint(event.detail, 'dim', sys.stderr)}" if event.kind == "done" and event.detail else ""
            sys.stderr.write(("\r\x1b[2K" if self._live else "") + f"{sign} {told}{took}{detail}\n")
        sys.stderr.flush()
