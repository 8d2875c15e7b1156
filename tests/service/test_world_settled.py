"""What is left behind for the agent and for the machine's other stacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from founderstack.agent.commands import OwnCommands
from founderstack.model.stack import Places, Stack
from founderstack.world.settled import Settled


def test_a_job_reaches_the_network_as_the_owner_did_and_nobody_else_reads_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:secret@proxy.example.com:3128")
    stack = Stack("diary", str(tmp_path / "founder.toml"), str(tmp_path), {})
    where = Places(state=str(tmp_path / "diary"), shared=str(tmp_path / "shared"), python="", package="")
    Settled(stack, where, str(tmp_path / "founder.lock"), lambda: [5432]).forget()
    kept = tmp_path / "diary" / "downloads.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "diary" / "stack.json").read_text())["ports"] == [5432]
    monkeypatch.delenv("HTTPS_PROXY")
    given = OwnCommands(str(tmp_path / "diary"))._environment("es")
    assert given["HTTPS_PROXY"] == "http://ana:secret@proxy.example.com:3128"
    assert (given["FOUNDER_HOME"], given["LANGUAGE"]) == (str(tmp_path), "es")
