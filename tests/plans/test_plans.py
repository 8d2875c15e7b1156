"""Golden plans: each folder is a case, without code.

`founder.toml` is the stack file, `lock.toml` founder.lock, `plan.txt` the plan that is expected. `before.toml` says
what was before: `stack` (the file that was applied), `os`, `app` (files of its folder), `held` (port → who listens),
and what happens: `source` (the app's new content), `verb` (`deploy`, `rollback` or `rotate NAME`). With
FOUNDER_GOLDEN=write in the environment the plans are written anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.model.plan import Plan
from founderstack.operations.stack import up as verbs
from founderstack.operations.stack.prepare import Prepared, prepare
from founderstack.operations.stack.site import Site
from founderstack.stackfile.lockfile import read_lock
from founderstack.testing.stores import FakeChoices
from founderstack.testing.world import DEBIAN_12, FakePorts, FakeSource, FakeWorld

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/founder.toml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_plan(case: Path) -> None:
    golden = case / "plan.txt"
    told = _told(case)
    if os.environ.get("FOUNDER_GOLDEN") == "write":
        golden.write_text(told)
    assert told == golden.read_text()


def _told(case: Path) -> str:
    before = tomllib.loads(_text(case / "before.toml"))
    world = _world(case, before)
    plans: list[Plan] = []
    try:
        if "stack" in before:
            verbs.up(world.site(before["stack"]), _nothing, _nothing)
        _happen(world, before)
        site = world.site(_text(case / "founder.toml"))
        _run(before.get("verb", "up"), site, lambda prepared: plans.append(prepared.plan))
    except StackError as error:
        return "".join(f"{one.what}\n{one.why}\n{one.fix}\n" for one in error.problems)
    assert prepare(site).plan.steps == (), "the same command once more has nothing to do"
    return "".join(map(_readable, plans)) or "no changes\n"


def _world(case: Path, before: dict[str, Any]) -> FakeWorld:
    app = before.get("app", ["package.json"])
    return FakeWorld(
        machine=replace(DEBIAN_12, os=before.get("os", DEBIAN_12.os)),
        source=FakeSource(*app) if app else None,
        choices=FakeChoices(read_lock(_text(case / "lock.toml").encode())),
        ports=FakePorts({int(port): who for port, who in before.get("held", {}).items()}),
    )


def _happen(world: FakeWorld, before: dict[str, Any]) -> None:
    if world.source and "source" in before:
        world.source.content = before["source"]
        if before.get("verb") == "rollback":
            verbs.deploy(world.site(before["stack"]), "", _nothing, _nothing)


def _run(verb: str, site: Site, approve: verbs.Approve) -> None:
    match verb.split():
        case ["up"]:
            verbs.up(site, approve, _nothing)
        case ["deploy"]:
            verbs.deploy(site, "", approve, _nothing)
        case ["rollback"]:
            verbs.rollback(site, 0, approve, _nothing)
        case ["rotate", name]:
            verbs.rotate(site, [name], False, approve, _nothing)


def _nothing(_told: Prepared | Event) -> None: ...


def _readable(plan: Plan) -> str:
    lines = []
    for step in plan.steps:
        lines.append(f"{step.id}: {step.reason}" + (f" [{step.risk}]" if step.risk != "none" else ""))
        lines += [f"    after {', '.join(step.needs)}"] if step.needs else []
    text = "\n".join(lines) + "\n" if lines else ""
    # Digests change with every line of a component; that two differ is what matters.
    for pattern in (r"\b[0-9a-f]{20}\b", r"(?<=app-\d-)[0-9a-f]{6}(?=-)"):
        for number, found in enumerate(dict.fromkeys(re.findall(pattern, text))):
            text = text.replace(found, "ABCDEF"[number])
    return text


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
