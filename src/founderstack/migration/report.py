"""What a plan and a verification say: as JSON, in the terminal's lines, and as one page to read and to keep."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from typing import Any

from founderstack import locale
from founderstack.locale import _
from founderstack.migration.values import Fate, Finding, Item
from founderstack.world.files import write_atomic
from founderstack.world.signing import sign

FATES: tuple[Fate, ...] = ("blocker", "converted", "reported", "moved")
_NAMES_SHOWN = 4

_STYLE = """
:root { color-scheme: light dark; } body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto;
padding: 0 1rem; } h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; } table { width: 100%;
border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
border-bottom: 1px solid #8884; overflow-wrap: anywhere; } th { font-weight: 600; } .number { text-align: right; }
.bad { color: #b42318; } .good { color: #067647; } @media (prefers-color-scheme: dark) { .bad { color: #fda29b; }
.good { color: #75e0a7; } } summary { cursor: pointer; } code { font-size: .95em; }
"""


def plan_document(facts: Mapping[str, Any], items: Sequence[Item]) -> dict[str, Any]:
    """The plan for machines."""
    counts = Counter(item.fate for item in items)
    return {
        "v": 1,
        "facts": dict(facts),
        "counts": {fate: counts[fate] for fate in FATES},
        "items": [asdict(item) for item in items],
    }


def verified_document(source: str, target: str, at: float, findings: Sequence[Finding]) -> dict[str, Any]:
    """The verification for machines."""
    return {
        "v": 1,
        "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
        "source": source,
        "target": target,
        "ok": all(finding.ok for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }


def title_of(fate: Fate) -> str:
    """A fate as a person reads it."""
    return {
        "moved": _("moved as it is"),
        "converted": _("moved in another form"),
        "reported": _("stays behind"),
        "blocker": _("stands in the way"),
    }[fate]


def plan_lines(facts: Mapping[str, Any], items: Sequence[Item]) -> list[str]:
    """The plan in a few lines: what stands in the way, what changes, what stays behind, and the rest by number."""
    lines = [_source_line(facts), _time_line(facts), ""]
    for fate in FATES:
        chosen = [item for item in items if item.fate == fate]
        if not chosen:
            continue
        lines.append(f"{title_of(fate)}: {len(chosen)}")
        for why, members in _grouped(chosen) if fate != "moved" else ():
            lines.append(f"  {_names(members)}")
            lines.extend(f"    {text}" for text in dict.fromkeys((why, *(one.fix for one in members[:1]))) if text)
        if fate == "moved":
            kinds = Counter(item.kind for item in chosen)
            lines.append("  " + " · ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    return lines


def verified_lines(findings: Sequence[Finding]) -> list[str]:
    """One line for each answer; what differs says how."""
    return [
        f"{'✓' if one.ok else '✗'} {one.what}" + ("" if one.ok or not one.detail else f": {one.detail}")
        for one in findings
    ]


def save_plan(folder: str, facts: Mapping[str, Any], items: Sequence[Item]) -> str:
    """Write `plan.json` and `plan.html` into the folder; path of the page."""
    write_atomic(os.path.join(folder, "plan.json"), _text(plan_document(facts, items)), mode=0o600)
    page = os.path.join(folder, "plan.html")
    parts = [f"<p>{escape(_source_line(facts))}<br>{escape(_time_line(facts))}</p>", _overview(items)]
    for fate in FATES:
        chosen = [item for item in items if item.fate == fate]
        if chosen:
            opened = " open" if fate == "blocker" else ""
            head = f"<h2>{escape(title_of(fate))} ({len(chosen)})</h2>"
            parts.append(
                f"{head}<details{opened}><summary>{escape(_('all of them'))}</summary>{_table(chosen)}</details>"
            )
    write_atomic(page, _page(_("What the migration will do"), parts), mode=0o600)
    return page


def save_verified(folder: str, document: Mapping[str, Any]) -> str:
    """Write `verified.json`, its signature and `verified.html` into the folder; path of the page."""
    text = _text(document)
    signature = sign(text.encode(), os.path.join(folder, "signing.key"))
    write_atomic(os.path.join(folder, "verified.json"), text, mode=0o600)
    write_atomic(os.path.join(folder, "verified.json.sig"), signature + "\n", mode=0o600)
    rows = [
        f'<tr><td class="{"good" if one["ok"] else "bad"}">{"✓" if one["ok"] else "✗"}</td>'
        f"<td>{escape(one['what'])}</td><td>{escape('' if one['ok'] else one['detail'])}</td></tr>"
        for one in document["findings"]
    ]
    verdict = _("Nothing differs.") if document["ok"] else _("Something differs: see the lines marked ✗.")
    head = f"<p>{escape(document['source'])} → {escape(document['target'])}<br>{escape(document['at'])}</p>"
    sealed = f"<p>{escape(_('Signature of verified.json:'))} <code>{escape(signature)}</code></p>"
    page = os.path.join(folder, "verified.html")
    parts = [head, f"<p><strong>{escape(verdict)}</strong></p>", f"<table>{''.join(rows)}</table>", sealed]
    write_atomic(page, _page(_("What the comparison found"), parts), mode=0o600)
    return page


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _source_line(facts: Mapping[str, Any]) -> str:
    text = _("{source}: PostgreSQL {version}, {route}; {mib} MiB of tables → PostgreSQL {ours}")
    return text.format(
        source=facts["source"],
        version=facts["source_version"],
        route=facts["route"],
        mib=facts["table_bytes"] // 2**20,
        ours=facts["target_version"],
    )


def _time_line(facts: Mapping[str, Any]) -> str:
    text = _("The database takes about {run} s; the pause at the cut-over about {pause} s. Estimates for two cores.")
    return text.format(run=facts["expected_s"], pause=facts["expected_pause_s"])


def _grouped(items: Iterable[Item]) -> list[tuple[str, list[Item]]]:
    """(reason, what it holds for), the most important first: those that ask for something."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.why, []).append(item)
    return sorted(groups.items(), key=lambda group: (not any(one.fix for one in group[1]), len(group[1])))


def _names(items: Sequence[Item]) -> str:
    shown = ", ".join(f"{item.kind} {item.name}" for item in items[:_NAMES_SHOWN])
    more = len(items) - _NAMES_SHOWN
    return shown + (_(" and {count} more").format(count=more) if more > 0 else "")


def _overview(items: Sequence[Item]) -> str:
    kinds = sorted({item.kind for item in items})
    counts = Counter((item.kind, item.fate) for item in items)
    head = "".join(f'<th class="number">{escape(title_of(fate))}</th>' for fate in FATES)
    rows = "".join(
        f"<tr><td>{escape(kind)}</td>"
        + "".join(f'<td class="number">{counts[kind, fate] or ""}</td>' for fate in FATES)
        + "</tr>"
        for kind in kinds
    )
    return f"<table><tr><th></th>{head}</tr>{rows}</table>"


def _table(items: Iterable[Item]) -> str:
    rows = "".join(
        f"<tr><td>{escape(item.kind)}</td><td>{escape(item.name)}</td>"
        f'<td class="number">{"" if item.count is None else item.count}</td>'
        f"<td>{escape(item.why)}{'<br>' if item.why and item.fix else ''}{escape(item.fix)}</td></tr>"
        for item in items
    )
    return f"<table>{rows}</table>"


def _page(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="{locale.language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>'
        f"{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )
