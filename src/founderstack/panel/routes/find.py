"""Everything by name: services, tools, pages and actions. A page of its own, and the list behind the palette."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response

from founderstack.panel.asking import Ask
from founderstack.panel.shown.rings import together
from founderstack.panel.shown.tiles import tile


@dataclass(frozen=True)
class Find:
    """One thing that can be opened."""

    title: str
    kind: str
    path: str


async def page(ask: Ask) -> Response:
    """All of it, or what fits `q`."""
    wish = ask.request.query_params.get("q", "")[:100]
    words = _plain(wish).split()
    found = [one for one in _all(ask) if all(word in _plain(f"{one.title} {one.kind}") for word in words)]
    return ask.page("find.html", wish=wish, found=found)


async def listed(ask: Ask) -> Response:
    """All of it, for the palette to choose from."""
    return HTMLResponse(ask.part("find_list.html", found=_all(ask)))


def _all(ask: Ask) -> list[Find]:
    _, admin = ask.say, ask.reader.role == "admin"
    live, now, here = ask.parts.live, ask.parts.clock.now(), ask.parts.config.panel_url
    services = together(live.processes, ask.parts.config.stack)
    shown = [tile(name, said, _, ask.language, now, 0.0, here) for name, said in services.items()]
    shown.sort(key=lambda one: one.order[1:])
    service = _("Service")
    found = [Find(one.title, f"{one.word} · {service}", f"/service/{one.key}") for one in shown]
    found += [Find(one.title, _("Open"), one.link) for one in shown if one.link and (admin or not one.tool)]
    found += [
        Find(_("Services"), _("Page"), "/"),
        Find(_("Only problems"), _("Page"), "/?only=problems"),
        Find(_("App"), _("Page"), "/app"),
        Find(_("Backups"), _("Page"), "/backups"),
        Find(_("Plan"), _("Page"), "/plan"),
        Find(_("Jobs"), _("Page"), "/jobs"),
        Find(_("Events"), _("Page"), "/history"),
        Find(_("Your account"), _("Page"), "/account"),
    ]
    if admin:
        found += [
            Find(_("Credentials"), _("Page"), "/credentials"),
            Find(_("People"), _("Page"), "/people"),
            Find(_("Audit log"), _("Page"), "/audit"),
            Find(_("Take a backup"), _("Action"), "/backups"),
            Find(_("Deploy"), _("Action"), "/app"),
        ]
        found += [Find(one.title, _("Logs"), f"/service/{one.key}/logs") for one in shown if "logs" in one.actions]
        verbs = {"restart": _("Restart {name}"), "stop": _("Stop {name}"), "start": _("Start {name}")}
        found += [
            Find(text.format(name=one.title), _("Action"), f"/service/{one.key}/{verb}")
            for verb, text in verbs.items()
            for one in shown
            if verb in one.actions
        ]
    return found


def _plain(text: str) -> str:
    """Without capitals and accents, as people type."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
