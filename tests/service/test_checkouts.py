"""What tests clone is the checkout as it is: nobody has to commit before they know."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.checkouts import clone


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_clone_has_what_is_not_committed_yet_and_nothing_that_is_ignored(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "--quiet")
    for name in ("same", "changed", "staged", "removed", "renamed"):
        (source / name).write_text(name)
    (source / ".gitignore").write_text("ignored\n")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "first")
    for name in ("changed", "staged", "new", "ignored", "folder/ñew"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("now")
    (source / "link").symlink_to("same")
    git(source, "add", "staged")
    git(source, "mv", "renamed", "moved")
    (source / "removed").unlink()
    before = git(source, "status", "--porcelain")

    clone(source, tmp_path / "clone")

    found = {str(path.relative_to(tmp_path / "clone")): path.read_text() for path in _files(tmp_path / "clone")}
    now = dict.fromkeys(("changed", "staged", "new", "folder/ñew"), "now")
    assert found == {"same": "same", "moved": "renamed", "link": "same", ".gitignore": "ignored\n", **now}
    assert git(tmp_path / "clone", "status", "--porcelain") == ""
    assert git(source, "status", "--porcelain") == before


def test_a_clone_of_what_is_committed_adds_no_commit(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "--quiet")
    (source / "a").write_text("a")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "first")
    clone(source, tmp_path / "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == git(source, "rev-parse", "HEAD")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
