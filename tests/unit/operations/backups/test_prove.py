"""Which set is proven, and what is kept of it."""

from __future__ import annotations

import pytest

from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.model.vault import FoundSets, Place
from founderstack.operations.backups.prove import chosen

NOW = 10 * 86400.0
OLD, NEW, LATER = (
    FoundSet(Manifest(f"2026112{day}T033000Z-4f1c9a", "diary", day * 86400.0, 1.0, "dump", "full", ()), ("local", "s3"))
    for day in (3, 4, 700)
)


def test_the_newest_is_proven_or_the_one_that_is_named() -> None:
    found = FoundSets((LATER, NEW, OLD))
    assert chosen(found, "", NOW) is NEW, "a clock was ahead when the other was taken"
    assert chosen(found, OLD.manifest.id, NOW) is OLD
    assert chosen(found, LATER.manifest.id, NOW) is LATER


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        (FoundSets((LATER,)), "", "No backup can be taken unseen"),
        (FoundSets(), "", "There is no backup yet"),
        (FoundSets((NEW,)), OLD.manifest.id, "There is no backup 20261123T033000Z-4f1c9a"),
        (FoundSets((), (Place("s3", "s3://b", "It refuses"),)), "", "No backup can be found"),
    ],
)
def test_where_there_is_none_it_says_why(found: FoundSets, wanted: str, expected: str) -> None:
    with pytest.raises(StackError) as raised:
        chosen(found, wanted, NOW)
    assert raised.value.what == expected
