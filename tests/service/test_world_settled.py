"""What is left behind for the agent and for the machine's other stacks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from founderstack.agent.jobs.commands import OwnCommands
from founderstack.model.stack import Places, Stack
from founderstack.world.state.settled import Settled, Traces

NOTHING = Traces("", ())


def test_a_job_reaches_the_network_as_the_owner_did_and_nobody_else_reads_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:secret@proxy.example.com:3128")
    stack = Stack("diary", str(tmp_path / "founder.toml"), str(tmp_path), {})
    where = Places(state=str(tmp_path / "diary"), shared=str(tmp_path / "shared"), python="", package="")
    Settled(stack, where, str(tmp_path / "founder.lock"), lambda: [5432], NOTHING).forget()
    kept = tmp_path / "diary" / "downloads.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "diary" / "stack.json").read_text())["ports"] == [5432]
    monkeypatch.delenv("HTTPS_PROXY")
    given = OwnCommands(str(tmp_path / "diary"))._environment("es")
    assert given["HTTPS_PROXY"] == "http://ana:secret@proxy.example.com:3128"
    assert (given["FOUNDER_HOME"], given["LANGUAGE"]) == (str(tmp_path), "es")


def test_a_former_copy_of_the_tool_stays_while_something_runs_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of hours imports what it needs when it needs it."""
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path))
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary/stack.json").write_text('{"tool": "new"}')
    tools = tmp_path / "shared/venvs"
    for name in ("tool-new", "tool-old", "tool-idle"):
        (tools / name / "bin").mkdir(parents=True)
    program = tools / "tool-old/bin/python"
    program.symlink_to("/usr/bin/python3")
    where = Places(state=str(tmp_path / "diary"), shared=str(tmp_path / "shared"), python="", package="")
    settled = Settled(Stack("diary", "", "", {}), where, "", list, NOTHING)
    with subprocess.Popen(
        [program, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()  # before, the kernel may not name it yet
        settled._prune_tools()
        assert {path.name for path in tools.iterdir()} == {"tool-new", "tool-old"}
        running.communicate(b"\n")
    settled._prune_tools()
    assert {path.name for path in tools.iterdir()} == {"tool-new"}


def test_a_receipt_that_cannot_be_written_is_no_failure_of_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path))
    (tmp_path / "package").mkdir()
    where = Places(str(tmp_path / "diary"), str(tmp_path / "shared"), "", str(tmp_path / "package"))
    settled = Settled(Stack("diary", str(tmp_path / "founder.toml"), str(tmp_path), {}), where, "", list, NOTHING)
    settled.remember(["app"])
    (written,) = (tmp_path / "receipts").iterdir()
    written.unlink()
    written.parent.rmdir()
    written.parent.touch()
    settled.remember(["app"])
    assert written.parent.is_file()
