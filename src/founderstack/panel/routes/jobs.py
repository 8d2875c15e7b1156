"""Jobs: how one is begun, and one with its progress. Every action of the panel ends here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from founderstack.model.errors import StackError
from founderstack.panel.asking import Ask
from founderstack.panel.shown import jobs, log_lines
from founderstack.panel.shown.rings import called
from founderstack.panel.streams import event

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


async def begin(ask: Ask, verb: str, options: Mapping[str, Any], *, back: str) -> Response:
    """Have the agent run a verb and go to the job's page; where it does not begin, say so on the page `back`."""
    detail = " ".join(f"{name}={value}" for name, value in options.items())
    try:
        begun = await ask.agent(
            "run", verb=verb, options=dict(options), by=ask.person.account.user, language=ask.language
        )
    except StackError as problem:
        ask.audit(f"{verb} refused", detail)
        ask.note_problem(problem)
        return ask.go(back)
    ask.audit(verb, detail)
    return ask.go(f"/job/{begun['job']}")


async def one(ask: Ask) -> Response:
    """One job: its steps, how far each is, how it ended, and what its build said to those who may read logs."""
    job = await ask.agent("job", id=job_id(ask))
    shown = jobs.view(job, ask.say, ask.language, ask.parts.clock.now(), _titles(ask))
    builds = ask.reader.role == "admin" and job["verb"] in ("deploy", "up", "rollback")
    lines = await _build_lines(ask, job) if builds else []
    return ask.page("job.html", section="activity", job=shown, builds=builds, lines=lines)


async def progress(ask: Ask) -> Response:
    """The same, again whenever it got further; ends with the job."""
    return ask.parts.listeners.answer(_progress(ask, job_id(ask)))


async def _progress(ask: Ask, number: str) -> AsyncIterator[bytes]:
    try:
        async for said in ask.agent_stream("follow", id=number):
            if not ask.still_signed_in():
                break
            found, now = await ask.agent("job", id=number), ask.parts.clock.now()
            job = jobs.view(found, ask.say, ask.language, now, _titles(ask))
            yield event("progress", ask.part("job_progress.html", job=job).decode())
            if "job" in said:
                break  # that was the last; the agent closes the connection after it
    except StackError:
        return  # the browser asks again
    yield event("over", "")


def _titles(ask: Ask) -> Mapping[str, str]:
    return called(ask.parts.live.processes, ask.parts.config.stack, ask.say)


async def _build_lines(ask: Ask, job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What was said so far, or at last; nothing of an earlier build of the same."""
    if not job.get("build"):
        return []
    said = await ask.agent("build", digest=job["build"])
    return log_lines.shown(said["lines"]) if said["at"] >= job["started"] else []


def job_id(ask: Ask) -> str:
    """The job that the address names."""
    found = str(ask.request.path_params["id"])
    if not _ID.fullmatch(found):
        raise HTTPException(404)
    return found
