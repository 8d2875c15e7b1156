"""What a restore comes to: which set, which parts, and under which names."""

from __future__ import annotations

import pytest

from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.planner.restoring import pick


def _found(set_id: str, *, lacks: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> FoundSet:
    manifest = Manifest(set_id, "diary", 0.0, 1.0, "dump", "full", (), lacks=lacks)
    return FoundSet(manifest, ("local",), missing=missing)


def test_the_newest_set_that_lacks_nothing_is_restored_and_another_where_it_is_named() -> None:
    sets = [_found("c", lacks=("The database app is not in it",)), _found("b", missing=("local: x",)), _found("a")]
    assert pick(sets, "", 200.0).manifest.id == "a"
    assert pick(sets, "c", 200.0).manifest.id == "c"
    assert pick(sets[:2], "", 200.0).manifest.id == "c", "better than none"
    with pytest.raises(StackError, match="taken unseen"):
        pick(sets[1:2], "", 200.0)
