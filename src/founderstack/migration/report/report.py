"""What a plan and a verification say: as JSON, in the terminal's lines, and as one page to read and to keep."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from founderstack.locale import _, shortened
from founderstack.migration.database.kinds import name_of
from founderstack.migration.report.page import grouped, plan_page, verified_page
from founderstack.migration.values import Fate, Finding, Item
from founderstack.world.keys.report_signature import sign
from founderstack.world.os.files import read_json, write_atomic

FATES: tuple[Fate, ...] = ("blocker", "converted", "reported", "moved")
_NAMES_SHOWN = 4
_DAY_S = 86_400
_VERIFIED = "verified.json"


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
        "reported": _("stays behind, or needs a look"),
        "blocker": _("stands in the way"),
    }[fate]


def _of_platform() -> str:
    return _("the platform’s own, which stays with it")


def plan_lines(facts: Mapping[str, Any], items: Sequence[Item]) -> list[str]:
    """The plan in a few lines: what stands in the way, what changes, what stays behind, and the rest by number."""
    lines = [*facts_lines(facts), ""]
    own = [item for item in items if not item.of_platform]
    for fate in FATES:
        chosen = [item for item in own if item.fate == fate]
        if not chosen:
            continue
        lines.append(f"{title_of(fate)}: {len(chosen)}")
        for (why, fix), members in grouped(chosen) if fate != "moved" else ():
            lines.append(f"  {_names(members)}")
            lines.extend(f"    {text}" for text in (why, fix) if text)
        if fate == "moved":
            kinds = Counter(item.kind for item in chosen)
            lines.append("  " + " · ".join(f"{name_of(kind)} {count}" for kind, count in kinds.most_common()))
    return [*lines, f"{_of_platform()}: {len(items) - len(own)}"] if len(own) < len(items) else lines


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
    own = [item for item in items if not item.of_platform]
    groups: list[tuple[str, str, Sequence[Item]]] = [
        (fate, title_of(fate), [item for item in own if item.fate == fate]) for fate in FATES
    ]
    groups.append(("platform", _of_platform(), [item for item in items if item.of_platform]))
    write_atomic(page, plan_page(facts_lines(facts), groups), mode=0o600)
    return page


def save_verified(folder: str, document: Mapping[str, Any]) -> str:
    """Write `verified.json`, its signature and `verified.html` into the folder; path of the page."""
    text = _text(document)
    signature = sign(text.encode(), os.path.join(folder, "signing.key"))
    write_atomic(os.path.join(folder, _VERIFIED), text, mode=0o600)
    write_atomic(os.path.join(folder, "verified.json.sig"), signature + "\n", mode=0o600)
    page = os.path.join(folder, "verified.html")
    write_atomic(page, verified_page(document, signature), mode=0o600)
    return page


def proven(folder: str, source: str, now: float) -> bool:
    """True where the source was compared within a day and nothing differed but what was written there meanwhile."""
    found = read_json(os.path.join(folder, _VERIFIED))
    if found.get("source") != source or not all(_explained(one, found["findings"]) for one in found["findings"]):
        return False
    return 0 <= now - datetime.fromisoformat(str(found["at"])).timestamp() < _DAY_S


def _explained(finding: Mapping[str, Any], among: Sequence[Mapping[str, Any]]) -> bool:
    """True where nothing differs, or what was written since makes the difference."""
    about = finding.get("about")
    written = not about or any(one["step"] == "rows" and one["what"] == about and not one["ok"] for one in among)
    return bool(finding["ok"] or (finding.get("by_writing") and written))


def forget_verified(folder: str) -> None:
    """What was compared is not there any more."""
    with suppress(FileNotFoundError):
        os.remove(os.path.join(folder, _VERIFIED))


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def facts_lines(facts: Mapping[str, Any]) -> list[str]:
    """From where to where, and how long it takes."""
    text = _("{source}: PostgreSQL {version}, {route}; {mib} MiB of tables → PostgreSQL {ours}")
    routes = {
        "direct": _("directly"),
        "session pooler": _("by the session pooler"),
        "transaction pooler": _("by the transaction pooler"),
    }
    where = text.format(
        source=facts["source"],
        version=str(facts["source_version"]).partition(" ")[0],
        route=routes.get(facts["route"], facts["route"]),
        mib=facts["table_bytes"] // 2**20,
        ours=str(facts["target_version"]).partition(" ")[0],
    )
    text = _("The database takes about {run} s; the pause at the cut-over about {pause} s. Estimates for two cores.")
    return [where, text.format(run=facts["expected_s"], pause=facts["expected_pause_s"])]


def _names(items: Sequence[Item]) -> str:
    """What a reason holds for, each kind once; where something stands for many, how many."""
    kinds: dict[str, list[Item]] = {}
    for item in items:
        kinds.setdefault(name_of(item.kind), []).append(item)
    return "; ".join(f"{kind} {_few(members)}" for kind, members in kinds.items())


def _few(items: Sequence[Item]) -> str:
    counted = [item for item in items if (item.count or 0) > 1]
    names = [f"{item.name} ({item.count})" if item.count is not None and counted else item.name for item in items]
    return shortened(names, len(names) if counted else _NAMES_SHOWN)
