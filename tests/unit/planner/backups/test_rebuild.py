"""What is chosen anew on another system, and which steps bring up a part of a stack."""

from __future__ import annotations

from dataclasses import replace

from founderstack.catalogue import COMPONENTS
from founderstack.model.stack import Choices
from founderstack.operations.stack.prepare import prepare
from founderstack.planner.backups.rebuild import moved, only
from founderstack.testing.world import DEBIAN_12, FakeWorld

CHOICES = Choices(
    components={"database": "postgres", "cache": "valkey", "gateway": "nginx"},
    ports={"postgres.sql": 5433},
    versions={"postgres": "15", "node": "24.1.0"},
)


def test_on_the_same_system_nothing_is_chosen_anew() -> None:
    debian_13 = replace(DEBIAN_12, os="debian:13")
    kept = replace(CHOICES, versions={"postgres": "17", "node": "24.1.0"})
    assert moved(kept, COMPONENTS, debian_13) == kept


def test_on_another_system_versions_follow_and_missing_components_are_left_open() -> None:
    found = moved(CHOICES, COMPONENTS, DEBIAN_12)
    assert found.versions == CHOICES.versions
    assert found.ports == CHOICES.ports
    assert "cache" not in found.components, "Debian 12 has no Valkey"
    assert moved(CHOICES, COMPONENTS, replace(DEBIAN_12, os="debian:13")).versions["postgres"] == "17"


def test_only_what_the_database_needs_is_brought_up() -> None:
    prepared = prepare(FakeWorld().site())
    names = prepared.resolved.components["database"].ready("postgres")
    plan = only(prepared.plan, prepared.resolved.desired, names)
    targets = {step.target for step in plan.steps}
    assert {"postgres", "postgres/roles", "postgres/initdb"} <= targets
    assert not {name for name in targets if name.startswith(("app", "nginx", "panel", "agent"))}
    assert [step for step in prepared.plan.steps if step in plan.steps] == list(plan.steps)
