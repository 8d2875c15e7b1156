"""What a job's page shows, decided from what the agent said of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from founderstack.model.step_titles import title_of
from founderstack.panel.shown.step_words import step_words
from founderstack.panel.shown.words import Translate, duration, seconds, set_named, text_of

StepState = Literal["waiting", "running", "done", "failed", "skipped"]

SHAPES: Mapping[StepState, str] = {
    "waiting": "unknown", "running": "running", "done": "online", "failed": "down", "skipped": "unknown",
}  # fmt: skip
"""The shape that stands for each state, the same as those of services."""
_OF_EVENT: Mapping[str, StepState] = {
    "started": "running", "progress": "running", "done": "done", "failed": "failed", "skipped": "skipped",
}  # fmt: skip
_UNDONE: Mapping[StepState, int] = {"done": 0, "waiting": 1, "skipped": 1, "running": 2, "failed": 3}
"""The higher, the further from done."""


@dataclass(frozen=True)
class StepLine:
    """One step of a job."""

    title: str
    state: StepState
    word: str
    shape: str
    took: str
    detail: str
    """Its newest line of output, or why it is done."""


@dataclass(frozen=True)
class JobView:
    """A job as its page and the list of jobs show it."""

    id: str
    title: str
    state: str
    """Its colour and shape: `running`, or a tile's state."""
    word: str
    by: str
    at: float
    took: str
    steps: tuple[StepLine, ...]
    done: int
    """Steps that are done."""
    error: Mapping[str, str] | None
    running: bool
    outcome: tuple[str, ...] = ()
    """What somebody needs to know of what it made, a sentence each."""


def view(
    job: Mapping[str, Any], _: Translate, language: str, now: float, titles: Mapping[str, str] = MappingProxyType({})
) -> JobView:
    """A job, with its steps in the order in which they are carried out; `titles` has what services are called."""
    words = {"running": _("Running"), "done": _("Done"), "failed": _("Failed"), "lost": _("End unknown")}
    colours = {"running": "running", "done": "online", "failed": "down"}
    state = str(job["state"])
    steps = _steps(job, _, language, running=state == "running")
    ended = float(job.get("ended") or 0.0)
    error = job.get("error")
    return JobView(
        id=str(job["id"]),
        title=title(str(job["verb"]), job.get("options") or {}, _, language, titles),
        state=colours.get(state, "unknown"),
        word=words.get(state, state),
        by=str(job.get("by") or ""),
        at=float(job["started"]),
        took=duration((ended or now) - float(job["started"])),
        steps=steps,
        done=sum(step.state == "done" for step in steps),
        error={part: text_of(error, part, _) for part in ("what", "why", "fix")} if error else None,
        running=state == "running",
        outcome=_outcome(str(job["verb"]), job.get("result"), _),
    )


def title(verb: str, options: Mapping[str, Any], _: Translate, language: str, titles: Mapping[str, str]) -> str:
    """What a job does, in a few words."""
    if verb in ("restart", "stop", "start") and options.get("process"):
        return _capital(step_words(f"{verb}:{options['process']}", _, language, titles))
    known = {"ref": "", "number": "", "replicas": "", "secret": "", **options}
    known["set"] = set_named(str(options.get("set", "")), language)
    texts = {
        "up": _("Apply the plan"),
        "deploy": _("Deploy {ref}"),
        "rollback": _("Go back to release {number}"),
        "scale": _("Run one copy of the app")
        if str(known["replicas"]) == "1"
        else _("Run {replicas} copies of the app"),
        "rotate": _("Change the secret {secret}"),
        "backup": _("Take a backup"),
        "prove": _("Prove the backup of {set}") if known["set"] else _("Prove the newest backup"),
        "restore": _("Restore the backup of {set}, in its place")
        if options.get("confirm")
        else _("Restore the backup of {set}, beside what is used"),
    }
    return texts[verb].format(**known).strip() if verb in texts else verb


def _steps(job: Mapping[str, Any], _: Translate, language: str, *, running: bool) -> tuple[StepLine, ...]:
    """Those of the plan first, then those that only events speak of, such as a backup's."""
    planned = {str(step["id"]): step for step in job.get("steps") or ()}
    told: dict[str, Mapping[str, Any]] = {}
    details: dict[str, str] = {}
    for event in job.get("events") or ():
        told[str(event["step"])] = event
        details[str(event["step"])] = text_of(event, "detail", _) or details.get(str(event["step"]), "")
    return _once(
        _line(key, planned.get(key), told.get(key), details.get(key, ""), _, language, running=running)
        for key in dict.fromkeys([*planned, *told])
    )


def _once(lines: Iterable[StepLine]) -> tuple[StepLine, ...]:
    """What two components need, as Node, is one line, which is done once it is for both."""
    found: dict[str, StepLine] = {}
    for line in lines:
        other = found.setdefault(line.title, line)
        if (_UNDONE[line.state], bool(line.took)) > (_UNDONE[other.state], bool(other.took)):
            found[line.title] = line
    return tuple(found.values())


def _line(
    key: str, planned: Mapping[str, Any] | None, event: Mapping[str, Any] | None, detail: str, _: Translate,
    language: str, *, running: bool,
) -> StepLine:  # fmt: skip
    state: StepState = _OF_EVENT.get(str(event["kind"]), "running") if event else "waiting"
    if not running and state in ("running", "waiting"):
        state = "skipped"
    words = {
        "waiting": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed"),
        "skipped": _("not done"),
    }  # fmt: skip
    told = title_of(key, _, lambda about: set_named(about, language))
    said = text_of(planned, "title", _) or text_of(event, "title", _)
    name = told or said or step_words(str((event or {}).get("family") or key), _, language, {})
    took = float(event.get("seconds") or 0.0) if event else 0.0
    return StepLine(
        title=_capital(name),
        state=state,
        word=words[state],
        shape=SHAPES[state],
        took=seconds(took, language) if took else "",
        detail=detail if state in ("running", "failed") else "",
    )


def _outcome(verb: str, result: Mapping[str, Any] | None, _: Translate) -> tuple[str, ...]:
    """That nothing was new; where a restore put what it brought back, and the way back where it replaced something."""
    if nothing := text_of(result, "nothing", _):
        return (nothing,)
    if verb != "restore" or not result:
        return ()
    if not result["in_place"]:
        return tuple(_("{name} is in {into}").format(**item) for item in result["items"])
    return (_("To go back, restore the backup {id}").format(id=result["safety"]),) if result["safety"] else ()


def views(
    jobs: Sequence[Mapping[str, Any]], _: Translate, language: str, now: float, titles: Mapping[str, str]
) -> tuple[JobView, ...]:
    """Jobs of a list, in its order."""
    return tuple(view(job, _, language, now, titles) for job in jobs)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
