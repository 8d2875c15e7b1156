"""Lines of a log for a page that stays open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from founderstack.model.errors import StackError
from founderstack.panel.asking import Ask
from founderstack.panel.shown import log_lines
from founderstack.panel.streams import event


async def log_stream(ask: Ask, verb: str, /, **arguments: Any) -> AsyncIterator[bytes]:
    """What was said so far as `all`, so that nothing is missing or twice there after a break, then new ones as `lines`;
    `end` with the job that says them, `over` with the session."""
    kind = "all"
    try:
        async for said in ask.agent_stream(verb, **arguments):
            if not ask.still_signed_in():
                yield event("over", "")
                return
            if "job" in said:
                yield event("end", "")
                return
            if "lines" in said:
                yield event(kind, ask.part("log_lines.html", lines=log_lines.shown(said["lines"])).decode())
                kind = "lines"
            else:
                yield event("alive", "")
    except StackError:
        return  # the browser asks again
