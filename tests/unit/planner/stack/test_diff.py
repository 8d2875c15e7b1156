"""The plan between any two states: what it leads to, in which order, and that it ever ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hypothesis import given, settings, strategies as st

from founderstack.model.plan import Plan, Step
from founderstack.model.process import Instance, State
from founderstack.planner.stack.diff import diff

NAMES = ("a", "b", "c", "d", "e", "f")
RINGS = ("ring", "other")
TASKS = ("t", "u", "v")
MEMBERS = tuple(f"{ring}-{number}" for ring in RINGS for number in range(4))
ORDERS = st.permutations((*NAMES, *MEMBERS, *TASKS)).map(tuple)
DIGESTS = st.sampled_from(("1", "2"))


@dataclass(frozen=True)
class Case:
    """Two states of one machine, and what the wanted tasks need."""

    wanted: State
    actual: State
    task_needs: Mapping[str, tuple[str, ...]]

    @property
    def plan(self) -> Plan:
        return diff(self.wanted, self.actual, self.task_needs)


@st.composite
def _processes(draw: st.DrawFn, order: list[str], tasks: list[str], *, applied: bool) -> dict[str, Instance]:
    """Some of the names as processes; each needs only what stands before it in the order."""
    chosen = draw(st.sets(st.sampled_from((*NAMES, *MEMBERS))))
    known = [name for name in order if name in chosen or name in tasks]
    found = {}
    for place, name in enumerate(known):
        if name in tasks:
            continue
        found[name] = Instance(
            parts={part: draw(DIGESTS) for part in ("command", "environment", "file:a.conf", "description")},
            reloads=draw(st.booleans()),
            up=draw(st.booleans()) if applied else True,
            ring=name.rpartition("-")[0],
            needs=tuple(draw(st.sets(st.sampled_from(known[:place]), max_size=3))) if place else (),
        )
    return found


@st.composite
def _state(draw: st.DrawFn, *, applied: bool, order: tuple[str, ...] = ()) -> tuple[State, dict[str, tuple[str, ...]]]:
    task_names = sorted(draw(st.sets(st.sampled_from(TASKS))))
    order = order or draw(ORDERS)
    processes = draw(_processes(list(order), task_names, applied=applied))
    needs = {}
    for name in task_names:
        earlier = [other for other in order[: order.index(name)] if other in processes or other in task_names]
        needs[name] = tuple(draw(st.sets(st.sampled_from(earlier), max_size=2))) if earlier else ()
    rings: dict[str, tuple[str, ...]] = {}
    for name, instance in processes.items():
        if instance.ring:
            rings[instance.ring] = (*rings.get(instance.ring, ()), name)
    return State(processes, {name: draw(DIGESTS) for name in task_names}, rings), needs


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any two states: what is wanted is whole, what is may be half-dead and its slots may point anywhere."""
    order = draw(ORDERS)
    wanted, needs = draw(_state(applied=False, order=order))
    much_alike = draw(st.booleans())
    actual, _needs = draw(_state(applied=True, order=order if much_alike else ()))
    if much_alike:
        actual = replace(actual, processes={**wanted.processes, **actual.processes})
    slots = {ring: tuple(draw(st.lists(st.sampled_from((*MEMBERS, "")), min_size=1, max_size=3))) for ring in RINGS}
    return Case(
        wanted, replace(actual, rings={**actual.rings, **slots} if draw(st.booleans()) else actual.rings), needs
    )


def applied(case: Case, *, until: Callable[[Step], bool] = lambda step: False) -> State:
    """What is after the steps, in order, up to the first for which `until` holds."""
    processes, tasks, rings = dict(case.actual.processes), dict(case.actual.tasks), dict(case.actual.rings)
    for step in case.plan.steps:
        if until(step):
            break
        match step.verb:
            case "do":
                tasks[step.target] = case.wanted.tasks[step.target]
            case "start" | "restart" | "reload":
                processes[step.target] = case.wanted.processes[step.target]
            case "switch":
                rings[step.target] = case.wanted.rings[step.target]
            case "stop":
                del processes[step.target]
    return State(processes, tasks, rings)


PROPERTY = settings(max_examples=60, deadline=None)


@PROPERTY
@given(_state(applied=False))
def test_what_is_as_wanted_needs_no_step(wanted: tuple[State, dict[str, tuple[str, ...]]]) -> None:
    state, needs = wanted
    assert diff(state, state, needs).steps == ()


