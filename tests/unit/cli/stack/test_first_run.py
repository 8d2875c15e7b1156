"""What a founder is told once is told by the first `up` that goes through, however many failed before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.cli.stack.first_run import first_run
from founderstack.model.errors import StackError
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = FakeWorld().site('name = "diary"\n')
    return replace(site, places=replace(site.places, state=str(tmp_path)))


def _up(site: Site, *, failing: bool = False) -> bool:
    with first_run(site) as first:
        up(site, lambda _prepared: None, lambda _event: None)
        if failing:
            raise StackError("pgadmin did not get ready", "It did not answer.", "Run it again.")
    return first


def test_an_up_after_one_that_failed_is_still_the_first(site: Site) -> None:
    for _time in range(2):
        with pytest.raises(StackError):
            _up(site, failing=True)
    assert _up(site)
    assert not _up(site)


def test_a_no_leaves_nothing_behind(site: Site, tmp_path: Path) -> None:
    with pytest.raises(StackError), first_run(site):
        raise StackError("Nothing was changed", "You said no.", "Run it again.")
    assert list(tmp_path.iterdir()) == []
