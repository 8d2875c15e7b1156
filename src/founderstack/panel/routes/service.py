"""One service: its day, its log, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from founderstack.model.errors import StackError
from founderstack.panel.asking import Ask
from founderstack.panel.routes.credentials import listing
from founderstack.panel.routes.jobs import begin
from founderstack.panel.routes.log_stream import log_stream
from founderstack.panel.shown import bars, log_lines, texts, tiles
from founderstack.panel.shown.rings import instances_of, together
from founderstack.panel.shown.words import size

_SHOWN_LINES, _FILE_LINES = 500, 2000
_HISTORY_HOURS = 24


async def page(ask: Ask) -> Response:
    """State, 24 hours in detail, and where everything else of this service is."""
    tile = _tile(ask)
    try:
        day = bars.in_detail(await _past(ask, tile.key), ask.parts.clock.now())
    except StackError:
        day = ()  # the tile says that the agent is silent
    chart = bars.chart(day, ask.say, ask.language)
    return ask.page(
        "service.html",
        section="home",
        tile=tile,
        chart=chart,
        hours=bars.by_hour(day, ask.language),
        credentials=await _credentials(ask, tile.key),
    )


async def confirm(ask: Ask) -> Response:
    """Ask whether it is meant."""
    tile = _tile(ask)
    action = _action(ask, tile)
    return ask.page("service_confirm.html", section="home", tile=tile, action=action)


async def act(ask: Ask) -> Response:
    """Restart, stop or start it. Whatever takes it away for longer than a moment needs its name."""
    tile = _tile(ask)
    action = _action(ask, tile)
    here = f"/service/{tile.key}"
    if action == "stop" and ask.fields.get("name", "").strip() != tile.key:
        ask.note(texts.name_differs(ask.say), failed=True)
        return ask.go(f"{here}/stop")
    return await begin(ask, action, {"process": tile.family}, back=here)


async def logs(ask: Ask) -> Response:
    """The last lines of its log; `q` keeps those that hold it."""
    tile = _tile(ask)
    wanted = ask.request.query_params.get("q", "")[:200]
    log = _log(ask, tile)
    answer = await ask.agent("logs", process=log, lines=_SHOWN_LINES)
    lines = log_lines.shown(answer["lines"], wanted)
    room = size(float(answer.get("bytes") or 0), ask.language)
    return ask.page("logs.html", section="home", tile=tile, log=log, wanted=wanted, lines=lines, room=room)


async def log_file(ask: Ask) -> Response:
    """More of the log, as a file to keep."""
    tile = _tile(ask)
    log = _log(ask, tile)
    answer = await ask.agent("logs", process=log, lines=_FILE_LINES)
    text = "".join(f"{log_lines.readable(str(line[1]))}\n" for line in answer["lines"])
    ask.audit("log downloaded", log)
    name = f"{ask.parts.config.stack}-{log.replace(':', '-')}.log"
    return PlainTextResponse(text, headers={"content-disposition": f'attachment; filename="{name}"'})


async def tail(ask: Ask) -> Response:
    """Each new line of the log as it is written."""
    said = log_stream(ask, "tail", process=_log(ask, _tile(ask)), lines=_SHOWN_LINES)
    return ask.parts.listeners.answer(said)


async def _past(ask: Ask, key: str) -> list[Sequence[Any]]:
    """The last day of a service; of the app's, that of all its instances."""
    live = ask.parts.live.processes
    # While a release takes over, its first instance and the one that goes have one past.
    of_each = {live.get(name, {}).get("family", name): name for name in instances_of(live, key)}
    answers = [await ask.agent("history", process=name, hours=_HISTORY_HOURS) for name in of_each.values()]
    return [span for answer in answers for span in answer["buckets"]]


async def _credentials(ask: Ask, name: str) -> list[Mapping[str, Any]]:
    """The sign-ins that the service offers, masked; none for whoever may not have them."""
    if ask.reader.role != "admin":
        return []
    try:
        return [one for one in await listing(ask) if one["process"] == name]
    except StackError:
        return []


def _tile(ask: Ask) -> tiles.Tile:
    name = str(ask.request.path_params["name"])
    live = ask.parts.live
    said = together(live.processes, ask.parts.config.stack).get(name) or live.processes.get(name)
    if said is None:
        raise HTTPException(404)
    now, here = ask.parts.clock.now(), ask.parts.config.panel_url
    return tiles.tile(name, said, ask.say, ask.language, now, live.stale_s, here)


def _log(ask: Ask, tile: tiles.Tile) -> str:
    """Which of its logs is asked for; its own output, or its first instance's, where none is named."""
    name = ask.request.query_params.get("log", next(iter(tile.logs), tile.key))
    if name not in (tile.logs or (tile.key,)):
        raise HTTPException(404)
    return name


def _action(ask: Ask, tile: tiles.Tile) -> str:
    action = str(ask.request.path_params["action"])
    if action not in tiles.CHANGES & tile.actions:
        raise HTTPException(404)
    return action
