"""Secrets whose file is lost: where they come back from, and what nobody may do meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.operations.backups.lost_secrets import bring_back
from founderstack.operations.stack.alerts import add
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld

HERE, AWAY = "/var/lib/founder/diary/backups", "s3://diary-backups"


@dataclass
class Place:
    """Sets by name, and whether it was looked at."""

    where: str
    ids: Sequence[str] = ()
    looked: bool = False

    def sets(self, stack: str) -> Sequence[FoundSet]:
        self.looked = True
        days = enumerate(self.ids, start=1)
        return [
            FoundSet(Manifest(one, stack, 100.0 * day, 1.0, "dump", "full", ()), (self.where,)) for day, one in days
        ]

    def secrets_in(self, one: FoundSet) -> str:
        return "" if one.manifest.id == "empty" else "panel.admin postgres.app"


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def site(world: FakeWorld) -> Site:
    """A stack that is up, and has lost its secrets."""
    site = world.site('name = "diary"\n')
    up(site, lambda _prepared: None, lambda _event: None)
    world.secrets.lose()
    return site


def test_they_come_back_from_the_newest_set_that_has_them_and_the_stack_goes_on(site: Site) -> None:
    away = Place(AWAY, ["older"])
    assert bring_back(site, [Place(HERE, ["one", "two", "empty"]), away], "").manifest.id == "two"
    assert not away.looked, "its keys would have to be asked for"
    prepare(site)  # no longer refused


def test_a_set_that_is_named_is_looked_for_in_every_place(site: Site) -> None:
    assert bring_back(site, [Place(HERE, ["one"]), Place(AWAY, ["older"])], "old").manifest.id == "older"


@pytest.mark.parametrize("wanted", ["", "1999"])
def test_where_no_set_has_them_the_places_are_named_and_what_is_left_to_do(site: Site, wanted: str) -> None:
    with pytest.raises(StackError) as told:
        bring_back(site, [Place(HERE, ["empty"]), Place(AWAY)], wanted)
    assert f"{HERE}, {AWAY}" in told.value.why
    assert "rotate --all" in told.value.fix


def test_what_is_not_lost_is_not_replaced(world: FakeWorld) -> None:
    site = world.site('name = "diary"\n')
    up(site, lambda _prepared: None, lambda _event: None)
    with pytest.raises(StackError, match="not lost"):
        bring_back(site, [Place(HERE, ["one"])], "")


def test_nothing_is_given_to_a_stack_whose_secrets_are_lost(site: Site) -> None:
    """A file with that one value alone would pass for all of them, and everything else would be made anew."""
    with pytest.raises(StackError, match="are gone") as told:
        add(site, "phone", "ntfys://topic", lambda _url, _title, _text: None)
    assert "founder secrets restore" in told.value.fix
    assert not site.secrets.exists()
