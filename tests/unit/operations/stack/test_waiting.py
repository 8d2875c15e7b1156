"""What a deploy would bring, and that nothing new is nothing to do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from founderstack.cli.terminal.waiting_text import document, lines, nothing
from founderstack.model.source import Difference, Revision
from founderstack.model.stack import Release
from founderstack.operations.stack.up import deploy, rollback, up
from founderstack.operations.stack.waiting import Waiting, waiting
from founderstack.testing.world import FakeSource, FakeWorld

OLD = Revision("a" * 40, "Begin", "Ana", "2026-11-01T10:00:00+01:00")
NEW = Revision("b" * 40, "Greet people", "Ben", "2026-11-02T10:00:00+01:00", changed=2)


@pytest.fixture
def source() -> FakeSource:
    made = FakeSource("package.json")
    made.head = OLD
    return made


@pytest.fixture
def world(source: FakeSource) -> FakeWorld:
    world = FakeWorld(source=source)
    up(world.site(), _yes, _quiet)
    return world


def _yes(_prepared: object) -> None: ...


def _quiet(_event: object) -> None: ...


def test_a_release_remembers_its_commit_and_who_asked(world: FakeWorld, source: FakeSource) -> None:
    source.content, source.head = "second", NEW
    deploy(world.site(), "", _yes, _quiet)
    kept = [(one.number, one.revision, one.by) for one in world.releases.all()]
    assert kept == [(1, OLD, "ana"), (2, NEW, "ana")]


def test_nothing_new_is_nothing_whichever_way_it_is_named(world: FakeWorld, source: FakeSource) -> None:
    found = waiting(world.site(), "")
    assert found.nothing
    assert nothing(found) == "Nothing to deploy: release 1 serves this already (aaaaaaa Begin)"
    source.content = "second"
    assert not waiting(world.site(), "").nothing
    deploy(world.site(), "", _yes, _quiet)
    rollback(world.site(), 1, _yes, _quiet)
    assert not waiting(world.site(), "").nothing, "another release serves"


def test_what_is_forced_is_built_anew_and_then_is_nothing_new(world: FakeWorld) -> None:
    before = world.releases.current()
    deploy(world.site(), "", _yes, _quiet, force=True)
    after = world.releases.current()
    assert before
    assert after
    assert (after.number, after.digest == before.digest) == (2, False)
    assert waiting(world.site(), "").nothing
    assert up(world.site(), _yes, _quiet).plan.steps == ()
    deploy(world.site(), "", _yes, _quiet, force=True)
    assert len({one.digest for one in world.releases.all()}) == 3


def test_the_difference_is_told_in_lines(world: FakeWorld) -> None:
    found = waiting(world.site(), "")
    told = Difference((NEW,), count=31, back=4, files=3, added=120, removed=7)
    shown = "\n".join(lines(Waiting(found.current, _with(found, NEW), told)))
    for part in (
        "bbbbbbb Greet people (Ben, 2026-11-02)", "commits: 31, files: 3, lines: +120 −7",
        "commits of release 1 that are not in it: 4", "files: 2",
    ):  # fmt: skip
        assert part in shown
    said = json.loads(document(Waiting(found.current, _with(found, NEW), told)))
    assert (said["nothing"], said["new"]["revision"]["subject"], said["difference"]["count"]) == (
        True, "Greet people", 31,
    )  # fmt: skip


def _with(found: Waiting, revision: Revision) -> Release:
    return replace(found.new, revision=revision)
