"""The two pages of a migration, to read on any screen and to keep: each is one file, without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from founderstack import locale
from founderstack.locale import _
from founderstack.migration.database.kinds import name_of
from founderstack.migration.values import Item

_NAMES_OPEN = 6
"""Names that are shown before the others are folded away."""
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; }
h2::first-letter { text-transform: uppercase; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.counts a { display: block; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem; color: inherit;
text-decoration: none; line-height: 1.3; } .counts a:hover, .counts a:focus { background: var(--soft); }
.counts strong { display: block; font-size: 1.5rem; }
article { padding: .75rem 0; border-bottom: 1px solid var(--line); } article p { margin: .25rem 0; }
.fix { padding-left: .75rem; border-left: 3px solid var(--line); }
summary { cursor: pointer; padding: .35rem 0; } ul { margin: .25rem 0; padding-left: 1.25rem; }
table { width: 100%; border-collapse: collapse; } th, td { text-align: left; vertical-align: top;
padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); } th { font-weight: 600; }
.number { text-align: right; } td.mark { width: 1.5rem; } code { font-size: .9em; } .quiet { opacity: .75; }
.bad { color: #b42318; } .good { color: #067647; }
@media (prefers-color-scheme: dark) { .bad { color: #fda29b; } .good { color: #75e0a7; } }
@media print { details > * { display: block; } }
"""

Group = tuple[str, str, Sequence[Item]]
"""(fate, or `platform`; what it is called; its items)."""


def grouped(items: Iterable[Item]) -> list[tuple[tuple[str, str], list[Item]]]:
    """((reason, cure), what they hold for), the most important first: those that ask for something."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.why, item.fix), []).append(item)
    return sorted(groups.items(), key=lambda group: (not group[0][1], len(group[1])))


def plan_page(head: Sequence[str], groups: Sequence[Group]) -> str:
    """What becomes of everything: what asks for something is told, what moves as it is can be unfolded."""
    parts = [_paragraph(head), _counts(groups)]
    for fate, title, items in groups:
        if not items:
            continue
        parts.append(f'<h2 id="{fate}">{escape(title)} ({len(items)})</h2>')
        if fate in ("moved", "platform"):
            listed = _table(items) if fate == "moved" else _reason("", "", items)
            unfold = _("all of them")
            parts.append(f"<details><summary>{escape(unfold)}</summary>{listed}</details>")
        else:
            parts += [_reason(why, fix, members) for (why, fix), members in grouped(items)]
    return _page(_("What the migration will do"), parts)


def verified_page(document: Mapping[str, Any], signature: str) -> str:
    """What was compared, what differs first, and the signature of the document that says the same."""
    findings = sorted(document["findings"], key=lambda one: bool(one["ok"]))
    rows = "".join(
        f'<tr><td class="mark {"good" if finding["ok"] else "bad"}">{"✓" if finding["ok"] else "✗"}</td>'
        + f"<td>{escape(finding['what'])}"
        + ("" if finding["ok"] or not finding["detail"] else f"<br>{escape(finding['detail'])}")
        + "</td></tr>"
        for finding in findings
    )
    verdict = _("Nothing differs.") if document["ok"] else _("Something differs: see the lines marked ✗.")
    signed = _("Signature of verified.json:")
    parts = [
        _paragraph([f"{document['source']} → {document['target']}", document["at"]]),
        f'<p class="{"good" if document["ok"] else "bad"}"><strong>{escape(verdict)}</strong></p>',
        f"<table>{rows}</table>",
        f'<p class="quiet">{escape(signed)} <code>{escape(signature)}</code></p>',
    ]
    return _page(_("What the comparison found"), parts)


def _paragraph(lines: Sequence[str]) -> str:
    return f"<p>{'<br>'.join(map(escape, lines))}</p>"


def _counts(groups: Sequence[Group]) -> str:
    links = "".join(
        f'<a href="#{fate}"><strong>{len(items)}</strong>{escape(title)}</a>' for fate, title, items in groups if items
    )
    return f'<div class="counts">{links}</div>'


def _reason(why: str, fix: str, items: Sequence[Item]) -> str:
    kinds: dict[str, list[Item]] = {}
    for item in items:
        kinds.setdefault(name_of(item.kind), []).append(item)
    names = "".join(_named(kind, members) for kind, members in kinds.items())
    told = f"<p>{escape(why)}</p>" if why else ""
    return f"<article>{told}{names}" + (f'<p class="fix">{escape(fix)}</p>' if fix else "") + "</article>"


def _named(kind: str, items: Sequence[Item]) -> str:
    counted = any((item.count or 0) > 1 for item in items)
    names = [escape(item.name) + (f" ({item.count})" if counted and item.count is not None else "") for item in items]
    if len(names) <= _NAMES_OPEN:
        return f"<p><strong>{escape(kind)}</strong> {', '.join(names)}</p>"
    listed = "".join(f"<li>{name}</li>" for name in names)
    if counted:
        return f"<p><strong>{escape(kind)}</strong></p><ul>{listed}</ul>"
    return f"<details><summary><strong>{escape(kind)}</strong> {len(names)}</summary><ul>{listed}</ul></details>"


def _table(items: Iterable[Item]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name_of(item.kind))}</td><td>{escape(item.name)}"
        + (f'<br><span class="quiet">{escape(item.why)} {escape(item.fix)}</span>' if item.why or item.fix else "")
        + f'</td><td class="number">{"" if item.count is None else item.count}</td></tr>'
        for item in items
    )
    return f"<table>{rows}</table>"


def _page(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="{locale.language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>'
        f"{escape(title)}</title><style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )
