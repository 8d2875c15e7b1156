"""`founder destroy` removes nothing without the stack's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.cli.dispatch import dispatch


@pytest.mark.parametrize("words", [["destroy"], ["destroy", "--yes"], ["destroy", "--yes", "--confirm", "other"]])
def test_without_the_name_nothing_goes(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "home/mine"
    state.mkdir(parents=True)
    (tmp_path / "founder.toml").write_text('name = "mine"\n')
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert dispatch(words) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "Nothing was removed" in said.err
    assert "founder destroy --yes --confirm mine" in said.err
    assert state.exists()


@pytest.mark.parametrize(("words", "expected"), [((), "stay: 1"), (("--backups",), "GO AS WELL: 1")])
def test_its_backups_are_named_and_counted_before_anything(
    words: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = tmp_path / "home/mine/backups/mine/sets/20261124T033000Z-4f1c9a"
    one.mkdir(parents=True)
    (one / "manifest.json").write_text("{}")
    (tmp_path / "founder.toml").write_text('name = "mine"\n')
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert dispatch(["destroy", *words]) == 4
    said = capsys.readouterr().err
    assert expected in said
    assert one.name in said
    assert (one / "manifest.json").exists()
