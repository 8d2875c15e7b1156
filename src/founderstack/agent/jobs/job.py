"""One run of a verb of the command line: what was asked, what it said, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from founderstack.agent.jobs.commands import object_in
from founderstack.locale import _
from founderstack.model import version_0_1

JobState = Literal["running", "done", "failed", "lost"]

MOST_EVENTS = 400
MOST_SAID = 20
"""Lines that are kept of what is not an event: the last words of a command that died."""
_LONGEST = 2000


@dataclass
class Job:
    """A job as it is kept in its file."""

    id: str
    verb: str
    options: dict[str, Any]
    by: str
    """Who asked for it."""
    state: JobState = "running"
    """`lost` where it ended while no agent looked, without having said how."""
    started: float = 0.0
    ended: float = 0.0
    """Seconds since the epoch, 0 while it runs."""
    code: int | None = None
    """Exit code; None where nobody knows it."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """The plan that it carries out, as `founder plan --json` has it; empty where there is none."""
    events: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    pid: int = 0
    pid_started: float = 0.0

    def hears(self, line: bytes) -> dict[str, Any] | None:
        """Take in one line of the command's output; returns the event that it is, None where it is something else."""
        document = object_in(line)
        if "kind" in document:
            event = {name: value for name, value in document.items() if name != "v"}
            self._keep(event)
            return event
        if "steps" in document:
            self.steps = list(document["steps"])
        elif "result" in document:
            self.state, self.code, self.result = "done", int(document.get("code", 0)), document["result"]
        elif "error" in document:
            self.state, self.code, self.error = "failed", int(document.get("code", 1)), document["error"]
        elif not document and line.strip():
            self._said.append(line.decode("utf-8", "replace")[:_LONGEST])
            del self._said[:-MOST_SAID]
        return None

    def ends(self, now: float, *, watched: bool) -> None:
        """Note that its process is gone. One that did not say how it ended was killed, or nobody was there to see."""
        self.ended = self.ended or round(now, 1)
        if self.state != "running":
            return
        self.state = "failed" if watched else "lost"
        self.error = {
            "what": _("The command was ended before it could finish"),
            "why": "\n".join(self._said) or _("It said nothing: somebody or something killed it."),
            "fix": _("Run it again: it goes on where it stopped."),
        }

    def as_values(self) -> dict[str, Any]:
        """All of it, as it is kept in the file."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def shown(self, *, events: bool = True) -> dict[str, Any]:
        """What a person may see of it."""
        hidden = {"pid", "pid_started"} | (set() if events else {"events", "steps"})
        built = {"build": self.build} if events else {}
        return {name: value for name, value in self.as_values().items() if name not in hidden} | built

    @property
    def build(self) -> str:
        """Digest of the release that it builds, "" where its plan has none."""
        for step in self.steps:
            before = version_0_1.named(str(step.get("target", "")))
            family = str(step.get("family", f"{step.get('action')}:{before.family}"))
            if family.startswith("do:") and family.endswith("/build"):
                return str(step.get("generation", before.generation))
        return ""

    def __post_init__(self) -> None:
        self._said: list[str] = []
        self._heard = 0

    def _keep(self, event: dict[str, Any]) -> None:
        """Keep an event, numbered; of a step's progress only the newest, and of a very long run the end."""
        self._heard += 1
        event["n"] = self._heard
        if event["kind"] == "progress" and self.events:
            last = self.events[-1]
            if (last["kind"], last.get("step")) == ("progress", event.get("step")):
                self.events.pop()
        self.events.append(event)
        del self.events[:-MOST_EVENTS]


def read_job(values: Mapping[str, Any]) -> Job | None:
    """The job that `as_values` gave, None where the values make none."""
    known = {one.name for one in fields(Job)}
    try:
        return Job(**{name: value for name, value in values.items() if name in known})
    except TypeError:
        return None
