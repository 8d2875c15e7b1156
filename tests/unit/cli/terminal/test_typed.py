"""What is printed to be typed works where it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[4] / "src"
ASK = "from founderstack.cli.terminal.typed import typed; print(typed(typed({text!r})))"
TEXT = "Run “founder up” first; founder status. founder knows sudo ./founder up and founder.toml of founder 0.1"


def told(called: str, *, cwd: Path, path: str = "/nowhere", text: str = TEXT) -> str:
    """The text as a command that was called so would print it."""
    return subprocess.run(
        [sys.executable, "-X", f"founder={called}", "-c", ASK.format(text=text)],
        cwd=cwd,
        env={"PYTHONPATH": str(SRC), "PATH": path, "LANG": "en"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.rstrip("\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a launcher."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "founder").write_text("#!/bin/sh\n")
    (folder / "founder").chmod(0o755)
    return folder


def test_as_it_was_typed_where_it_was_typed_by_a_path_from_here(checkout: Path) -> None:
    assert told("./founder", cwd=checkout) == (
        "Run “./founder up” first; ./founder status. founder knows sudo ./founder up and founder.toml of founder 0.1"
    )
    (checkout / "app").mkdir()
    assert told("../founder", cwd=checkout / "app", text="founder up") == "../founder up"


def test_by_its_name_where_the_path_leads_to_it(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "founder"
    link.symlink_to(checkout / "founder")
    assert told(str(link), cwd=tmp_path, path=str(link.parent)) == TEXT
    assert told(str(checkout / "founder"), cwd=tmp_path, path=str(link.parent)) == TEXT


def test_by_its_whole_path_elsewhere_quoted_where_a_shell_needs_it(checkout: Path, tmp_path: Path) -> None:
    launcher = checkout / "founder"
    assert told(str(launcher), cwd=tmp_path, text="founder up") == f"{launcher} up"
    spaced = checkout.rename(tmp_path / "my stack") / "founder"
    assert told(str(spaced), cwd=tmp_path, text="founder up") == f"'{spaced}' up"


def test_another_command_of_that_name_on_the_path_is_not_ours(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    other = tmp_path / "bin" / "founder"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert told(str(checkout / "founder"), cwd=tmp_path, path=str(other.parent), text="founder up") != "founder up"


def test_what_the_agent_runs_says_the_name_alone(tmp_path: Path) -> None:
    assert told("", cwd=tmp_path) == TEXT


def test_a_verb_that_is_yet_to_be_filled_in_counts(checkout: Path) -> None:
    assert told("./founder", cwd=checkout, text="Did you mean “founder {verb}”?") == "Did you mean “./founder {verb}”?"