@PROPERTY
@given(cases())
def test_all_steps_in_order_give_what_is_wanted(case: Case) -> None:
    after = applied(case)
    assert {name: instance.parts for name, instance in after.processes.items()} == {
        name: instance.parts for name, instance in case.wanted.processes.items()
    }
    assert all(instance.up for instance in after.processes.values())
    assert {name: after.tasks[name] for name in case.wanted.tasks} == case.wanted.tasks
    assert {name: after.rings[name] for name in case.wanted.rings} == case.wanted.rings
    assert diff(case.wanted, after, case.task_needs).steps == ()


@PROPERTY
@given(cases())
def test_each_step_comes_once_and_after_all_that_it_needs(case: Case) -> None:
    done: set[str] = set()
    for step in case.plan.steps:
        assert set(step.needs) <= done
        assert step.id not in done
        done.add(step.id)


@PROPERTY
@given(cases())
def test_a_process_starts_after_the_changes_of_all_that_it_needs(case: Case) -> None:
    changed = {step.target: place for place, step in enumerate(case.plan.steps) if step.verb not in ("stop", "switch")}
    for place, step in enumerate(case.plan.steps):
        if step.verb in ("start", "restart", "reload"):
            needs = case.wanted.processes[step.target].needs
            assert all(changed.get(need, -1) < place for need in needs)


@PROPERTY
@given(cases())
def test_what_leaves_is_gone_before_anything_starts_in_its_place(case: Case) -> None:
    plan = case.plan.steps
    leaving = [step.id for step in plan if step.verb == "stop" and not _replaced(step, case)]
    for step in plan:
        if step.verb in ("start", "restart"):
            assert set(leaving) <= set(step.needs)


@PROPERTY
@given(cases())
def test_an_instance_that_serves_stops_only_after_its_ring_has_switched(case: Case) -> None:
    switches = {step.target: step.id for step in case.plan.steps if step.verb == "switch"}
    for step in case.plan.steps:
        ring = case.actual.processes[step.target].ring if step.verb == "stop" else ""
        if ring in switches:
            assert switches[ring] in step.needs


@PROPERTY
@given(cases())
def test_a_ring_switches_only_to_instances_that_are_there(case: Case) -> None:
    for ring in (step.target for step in case.plan.steps if step.verb == "switch"):
        before = applied(case, until=lambda step, ring=ring: step.id == f"switch:{ring}")  # type: ignore[misc]
        assert all(before.processes[member].up for member in case.wanted.rings[ring])


@PROPERTY
@given(cases())
def test_only_changes_that_somebody_notices_are_a_risk(case: Case) -> None:
    for step in case.plan.steps:
        assert step.risk == "none" or step.verb in ("restart", "stop")


def test_what_needs_a_leaving_part_and_changes_too_makes_no_circle() -> None:
    before = State({"old": Instance({"command": "1"}), "user": Instance({"command": "1"}, needs=("old",))})
    after = State({"new": Instance({"command": "1"}), "user": Instance({"command": "2"}, needs=("new",))})
    assert [step.id for step in diff(after, before, {}).steps] == ["stop:old", "start:new", "restart:user"]


def test_stopping_everything_stops_users_before_what_they_use() -> None:
    running = State(
        {"base": Instance({}), "middle": Instance({}, needs=("base",)), "top": Instance({}, needs=("middle",))}
    )
    assert [step.id for step in diff(State(), running, {}).steps] == ["stop:top", "stop:middle", "stop:base"]


def test_a_change_of_files_alone_is_read_again_where_the_program_can() -> None:
    before, after = {"command": "1", "file:a.conf": "1"}, {"command": "1", "file:a.conf": "2"}
    assert _verb(after, before, reloads=True) == "reload"
    assert _verb(after, before, reloads=False) == "restart"
    assert _verb(after | {"command": "2"}, before, reloads=True) == "restart"


def _verb(after: Mapping[str, str], before: Mapping[str, str], *, reloads: bool) -> str:
    (step,) = diff(State({"a": Instance(after, reloads)}), State({"a": Instance(before, reloads)}), {}).steps
    return step.verb


def _replaced(step: Step, case: Case) -> bool:
    ring = case.actual.processes[step.target].ring
    return bool(ring) and ring in case.wanted.rings
