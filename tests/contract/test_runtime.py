"""What every runtime promises."""

from __future__ import annotations

import pytest

from founderstack.model.errors import StackError
from founderstack.model.plan import Step
from founderstack.model.process import Desired
from tests.conftest import wait_until
from tests.contract.machines import Target, apply, desired, pids, server, status


def test_what_was_applied_runs_and_is_as_wanted(target: Target) -> None:
    wanted = desired(server(target, "one"), server(target, "two"))
    assert apply(target, wanted) == ["start:one", "start:two"]
    assert status(target, "one").condition in ("starting", "running")
    assert apply(target, wanted) == []


def test_a_step_applied_twice_has_the_effect_of_one(target: Target) -> None:
    wanted = desired(server(target, "one", ring="web"))
    apply(target, wanted)
    for step in (Step("start", "one", ""), Step("switch", "web", ""), Step("reload", "one", "")):
        target.runtime.apply(step, wanted, lambda _line: None)
    assert apply(target, wanted) == []
    for _time in range(2):
        target.runtime.apply(Step("stop", "one", ""), Desired(), lambda _line: None)
    assert pids(target) == {}


def test_a_changed_file_is_read_again_by_the_same_process(target: Target) -> None:
    apply(target, desired(server(target, "one", text="old")))
    before = pids(target)
    assert apply(target, desired(server(target, "one", text="new"))) == ["reload:one"]
    assert pids(target) == before


def test_a_changed_environment_is_another_process(target: Target) -> None:
    target.secrets.ensure(["token"])
    apply(target, desired(server(target, "one")))
    before = pids(target)
    assert apply(target, desired(server(target, "one", secret="token"))) == ["restart:one"]
    assert pids(target)["one"] != before["one"]


def test_a_rotated_secret_restarts_only_who_uses_it(target: Target) -> None:
    target.secrets.ensure(["token"])
    wanted = desired(server(target, "user", secret="token"), server(target, "other"))
    apply(target, wanted)
    target.secrets.rotate("token")
    assert apply(target, wanted) == ["restart:user"]


def test_others_go_on_while_one_is_added_changed_and_removed(target: Target) -> None:
    one, two = server(target, "one"), server(target, "two")
    apply(target, desired(one))
    before = pids(target)["one"]
    apply(target, desired(one, two))
    target.secrets.ensure(["token"])
    apply(target, desired(one, server(target, "two", secret="token")))
    apply(target, desired(one))
    assert pids(target) == {"one": before}


def test_what_was_stopped_is_forgotten(target: Target) -> None:
    apply(target, desired(server(target, "one")))
    assert apply(target, Desired()) == ["stop:one"]
    assert target.runtime.observe().processes == {}
    assert pids(target) == {}


def test_a_restart_is_another_process_with_the_same_settings(target: Target) -> None:
    wanted = desired(server(target, "one"))
    apply(target, wanted)
    before = pids(target)
    target.runtime.restart("one")
    assert pids(target)["one"] != before["one"]
    assert apply(target, wanted) == []


def test_a_paused_process_stays_stopped_until_it_is_resumed_or_wanted_again(target: Target) -> None:
    wanted = desired(server(target, "one"))
    apply(target, wanted)
    for _time in range(2):
        target.runtime.pause("one")
    assert status(target, "one").condition == "stopped"
    assert not target.runtime.revive()
    for _time in range(2):
        target.runtime.resume("one")
    assert apply(target, wanted) == []
    target.runtime.pause("one")
    assert apply(target, wanted) == ["start:one"]


@pytest.mark.parametrize("verb", ["restart", "pause", "resume"])
def test_what_is_not_there_can_be_neither_stopped_nor_started(target: Target, verb: str) -> None:
    with pytest.raises(StackError):
        getattr(target.runtime, verb)("nothing")


def test_a_killed_process_comes_back(target: Target) -> None:
    wanted = desired(server(target, "one"))
    apply(target, wanted)
    before = status(target, "one").pid
    target.kill("one")
    wait_until(lambda: status(target, "one").pid not in (0, before), "another process in its place")
    wait_until(lambda: apply(target, wanted) == [], "all as wanted")


def test_a_process_that_never_gets_ready_does_not_count_as_applied(target: Target) -> None:
    wanted = desired(server(target, "one", broken=True))
    for _time in range(2):
        with pytest.raises(StackError):
            apply(target, wanted)


def test_a_ring_points_to_its_instances(target: Target) -> None:
    apply(target, desired(server(target, "a", ring="web"), server(target, "b", ring="web")))
    assert target.runtime.observe().rings == {"web": ("a", "b")}


def test_replaced_instances_go_after_the_new_ones_serve(target: Target) -> None:
    apply(target, desired(server(target, "old", ring="web")))
    assert apply(target, desired(server(target, "new", ring="web"))) == ["start:new", "switch:web", "stop:old"]
    assert target.runtime.observe().rings == {"web": ("new",)}


def test_an_instance_that_fails_leaves_the_old_one_serving_and_nothing_of_itself(target: Target) -> None:
    apply(target, desired(server(target, "old", ring="web")))
    before = pids(target)
    with pytest.raises(StackError):
        apply(target, desired(server(target, "new", ring="web", broken=True)))
    assert target.runtime.observe().rings == {"web": ("old",)}
    assert set(target.runtime.observe().processes) == {"old"}
    assert pids(target) == before


def test_after_the_end_nothing_runs_and_all_of_it_can_come_back(target: Target) -> None:
    wanted = desired(server(target, "one"))
    apply(target, wanted)
    apply(target, Desired())
    target.runtime.shut_down()
    target.runtime.shut_down()
    assert apply(target, wanted) == ["start:one"]
    assert status(target, "one").condition in ("starting", "running")


def test_the_output_of_a_process_is_kept(target: Target) -> None:
    apply(target, desired(server(target, "one")))
    target.runtime.restart("one")
    assert len(target.runtime.last_lines("one", 10)) == 2
    assert len(target.runtime.last_lines("one", 1)) == 1
    assert target.runtime.last_lines("nothing", 5) == []
