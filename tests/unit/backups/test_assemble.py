"""What vaults and moments are made from is the stack as it runs, whatever kind of app it has."""

from __future__ import annotations

import pytest

from founderstack import wiring
from founderstack.backups.assemble import moments_of
from founderstack.model.errors import StackError
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeSource, FakeWorld

TEXT = """
name = "diary"
[app]
start = "npm start"
[backup]
use = "pgbackrest"
"""


@pytest.mark.parametrize("file", ["package.json", "server.py"])
def test_moments_are_found_for_any_kind_of_app(file: str) -> None:
    """A Node server needs no port of its own, so there is none to look for."""
    world = FakeWorld()
    world.source = FakeSource(file)
    site = world.site(TEXT)
    up(site, lambda _prepared: None, lambda _event: None)
    assert moments_of(wiring.made_of(site)) is not None


def test_a_stack_that_was_never_up_has_no_backups_and_the_error_says_what_comes_first() -> None:
    with pytest.raises(StackError, match="no backups here yet") as told:
        wiring.open_vault(FakeWorld().site(TEXT))
    assert "founder up" in told.value.fix
    assert "founder rebuild" in told.value.fix, "whoever lost a machine is here, too"
