"""The command's link and its completion: made where shells look, and never over what is somebody else's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from founderstack.cli import on_path
from founderstack.cli.on_path import Homes
from founderstack.cli.terminal.shells import SCRIPTS
from founderstack.model.errors import StackError


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The launcher that this process was started by."""
    path = tmp_path / "checkout" / "founder"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setitem(sys._xoptions, "founder", str(path))
    return path


@pytest.fixture
def homes(tmp_path: Path) -> Homes:
    share = tmp_path / "share"
    files = {shell: str(share / shell / "completions" / "founder") for shell in SCRIPTS}
    return Homes(str(tmp_path / "bin" / "founder"), files)


def test_link_and_completion_come_and_go(launcher: Path, homes: Homes) -> None:
    for _again in range(2):
        assert os.path.realpath(on_path.link(homes)) == str(launcher)
    assert {shell: Path(path).read_text() for shell, path in homes.completion.items()} == SCRIPTS
    assert on_path.unlink(homes)
    assert not os.path.lexists(homes.link)
    assert not any(os.path.exists(path) for path in homes.completion.values())
    assert not on_path.unlink(homes)


@pytest.mark.usefixtures("launcher")
def test_what_is_anothers_stays(homes: Homes, tmp_path: Path) -> None:
    other = tmp_path / "bin" / "founder"
    other.parent.mkdir()
    other.write_text("another program")
    theirs = Path(homes.completion["bash"])
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# of another program\n")
    with pytest.raises(StackError, match="there already"):
        on_path.link(homes)
    other.unlink()
    on_path.link(homes)
    assert theirs.read_text() == "# of another program\n"
    assert on_path.unlink(homes)
    assert theirs.read_text() == "# of another program\n"


@pytest.mark.usefixtures("launcher")
def test_a_link_of_another_checkout_stays_while_that_is_there(homes: Homes, tmp_path: Path) -> None:
    older = tmp_path / "older" / "founder"
    older.parent.mkdir()
    older.write_text("")
    Path(homes.link).parent.mkdir()
    Path(homes.link).symlink_to(older)
    with pytest.raises(StackError, match="there already"):
        on_path.link(homes)
    assert not on_path.unlink(homes)
    older.unlink()
    assert on_path.link(homes) == homes.link


@pytest.mark.usefixtures("launcher")
def test_without_a_folder_on_the_path_it_says_which_would_do(homes: Homes) -> None:
    with pytest.raises(StackError, match="no place") as told:
        on_path.link(Homes("", homes.completion))
    assert "~/.local/bin" in told.value.why


@pytest.mark.usefixtures("launcher")
def test_the_last_stack_takes_the_link_along(homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "state"
    other = root / "other"
    other.mkdir(parents=True)
    (other / "stack.json").write_text("{}")
    monkeypatch.setenv("FOUNDER_HOME", str(root))
    on_path.link(homes)
    on_path.unlink_after_the_last(homes)
    assert os.path.lexists(homes.link)
    (other / "stack.json").unlink()
    on_path.unlink_after_the_last(homes)
    assert not os.path.lexists(homes.link)


def test_offered_where_nobody_can_be_asked_as_one_line(
    launcher: Path, homes: Homes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    on_path.offer_link(homes)
    assert capsys.readouterr().out == f"To type “founder” in any folder: {launcher} link\n"
    monkeypatch.setenv("PATH", str(launcher.parent))
    on_path.offer_link(homes)
    assert capsys.readouterr().out == ""


def test_of_a_user_only_where_the_path_has_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setenv("PATH", "/usr/bin")
    assert on_path.homes(root=False).link == ""
    monkeypatch.setenv("PATH", "/usr/bin:/home/ana/.local/bin")
    assert on_path.homes(root=False).link == "/home/ana/.local/bin/founder"
    assert on_path.homes(root=True).link == "/usr/local/bin/founder"
