"""What the page on paper says of where the tool comes from: a real Git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from founderstack.world.source.checkout import this_tool, tool_in, without_password


def test_a_checkout_is_known_by_its_address_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    assert tool_in(str(tmp_path)).commit == ""
    (tmp_path / "founder").write_text("#!/bin/sh")
    address = "https://ana:token@git.example.com/founder-stack.git"
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["remote", "add", "origin", address]):
        subprocess.run([*git, *words], check=True)
    tool = tool_in(str(tmp_path))
    assert tool.address == "https://git.example.com/founder-stack.git"
    assert len(tool.commit) == 40
    assert not tool.changed
    subprocess.run([*git, "remote", "set-url", "origin", "/srv/founder-stack"], check=True)
    assert tool_in(str(tmp_path)).address == "", "a folder of this machine is lost with it"
    (tmp_path / "founder").write_text("#!/bin/sh -u")
    assert tool_in(str(tmp_path)).changed
    (tmp_path / "inside").mkdir()
    assert tool_in(str(tmp_path / "inside")).address == "", "a folder in somebody's repository is not its checkout"


def test_this_tool_names_the_folder_with_its_command() -> None:
    assert (Path(this_tool().folder) / "founder").exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://x-token:abc@git.example.com:8443/a/b.git", "https://git.example.com:8443/a/b.git"),
        ("https://git.example.com/a/b", "https://git.example.com/a/b"),
        ("git@git.example.com:a/b.git", "git@git.example.com:a/b.git"),
        ("ssh://git@git.example.com/a/b.git", "ssh://git@git.example.com/a/b.git"),
        ("", ""),
    ],
)
def test_no_password_of_a_repository_is_printed(address: str, said: str) -> None:
    assert without_password(address) == said
