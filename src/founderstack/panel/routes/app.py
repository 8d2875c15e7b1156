"""The founder's own application: its copies, its releases, what waits to become one, and how builds went."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from founderstack.model.errors import StackError
from founderstack.panel.asking import Ask
from founderstack.panel.routes.jobs import begin, job_id
from founderstack.panel.routes.log_stream import log_stream
from founderstack.panel.shown import deploys, jobs, log_lines, texts, tiles

_MOST_COPIES = 12
_SHOWN_DEPLOYS = 5


async def page(ask: Ask) -> Response:
    """Its instances, the releases that are kept, the newest deployments, and what another one would bring."""
    answer, begun = await ask.agent("releases"), await ask.agent("jobs")
    ref = ask.request.query_params.get("ref", "")[:200]
    waiting, problem = await _waiting(ask, ref)
    mine = [one for one in begun["jobs"] if one["verb"] in ("deploy", "rollback")][:_SHOWN_DEPLOYS]
    return ask.page(
        "app.html",
        section="app",
        instances=_instances(ask),
        most=_MOST_COPIES,
        releases=deploys.releases(answer, ask.say),
        deployments=jobs.views(mine, ask.say, ask.language, ask.parts.clock.now(), {}),
        ref=ref,
        waiting=waiting,
        problem=problem,
    )


async def scale(ask: Ask) -> Response:
    """Run this many copies."""
    wish = ask.fields.get("copies", "")
    if not wish.isascii() or not wish.isdigit() or not 1 <= int(wish) <= _MOST_COPIES:
        ask.note(texts.copies_differ(ask.say, _MOST_COPIES), failed=True)
        return ask.go("/app")
    return await begin(ask, "scale", {"replicas": int(wish)}, back="/app")


async def deploy(ask: Ask) -> Response:
    """Build and serve a commit, a branch or a tag; what lies in the folder where none is named."""
    ref = ask.fields.get("ref", "").strip()[:200]
    if "look" in ask.fields:
        return ask.go(f"/app?ref={quote(ref)}" if ref else "/app")
    return await begin(ask, "deploy", {"ref": ref, "force": "force" in ask.fields}, back="/app")


async def confirm_rollback(ask: Ask) -> Response:
    """Ask whether it is meant."""
    return ask.page("rollback.html", section="app", number=int(ask.request.path_params["number"]))


async def rollback(ask: Ask) -> Response:
    """Serve an earlier release again."""
    number = int(ask.request.path_params["number"])
    if not re.fullmatch(rf"\s*{number}\s*", ask.fields.get("name", "")):
        ask.note(texts.number_differs(ask.say), failed=True)
        return ask.go(f"/app/rollback/{number}")
    return await begin(ask, "rollback", {"number": number}, back="/app")


async def build_log(ask: Ask) -> Response:
    """What the build of a release said."""
    number, answer = int(ask.request.path_params["number"]), await ask.agent("releases")
    digest = next((str(one["digest"]) for one in answer["releases"] if one["number"] == number), "")
    if not digest:
        raise HTTPException(404)
    said = await ask.agent("build", digest=digest)
    return ask.page("build.html", section="app", number=number, lines=log_lines.shown(said["lines"]))


async def building(ask: Ask) -> Response:
    """What the build of a job says, line by line, from its first one on; ends with the job."""
    return ask.parts.listeners.answer(log_stream(ask, "building", id=job_id(ask)))


async def _waiting(ask: Ask, ref: str) -> tuple[deploys.PendingDeploy | None, Mapping[str, str]]:
    """What a deploy would bring, or why nobody can say."""
    try:
        answer: Mapping[str, Any] = await ask.agent("waiting", ref=ref, language=ask.language)
    except StackError as problem:
        return None, {"what": ask.say(problem.what), "why": ask.say(problem.why), "fix": ask.say(problem.fix)}
    return deploys.waiting(answer, ask.say), {}


def _instances(ask: Ask) -> list[tiles.Tile]:
    live, now = ask.parts.live, ask.parts.clock.now()
    found = [
        tiles.tile(name, said, ask.say, ask.language, now, live.stale_s)
        for name, said in live.processes.items()
        if said["group"] == "app"
    ]
    return sorted(found, key=lambda one: one.order)
