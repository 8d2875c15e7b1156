"""The founder's own application: its copies, its releases, and new ones."""

from __future__ import annotations

import re

from starlette.responses import Response

from founderstack.panel import texts, tiles
from founderstack.panel.asking import Ask
from founderstack.panel.routes.jobs import begin

_MOST_COPIES = 12


async def page(ask: Ask) -> Response:
    """Its instances, and the releases that are kept."""
    answer = await ask.agent("releases")
    live, now = ask.parts.live, ask.parts.clock.now()
    instances = [
        tiles.tile(name, said, ask.say, ask.language, now, live.stale_s)
        for name, said in live.processes.items()
        if said["group"] == "app"
    ]
    return ask.page(
        "app.html",
        section="app",
        instances=sorted(instances, key=lambda one: one.order),
        most=_MOST_COPIES,
        current=answer["current"],
        releases=list(reversed(answer["releases"])),
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
    return await begin(ask, "deploy", {"ref": ask.fields.get("ref", "").strip()[:200]}, back="/app")


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
