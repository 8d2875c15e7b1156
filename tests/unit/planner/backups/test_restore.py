"""What a restore takes of a set."""

from __future__ import annotations

import pytest

from founderstack.model.backup import Manifest
from founderstack.model.vault import FilesOf, Restorable
from founderstack.planner.backups.restore import Wish, restoring

HELD = Restorable(
    Manifest("set-000", "diary", 1000.0, 1.0, "dump", "full", ()),
    "local",
    files=(FilesOf("app", 1), FilesOf("panel", 1, by_name=True)),
)


@pytest.mark.parametrize(
    ("wish", "parts"),
    [
        (Wish(in_place=True), ["app"]),
        (Wish(in_place=True, only="files"), ["app"]),
        (Wish(in_place=True, component="panel"), ["panel"]),
        (Wish(), ["app", "panel"]),
    ],
)
def test_who_may_sign_in_goes_back_by_name_alone(wish: Wish, parts: list[str]) -> None:
    plan = restoring(wish, HELD, lambda name: f"/restored/{name}", lambda _step: None, 2000.0, str)
    assert [item.name for item in plan.items] == parts
    assert [files.component for files in plan.left] == (["panel"] if parts == ["app"] else [])
