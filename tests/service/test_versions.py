"""Versions beside a checkout: a real Git, and a tool that is no more than a launcher which says its number."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from founderstack.model.errors import EXIT_LOCKED, StackError
from founderstack.world.source.versions import Versions

LAUNCHER = Path(__file__).parents[2] / "founder"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout


def release(folder: Path, number: str) -> None:
    """A commit with this number, and its tag. The launcher is the real one up to where it looks for an environment."""
    head = LAUNCHER.read_text().partition("is_ready() {")[0]
    (folder / "founder").write_text(f'{head}echo founder {number}\necho "called $called" >&2\n')
    (folder / "founder").chmod(0o755)
    (folder / "src/founderstack").mkdir(parents=True, exist_ok=True)
    (folder / "src/founderstack/__init__.py").write_text(f'__version__ = "{number}"\n')
    (folder / "founder.toml").write_text('name = "mine"\n')
    (folder / ".gitignore").write_text("/.versions/\n/.version\n/.upgrade.lock\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", number)
    git(folder, "tag", f"v{number}")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone of version 1.0.0, and 1.1.0 where it came from."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    release(origin, "1.0.0")
    git(tmp_path, "clone", "-q", str(origin), "checkout")
    release(origin, "1.1.0")
    return tmp_path / "checkout"


def said(checkout: Path) -> str:
    return subprocess.run([checkout / "founder"], check=True, capture_output=True, text=True).stdout.strip()


def upgraded(checkout: Path, name: str) -> Versions:
    versions = Versions(str(checkout))
    versions.fetch()
    versions.make(name)
    versions.switch(name)
    return versions


def test_the_launcher_starts_the_version_that_was_switched_to_and_the_one_before(checkout: Path) -> None:
    versions = Versions(str(checkout))
    assert versions.before is None
    versions.fetch()
    assert versions.tags() == ["v1.0.0", "v1.1.0"]
    versions.make("v1.1.0")
    assert said(checkout) == "founder 1.0.0"
    versions.switch("v1.1.0")
    assert said(checkout) == "founder 1.1.0"
    called = subprocess.run(["checkout/founder"], cwd=checkout.parent, check=True, capture_output=True, text=True)
    assert called.stderr == "called checkout/founder\n", "what people are told to type is what they typed"
    there = Versions(f"{checkout}/.versions/v1.1.0")
    assert (there.checkout, there.before) == (str(checkout), "")
    assert there.carry_out("", ("--version",)).out.strip() == "founder 1.0.0", (
        "the way back is asked before it is taken"
    )
    there.switch("")
    assert said(checkout) == "founder 1.0.0"
    assert versions.before == "v1.1.0"
    assert git(checkout, "status", "--porcelain") == ""


def test_a_checkout_that_git_has_made_newer_is_what_runs(checkout: Path) -> None:
    upgraded(checkout, "v1.1.0")
    origin = checkout.parent / "origin"
    release(origin, "1.2.0")
    git(checkout, "pull", "-q")
    assert said(checkout) == "founder 1.2.0"
    assert Versions(str(checkout)).before == "v1.1.0"


@pytest.mark.parametrize(
    "broken",
    [
        lambda folder: (folder / "founder").unlink(),
        lambda folder: (folder / ".git").unlink(),
        lambda folder: (folder / "src/founderstack/__init__.py").write_text("half"),
    ],
    ids=["a file is missing", "Git does not know it", "a file is half written"],
)
def test_what_a_killed_attempt_has_left_is_made_anew(checkout: Path, broken: Callable[[Path], object]) -> None:
    versions = Versions(str(checkout))
    versions.fetch()
    versions.make("v1.1.0")
    broken(checkout / ".versions/v1.1.0")
    versions.make("v1.1.0")
    versions.switch("v1.1.0")
    assert said(checkout) == "founder 1.1.0"


def test_own_changes_of_the_tool_count_and_what_is_a_founders_does_not(checkout: Path) -> None:
    versions = Versions(str(checkout))
    versions.fetch()
    (checkout / "founder.toml").write_text('name = "shop"\n')
    (checkout / "app").mkdir()
    (checkout / "app/page.ts").write_text("mine")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "mine")
    assert versions.own_changes("v1.1.0") == []
    (checkout / "founder").write_text("echo mine\n")
    assert versions.own_changes("v1.1.0") == ["founder"]
    git(checkout, "commit", "-qam", "my launcher")
    assert versions.own_changes("v1.1.0") == ["founder"]


def test_versions_that_neither_run_nor_are_the_way_back_are_removed(checkout: Path) -> None:
    upgraded(checkout, "v1.1.0")
    release(checkout.parent / "origin", "1.2.0")
    there = Versions(f"{checkout}/.versions/v1.1.0")
    there.fetch()
    for name in ("v1.0.0", "v1.2.0"):
        there.make(name)
    there.switch("v1.2.0")
    there.prune()
    assert sorted(path.name for path in (checkout / ".versions").iterdir()) == ["v1.1.0", "v1.2.0"]
    assert Versions(f"{checkout}/.versions/v1.2.0").before == "v1.1.0"


def test_a_repository_that_does_not_answer_is_named(checkout: Path) -> None:
    shutil.rmtree(checkout.parent / "origin")
    with pytest.raises(StackError, match="could not be asked"):
        Versions(str(checkout)).fetch()


def test_what_is_no_checkout_says_how_it_is_brought_up_to_date(tmp_path: Path) -> None:
    with pytest.raises(StackError) as refused:
        Versions(str(tmp_path))
    assert "as this one was installed" in refused.value.fix


def test_two_at_once_do_not_upgrade_one_checkout(checkout: Path) -> None:
    with (
        Versions(str(checkout)).only_one(),
        pytest.raises(StackError) as refused,
        Versions(str(checkout)).only_one(),
    ):
        pass
    assert refused.value.exit_code == EXIT_LOCKED
