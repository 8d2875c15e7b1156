"""What a migration remembers between its commands, and whether a cut-over may rest on a comparison."""

from __future__ import annotations

import json
from pathlib import Path

from founderstack.cli.moving import remembered
from founderstack.migration.report import proven, save_verified, verified_document
from founderstack.migration.values import Finding
from founderstack.world.postgres import parse

SOURCE = parse("postgres://me@db.example.com/mine").with_password("never kept")


def test_what_is_left_behind_stays_so_for_the_next_command_and_for_this_source(tmp_path: Path) -> None:
    assert remembered(str(tmp_path), "plain", SOURCE, ("public.a",)) == ("public.a",)
    assert remembered(str(tmp_path), "plain", SOURCE, ("public.b", "public.a")) == ("public.a", "public.b")
    assert remembered(str(tmp_path), "plain", SOURCE, ()) == ("public.a", "public.b")
    assert "never kept" not in (tmp_path / "source.json").read_text()
    assert remembered(str(tmp_path), "plain", parse("postgres://me@other.example.com/mine"), ()) == ()


def test_only_a_green_comparison_of_today_and_of_this_source_proves_a_move(tmp_path: Path) -> None:
    def compared(at: float, ok: bool) -> None:
        document = verified_document("there", "here", at, [Finding("rows", "rows", ok)])
        save_verified(str(tmp_path), document)
        assert json.loads((tmp_path / "verified.json").read_text())["ok"] is ok

    assert not proven(str(tmp_path), "there", 1_000_000)
    compared(1_000_000, True)
    assert proven(str(tmp_path), "there", 1_003_600)
    assert not proven(str(tmp_path), "elsewhere", 1_003_600)
    assert not proven(str(tmp_path), "there", 1_100_000)
    compared(1_000_000, False)
    assert not proven(str(tmp_path), "there", 1_003_600)
