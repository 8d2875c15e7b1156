"""What shall be, as digests: they change with what matters and reveal nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings, strategies as st

from founderstack.model import process as p
from founderstack.model.process import Desired
from founderstack.operations.stack.prepare import prepare
from founderstack.planner.stack.diff import diff
from founderstack.planner.stack.state import instance_of, state_of
from founderstack.testing.world import FakeWorld

WORLD = FakeWorld()
RESOLVED = prepare(WORLD.site('name = "diary"\n')).resolved
DESIRED: Desired = RESOLVED.desired
PROCESS = p.Process(
    "web", "web", p.Card("Web", "app"), ("/bin/web",), "/", p.Probe("tcp", "127.0.0.1:1"),
    env=(("A", p.secret("one")),), files=(p.File("/etc/web/a.conf", f"x {p.secret('two', 'url')}"),),
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(RESOLVED.secrets))
def test_a_rotated_secret_changes_only_its_users(name: str) -> None:
    before = dict.fromkeys(RESOLVED.secrets, "old")
    plan = diff(state_of(DESIRED, before | {name: "new"}), state_of(DESIRED, before), {})
    everything: list[p.Process | p.Task] = [*DESIRED.processes.values(), *DESIRED.tasks.values()]
    users = {
        made.name
        for made in everything
        if any(found == name for text in p.texts(made) for _whole, found, _filter in p.secrets_in(text))
        and not (isinstance(made, p.Task) and made.inputs)
    }
    asked_with_it = {
        made.name
        for made in DESIRED.processes.values()
        if name in (made.ready.credential.partition(":")[2], *_in_headers(made))
    }
    assert {step.target for step in plan.steps} >= users - asked_with_it
    assert {step.target for step in plan.steps} <= users


def test_parts_tell_what_changed() -> None:
    secrets = {"one": "1", "two": "2"}
    before = instance_of(PROCESS, secrets).parts
    assert _changed(before, PROCESS, {"one": "x", "two": "2"}) == {"environment"}
    assert _changed(before, PROCESS, {"one": "1", "two": "x"}) == {"file:a.conf"}
    assert _changed(before, replace(PROCESS, argv=("/bin/other",)), secrets) == {"command"}
    assert _changed(before, replace(PROCESS, stop_wait_s=3), secrets) == {"command"}
    assert _changed(before, replace(PROCESS, parent_death_signal="USR1"), secrets) == {"command"}
    assert _changed(before, replace(PROCESS, drain_s=3), secrets) == {"description"}
    assert _changed(before, replace(PROCESS, card=p.Card("Web!", "app")), secrets) == {"description"}
    assert _changed(before, replace(PROCESS, files=()), secrets) == {"file:a.conf"}


def test_no_secret_is_in_a_plan_or_a_state() -> None:
    WORLD.secrets.ensure(RESOLVED.secrets)
    state = state_of(DESIRED, WORLD.secrets.digests())
    told = f"{state!r} {diff(state, p.State(), {})!r}"
    assert [name for name in RESOLVED.secrets if WORLD.secrets.get(name) in told] == []


def _changed(before: object, process: p.Process, secrets: dict[str, str]) -> set[str]:
    assert isinstance(before, dict)
    after = instance_of(process, secrets).parts
    return {part for part in {*before, *after} if before.get(part) != after.get(part)}


def _in_headers(process: p.Process) -> set[str]:
    return {name for _header, value in process.ready.headers for _whole, name, _filter in p.secrets_in(value)}
