"""The audit log's screen and its export, for admins."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from founderstack.panel.asking import Ask
from founderstack.panel.people import account_texts
from founderstack.panel.people.audit import PAGE, Audit, Filter, as_csv, as_json_lines, streamed

_FORMATS = {"csv": (as_csv, "text/csv; charset=utf-8"), "jsonl": (as_json_lines, "application/x-ndjson")}
_MOST_DIGITS = 15


async def audit(ask: Ask) -> Response:
    """The newest entries that fit, and the way to older ones."""
    log, wanted, before = Audit(ask.parts.store), _filter(ask), ask.request.query_params.get("before", "0")
    found = log.page(wanted, int(before) if before.isascii() and before.isdigit() and len(before) < _MOST_DIGITS else 0)
    users, actions = log.known()
    chosen = {"user": wanted.user, "action": wanted.action, "text": wanted.text}
    older = urlencode({**chosen, "before": found[PAGE - 1].number}) if len(found) > PAGE else ""
    return ask.page(
        "audit.html", section="audit", entries=found[:PAGE], wanted=wanted, users=users, older=older,
        actions=[(name, account_texts.action(ask.say, name)) for name in actions],
        named=lambda name: account_texts.action(ask.say, name), query=urlencode(chosen),
        told=lambda entry: account_texts.detail(ask.say, ask.language, entry.action, entry.detail),
    )  # fmt: skip


async def export(ask: Ask) -> Response:
    """Every entry that fits, as a file."""
    kind = ask.request.query_params.get("format", "csv")
    if kind not in _FORMATS:
        raise HTTPException(404)
    write, media_type = _FORMATS[kind]
    ask.audit("audit exported", kind)
    name = f"{ask.parts.config.stack}-audit.{kind}"
    return StreamingResponse(
        streamed(Audit(ask.parts.store).whole(_filter(ask)), write),
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _filter(ask: Ask) -> Filter:
    given = ask.request.query_params
    return Filter(given.get("user", ""), given.get("action", ""), given.get("text", "").strip())
