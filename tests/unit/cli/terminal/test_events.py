"""`--events`: what a command does, as lines that a program reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from founderstack.cli.dispatch import dispatch
from founderstack.cli.stack.changes import carry_out, plan_document, report
from founderstack.cli.terminal.manner import Manner
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld

TEXT = 'name = "diary"\n'
EVENTS = Manner(yes=True, events=True)


def told(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_change_tells_its_plan_each_step_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    site = FakeWorld().site(TEXT)
    prepared, took = carry_out(site, up, EVENTS)
    assert report(site, prepared, took, EVENTS) == 0
    said = capsys.readouterr()
    lines = told(said.out)
    assert said.err == ""
    assert all(line["v"] == 1 for line in lines)
    steps = {step["id"] for step in lines[0]["steps"]}
    assert "start:postgres" in steps
    done = [line for line in lines if line.get("kind") == "done"]
    assert len(done) == len(steps)
    assert {"start postgres"} <= {line["title"] for line in done}
    assert (lines[-1]["code"], lines[-1]["result"]["steps"]) == (0, len(steps))
    assert site.secrets.get("panel.admin") not in said.out


def test_a_plan_that_somebody_saw_is_applied_and_another_one_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    world = FakeWorld()
    site = world.site(TEXT)
    carry_out(site, up, EVENTS)
    site.runtime.pause("redis")
    seen = plan_document(prepare(site))
    assert [step["id"] for step in seen["changes"]] == ["start:redis"]  # type: ignore[attr-defined]
    other = world.site(TEXT + "[cache]\nmemory_mib = 300\n")
    with pytest.raises(StackError, match="another one"):
        carry_out(other, up, Manner(yes=True, events=True, plan=str(seen["digest"])))
    carry_out(site, up, Manner(yes=True, events=True, plan=str(seen["digest"])))
    assert prepare(site).plan.steps == ()
    capsys.readouterr()


def test_a_failure_is_the_last_line_and_all_problems_are_in_it(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "founder.toml").write_text('nme = "x"\n[zzz]\n')
    monkeypatch.chdir(tmp_path)
    assert dispatch(["up", "--yes", "--events"]) == EXIT_PRECONDITION
    said = capsys.readouterr()
    (line,) = told(said.out)
    assert (line["code"], len(line["problems"]), line["error"]) == (EXIT_PRECONDITION, 2, line["problems"][0])
    assert said.err == ""
