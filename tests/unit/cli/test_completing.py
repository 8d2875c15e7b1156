"""What Tab offers: what the parsers take and what the stack has, and never an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs.generate import parser_of
from founderstack.cli.completing import words_after
from founderstack.cli.dispatch import dispatch
from founderstack.cli.table import VERBS

SERVICES = ("app-1-0f3a9c-1", "app-1-0f3a9c-2", "postgres")
SETS = ("20261130-0915", "20261129-0300", "$(touch never)")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack file of a stack with services, sets and secrets; the current folder is another one."""
    state, file = tmp_path / "home" / "diary", tmp_path / "mine" / "founder.toml"
    for folder in (state / "applied", state / "agent", state / "data" / "storage", file.parent, tmp_path / "here"):
        folder.mkdir(parents=True)
    file.write_text('name = "diary"\n')
    (state / "stack.json").write_text(json.dumps({"file": str(file)}))
    for name in SERVICES:
        (state / "applied" / f"{name}.json").write_text(
            json.dumps({"name": name, "ring": name.startswith("app") and "app", "address": "https://localhost"})
        )
    (state / "agent" / "backups.json").write_text(json.dumps({"sets": [{"id": name} for name in SETS]}))
    secrets = {"values": {"panel.admin": "x"}, "given": {"alerts.phone": "y"}}
    (state / "secrets.json").write_text(json.dumps({"v": 1, "salt": "", **secrets}))
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return file


def offered(line: str, stack: Path | None = None) -> list[str]:
    """What comes after a line, as one word each."""
    before = ["--file", str(stack), *line.split()] if stack else line.split()
    return words_after(before)


def plain(line: str, stack: Path) -> list[str]:
    """The same without options."""
    return [word for word in offered(line, stack) if not word.startswith("--")]


def test_first_the_verbs() -> None:
    assert set(VERBS) <= set(offered(""))


@pytest.mark.parametrize("verb", VERBS)
def test_each_option_of_each_verb(verb: str) -> None:
    options = {option for option in parser_of(verb)._option_string_actions if option.startswith("--")}
    assert options <= set(offered(verb))


def test_what_the_stack_has(stack: Path) -> None:
    assert plain("logs", stack) == ["build", "app", "postgres"]
    assert plain("restart", stack) == ["app", "postgres"]
    assert plain("restart app", stack) == ["postgres"]
    assert plain("restore", stack) == ["20261130-0915", "20261129-0300"]
    assert plain("backup prove", stack) == ["20261130-0915", "20261129-0300"]
    assert plain("secrets show", stack) == ["alerts.phone", "panel.admin"]
    assert plain("alerts remove", stack) == ["phone"]
    assert plain("restore --files", stack) == ["storage"]


def test_words_that_a_verb_knows_and_no_more_of_them_than_it_takes(stack: Path) -> None:
    assert plain("secrets", stack) == ["list", "show", "rotate", "set", "restore"]
    assert plain("secrets list", stack) == []
    assert plain("backup", stack) == ["prove", "forget", "resend"]
    assert plain("backup resend", stack) == []
    assert plain("migrate supabase", stack)[0] == "plan"
    assert plain("completion", stack) == ["bash", "zsh", "fish"]
    assert plain("up", stack) == []
    assert "status" in plain("help", stack)


def test_what_an_option_takes(stack: Path) -> None:
    assert offered("restore --only", stack) == ["databases", "files"]
    assert offered("backup --kind =", stack) == ["full", "incr", "diff"]
    assert offered("secrets restore --key-file") == [":files"]
    assert offered("rebuild --into") == [":folders"]
    assert offered("--file") == [":files"]
    assert offered("deploy --ref") == []


def test_an_option_that_was_said_is_offered_no_more(stack: Path) -> None:
    assert "--json" not in offered("status --json", stack)


def test_nothing_that_a_shell_might_run_is_offered(stack: Path) -> None:
    assert not any("$" in word for word in offered("restore", stack))


@pytest.mark.parametrize("line", ["nonsense", "logs --file", "restart", "--debug", "secrets show", "= = ="])
def test_never_an_error(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dispatch(["completion", "--words", *line.split()]) == 0
    assert capsys.readouterr().err == ""
