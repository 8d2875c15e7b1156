"""What `founder backups` shows of each set."""

from __future__ import annotations

from dataclasses import replace

from founderstack.cli.verbs.backups import _table
from founderstack.model.backup import FoundSet, Manifest
from founderstack.operations.backups.listing import set_values

NOW = 1_796_000_000.0
TAKEN = Manifest("20261130T033000Z-0000ab", "diary", NOW - 60, 1.0, "dump", "full", ())


def shown(*manifests: Manifest) -> str:
    sets = [set_values(FoundSet(one, ("local",)), NOW) for one in manifests]
    return "\n".join(_table({"sets": sets, "places": [], "next": 0, "warnings": []}, NOW))


def test_a_safety_set_is_marked() -> None:
    safety = replace(TAKEN, id="20261130T040000Z-0000ac", replaced_by="20261130T033000Z-0000ab")
    told = shown(TAKEN, safety).splitlines()
    assert "dump (full)" in told[1]
    assert "dump (safety set)" in told[2]
    assert "it stays for 30 days" in told[3]
    assert "safety" not in shown(TAKEN)
