"""What `founder up` would change, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.routes.jobs import begin
from founderstack.panel.shown import texts
from founderstack.panel.shown.step_words import step_words
from founderstack.panel.shown.words import Translate, text_of


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plan, in words."""

    title: str
    reason: str
    risk: str
    """`none`, `interruption` or `data`."""


async def page(ask: Ask) -> Response:
    """The plan with its reasons and risks."""
    plan = await ask.agent("plan", language=ask.language)
    # What two components need, as Node, is listed once.
    steps = list(dict.fromkeys(_step(one, ask.say, ask.language) for one in plan["steps"]))
    risks = {step.risk for step in steps}
    return ask.page("plan.html", section="plan", steps=steps, risks=risks, digest=plan["digest"])


async def apply(ask: Ask) -> Response:
    """Carry out the plan that was shown, and no other. One that touches data needs the stack's name."""
    if ask.fields.get("risk") == "data" and ask.fields.get("name", "").strip() != ask.parts.config.stack:
        ask.note(texts.name_differs(ask.say), failed=True)
        return ask.go("/plan")
    if not ask.fields.get("plan"):
        return ask.go("/plan")
    return await begin(ask, "up", {"plan": ask.fields.get("plan", "")}, back="/plan")


def _step(said: Mapping[str, Any], _: Translate, language: str) -> PlannedStep:
    title = text_of(said, "title", _) or step_words(str(said["id"]), _, language, {})
    return PlannedStep(title[:1].upper() + title[1:], text_of(said, "reason", _), str(said["risk"]))
