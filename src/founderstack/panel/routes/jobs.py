"""Jobs: how one is begun, and one with its progress. Every action of the panel ends here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from founderstack.model.errors import StackError
from founderstack.panel import jobs
from founderstack.panel.asking import Ask
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
    """One job: its steps, how far each is, and how it ended."""
    job = await ask.agent("job", id=_id(ask))
    return ask.page("job.html", section="activity", job=jobs.view(job, ask.say, ask.language, ask.parts.clock.now()))


async def progress(ask: Ask) -> Response:
    """The same, again whenever it got further; ends with the job."""
    return ask.parts.listeners.answer(_progress(ask, _id(ask)))


async def _progress(ask: Ask, job_id: str) -> AsyncIterator[bytes]:
    try:
        async for _said in ask.agent_stream("follow", id=job_id):
            if not ask.still_signed_in():
                break
            job = jobs.view(await ask.agent("job", id=job_id), ask.say, ask.language, ask.parts.clock.now())
            yield event("progress", ask.part("job_progress.html", job=job).decode())
    except StackError:
        return  # the browser asks again
    yield event("over", "")


def _id(ask: Ask) -> str:
    found = str(ask.request.path_params["id"])
    if not _ID.fullmatch(found):
        raise HTTPException(404)
    return found
