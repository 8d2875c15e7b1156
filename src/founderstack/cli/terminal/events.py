"""`--events`: what a command does, one JSON document a line on stdout, for the agent and for scripts.

First, where there is one, `{"v":1,"digest":…,"steps":[…]}`, the plan; then `{"v":1,"kind":…,"step":…,"title":…}` for
each event; at the end `{"v":1,"result":…,"code":0}` or `{"v":1,"error":{what,why,fix},"code":N}`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from founderstack.locale import wire
from founderstack.model.errors import EXIT_OK, StackError
from founderstack.model.events import Event

OPTION = "--events"
_ONE_AT_A_TIME = threading.Lock()


def tell_steps(digest: str, steps: Sequence[Mapping[str, Any]]) -> None:
    """The plan that is carried out."""
    _say({"digest": digest, "steps": list(steps)})


def tell_event(event: Event, title: str = "") -> None:
    """One moment of a step; `title` says in the reader's language what the step does."""
    _say(
        {
            "kind": event.kind,
            "step": event.step,
            "family": event.family_id,
            "title": title or event.step,
            "at": round(event.at, 2),
            "seconds": round(event.seconds, 2),
            "detail": event.detail,
        }
    )


def tell_result(values: Mapping[str, Any], code: int = EXIT_OK) -> int:
    """That the command has done what it was asked, as its last line; returns the exit code."""
    _say({"result": values, "code": code})
    return code


def tell_error(error: StackError) -> None:
    """That the command failed, as its last line. Of several problems, all are in `problems`."""
    problems = [{"what": problem.what, "why": problem.why, "fix": problem.fix} for problem in error.problems]
    _say({"error": problems[0], "problems": problems, "code": error.exit_code})


def _say(document: Mapping[str, Any]) -> None:
    # Steps run in threads of their own, and a line must stay a line.
    with _ONE_AT_A_TIME:
        print(wire.dumps({"v": 1, **document}, ensure_ascii=False), flush=True)
