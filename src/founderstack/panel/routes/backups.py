"""Backups: what there is, how old, where, whether it was proven, and taking, proving or restoring one now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.routes.jobs import begin
from founderstack.panel.shown import texts
from founderstack.panel.shown.words import Translate, duration, seconds, set_named, size, text_of

_SET = re.compile(r"[0-9A-Za-z-]{1,64}")
_PARTS = ("", "databases", "files")
"""What can be restored of a set: all of it, or one kind of thing."""


_ANSWERS = ("", "replace", "without-safety-set")
"""What a restore would ask, answered beforehand."""


@dataclass(frozen=True)
class SetLine:
    """One backup set, in words."""

    id: str
    at: float
    ago: str
    size: str
    kind: str
    took: str
    places: str
    state: str
    """Its colour and shape: proven, failed its drill or damaged, or neither."""
    word: str
    about: str
    """What the drill measured, or what is wrong."""


async def page(ask: Ask) -> Response:
    """Every set, newest first, with what wants to be done about them."""
    said = await ask.agent("backups")
    _, language, now = ask.say, ask.language, ask.parts.clock.now()
    places = [
        {
            **one,
            "size": size(float(one["bytes"]), language),
            "error": text_of(one, "error", _),
            # A list that an earlier version has written does not say what is gone.
            "gone": [set_named(str(name), language) for name in one.get("gone", [])],
        }
        for one in said["places"]
    ]
    return ask.page(
        "backups.html",
        section="backups",
        sets=[_line(one, _, language, now) for one in said["sets"]],
        places=places,
        warnings=[_(text) for text in said["warnings"]],
        engine=str(said["engine"]),
        newest=_("{age} ago").format(age=duration(now - said["newest"])) if said["newest"] else "",
        next=said["next"],
        late=bool(said["overdue_s"]),
    )


async def take(ask: Ask) -> Response:
    """Take one now, of the kind that the engine thinks fit."""
    return await begin(ask, "backup", {"kind": ""}, back="/backups")


async def prove(ask: Ask) -> Response:
    """Restore one beside what runs, and see whether all of it is there."""
    return await begin(ask, "prove", {"set": _chosen(ask.fields.get("set", ""))}, back="/backups")


async def confirm_restore(ask: Ask) -> Response:
    """Ask what of a set is wanted, and whether beside what runs or in its place."""
    chosen = _chosen(str(ask.request.path_params["set"]))
    said = await ask.agent("backups")
    one = next((one for one in said["sets"] if one["id"] == chosen), None)
    if one is None:
        raise HTTPException(404)
    line = _line(one, ask.say, ask.language, ask.parts.clock.now())
    return ask.page("restore.html", section="backups", one=line)


async def restore(ask: Ask) -> Response:
    """Restore a set; what takes the place of anything needs the stack's name."""
    chosen, only = _chosen(str(ask.request.path_params["set"])), ask.fields.get("only", "")
    if only not in _PARTS:
        raise HTTPException(404)
    here, confirm = f"/backups/restore/{chosen}", ""
    if ask.fields.get("where") == "in place":
        confirm = ask.fields.get("name", "").strip()
        if confirm != ask.parts.config.stack:
            ask.note(texts.name_differs(ask.say), failed=True)
            return ask.go(here)
    answer = ask.fields.get("answer", "")
    if answer not in _ANSWERS:
        raise HTTPException(404)
    options = {"set": chosen, "only": only, "confirm": confirm, "answer": answer}
    return await begin(ask, "restore", options, back=here)


def _chosen(name: str) -> str:
    if not _SET.fullmatch(name):
        raise HTTPException(404)
    return name


def _line(said: Mapping[str, Any], _: Translate, language: str, now: float) -> SetLine:
    proven = said["proven"]
    state, word, about = "unknown", _("Not proven yet"), ""
    if proven:
        ago = duration(now - proven["at"])
        state, word = ("online", _("Proven")) if proven["ok"] else ("down", _("Drill failed"))
        about = _("{ago} ago, restored in {time}").format(ago=ago, time=seconds(float(proven["seconds"]), language))
        if not proven["ok"]:
            problems = "; ".join(_(one) for one in proven["problems"][:3])
            about = _("{age} ago: {problems}").format(age=ago, problems=problems)
    elif said.get("forged"):
        about = _("What says that it was proven is not of this backup.")
    if said["missing"]:
        state, word, about = (
            "down",
            _("Damaged"),
            _("missing: {files}").format(files=", ".join(str(one) for one in said["missing"][:5])),
        )
    kind = f"{said['engine']} ({said['kind']})" if said["kind"] else str(said["engine"])
    return SetLine(
        id=str(said["id"]),
        at=float(said["taken_at"]),
        ago=_("in the future") if said.get("future") else _("{age} ago").format(age=duration(now - said["taken_at"])),
        size=size(float(said["size"]), language),
        kind=kind,
        took=seconds(float(said["seconds"]), language),
        places=", ".join(str(one) for one in said["places"]),
        state=state,
        word=word,
        about=about,
    )
