"""What a migration remembers between its commands, and whether a cut-over may rest on a comparison."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from founderstack.cli.migration.source import remembered
from founderstack.cli.verbs.migrate import ask_for_proof
from founderstack.migration.report.report import forget_verified, proven, save_verified, verified_document
from founderstack.migration.values import Finding
from founderstack.model.errors import EXIT_AUTH_NEEDED, StackError
from founderstack.world.net.postgres import parse

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


def test_a_busy_source_is_no_difference_and_without_a_comparison_nobody_cuts_over_unasked(tmp_path: Path) -> None:
    """Nobody can be asked here: a test has no terminal."""
    written = Finding("rows", "public.todos", False, "1 rows here, 2 at the source", by_writing=True)
    good = Finding("rights", "owners", True)

    def cut_over(*findings: Finding, unverified: bool = False) -> None:
        save_verified(str(tmp_path), verified_document("there", "here", 1_000_000, findings))
        ask_for_proof(str(tmp_path), "there", 1_003_600, unverified=unverified)

    cut_over(good)
    cut_over(good, written)
    cut_over(good, written, Finding("finish", "what anon sees in public.todos", False, "", True, "public.todos"))
    cut_over(Finding("finish", "mine on public.todos", False), unverified=True)
    with pytest.raises(StackError):
        cut_over(good, written, Finding("finish", "what anon sees in public.pay", False, "", True, "public.pay"))
    with pytest.raises(StackError) as refused:
        cut_over(good, written, Finding("finish", "mine on public.todos", False, "the policy differs"))
    assert refused.value.exit_code == EXIT_AUTH_NEEDED
    assert "--unverified" in refused.value.fix
    cut_over(good)
    forget_verified(str(tmp_path))
    forget_verified(str(tmp_path))
    assert not proven(str(tmp_path), "there", 1_003_600)
