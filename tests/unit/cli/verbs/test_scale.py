"""`founder scale` leaves the stack file as it was where nothing of the stack was changed."""

from __future__ import annotations

import pytest

from founderstack.cli.verbs.scale import undone_unless_begun
from founderstack.model.errors import StackError
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld


def refuse(_prepared: Prepared) -> None:
    """The answer no."""
    raise StackError("Nothing was changed", "You said no.", "Run it again.")


def test_a_no_takes_the_edit_back() -> None:
    undone: list[str] = []
    with pytest.raises(StackError), undone_unless_begun(FakeWorld().site(), lambda: undone.append("undone")) as site:
        up(site, refuse, lambda _event: None)
    assert undone == ["undone"]


def test_a_change_that_began_and_failed_keeps_it_so_that_up_can_go_on() -> None:
    world = FakeWorld()
    undone: list[str] = []

    def fails_halfway() -> None:
        with undone_unless_begun(world.site(), lambda: undone.append("undone")) as site:
            up(site, lambda _prepared: None, lambda _event: None)
            raise StackError("app-2 did not get ready", "It ended again and again.", "Read its log.")

    with pytest.raises(StackError, match="app-2"):
        fails_halfway()
    assert undone == []
    assert "changed" in world.calls
