"""The verbs that change a stack, against a whole machine in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from founderstack.model.errors import EXIT_LOCKED, StackError
from founderstack.operations.stack.down import destroy, down
from founderstack.operations.stack.prepare import Prepared, prepare
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import deploy, restart_app, rollback, rotate, up
from founderstack.operations.stack.waiting import waiting
from founderstack.testing.world import DEBIAN_12, FakeWorld

TEXT = 'name = "diary"\n'


def yes(_prepared: Prepared) -> None: ...


def quiet(_event: object) -> None: ...


def _no(_prepared: Prepared) -> None:
    raise StackError("Nothing was changed", "You said no.", "Another time.")


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def site(world: FakeWorld) -> Site:
    """A stack that is up."""
    site = world.site(TEXT)
    up(site, yes, quiet)
    return site


def serving(world: FakeWorld) -> tuple[str, ...]:
    return world.runtime.observe().rings["app"]


def test_up_twice_changes_nothing_the_second_time(world: FakeWorld, site: Site) -> None:
    done = len(world.runtime.steps)
    assert up(site, _never, quiet).plan.steps == ()
    assert len(world.runtime.steps) == done


def test_planning_touches_nothing(world: FakeWorld) -> None:
    prepare(world.site(TEXT))
    assert (world.calls, world.runtime.steps, world.secrets.exists()) == ([], [], False)


def test_a_no_leaves_everything_as_it_was(world: FakeWorld) -> None:
    def no(_prepared: Prepared) -> None:
        raise StackError("Nothing was changed", "You said no.", "Another time.")

    with pytest.raises(StackError):
        up(world.site(TEXT), no, quiet)
    assert (world.runtime.steps, world.secrets.exists(), "changed" in world.calls) == ([], False, False)


def test_up_after_a_failure_goes_on_where_it_stopped(world: FakeWorld) -> None:
    world.runtime.fail("do:pgadmin/environment")
    with pytest.raises(StackError):
        up(world.site(TEXT), yes, quiet)
    assert "settled" not in world.calls
    world.runtime.mend("do:pgadmin/environment")
    up(world.site(TEXT), yes, quiet)
    assert len(world.runtime.steps) == len(set(world.runtime.steps)), "no step was done twice"
    assert world.calls[-1] == "settled"


@pytest.mark.parametrize("failing", ["build", "start"])
def test_a_deploy_that_fails_leaves_the_old_release_serving(world: FakeWorld, site: Site, failing: str) -> None:
    before = serving(world)
    world.source.content = "second"  # type: ignore[union-attr]
    step = _step_of(lambda approve: deploy(site, "", approve, quiet), failing)
    world.runtime.fail(step)
    with pytest.raises(StackError) as raised:
        deploy(site, "", yes, quiet)
    assert raised.value.why.endswith("Requests still go to release 1.")
    assert serving(world) == before
    assert before[0] in world.runtime.observe().processes
    current = site.releases.current()
    assert current is not None
    assert current.number == 1
    world.runtime.mend(step)
    deploy(site, "", yes, quiet)
    assert serving(world)[0].startswith("app-2-")


def test_what_serves_is_noted_before_the_old_instances_are_stopped(world: FakeWorld, site: Site) -> None:
    """Ctrl-C while they drain: the new release serves, and every command after it knows."""
    old = serving(world)
    world.source.content = "second"  # type: ignore[union-attr]
    step = _step_of(lambda approve: deploy(site, "", approve, quiet), f"stop:{old[0]}")
    world.runtime.fail(step)
    with pytest.raises(StackError):
        deploy(site, "", yes, quiet)
    world.runtime.mend(step)
    new = serving(world)
    assert new[0].startswith("app-2-")
    assert waiting(site, "").nothing
    up(site, yes, quiet)
    assert serving(world) == new
    assert old[0] not in world.runtime.observe().processes
    rollback(site, 0, yes, quiet)
    assert serving(world) == old


def test_rollback_goes_back_and_forth(world: FakeWorld, site: Site) -> None:
    first = serving(world)
    world.source.content = "second"  # type: ignore[union-attr]
    deploy(site, "", yes, quiet)
    second = serving(world)
    rollback(site, 0, yes, quiet)
    assert serving(world) == first
    rollback(site, 2, yes, quiet)
    assert serving(world) == second
    assert up(site, _never, quiet).plan.steps == (), "an up keeps what serves"


def test_what_is_built_in_is_built_anew_from_the_commit_that_serves_and_never_from_a_folder_that_is_gone(
    world: FakeWorld, site: Site
) -> None:
    def changed(colour: str) -> Site:
        return world.site(f'{TEXT}[app]\nenv = {{ NEXT_PUBLIC_COLOUR = "{colour}" }}\n')

    world.source.commits["main"] = "c0ffee"  # type: ignore[union-attr]
    world.source.content = "half written"  # type: ignore[union-attr]
    deploy(site, "main", yes, quiet)
    up(changed("red"), yes, quiet)
    built = site.releases.current()
    assert (built and built.number, built and built.ref) == (3, "c0ffee")
    assert up(changed("red"), _never, quiet).plan.steps == ()
    rollback(changed("red"), 1, yes, quiet)
    up(changed("blue"), yes, quiet)
    assert serving(world)[0].startswith("app-1-"), "an earlier state of the folder serves on"


def test_rollback_without_an_earlier_release_names_those_there_are(world: FakeWorld, site: Site) -> None:
    with pytest.raises(StackError, match="no such release") as caught:
        rollback(site, 0, yes, quiet)
    assert (caught.value.why, caught.value.exit_code) == ("Release 1 serves, and no other is kept.", 6)
    assert "founder deploy" in caught.value.fix
    world.source.content = "second"  # type: ignore[union-attr]
    deploy(site, "", yes, quiet)
    rollback(site, 0, yes, quiet)
    with pytest.raises(StackError, match="no such release") as caught:
        rollback(site, 0, yes, quiet)
    assert (caught.value.why, "NUMBER" in caught.value.fix) == ("Release 1 serves; kept besides it: 2.", True)
    with pytest.raises(StackError, match="no such release") as caught:
        rollback(site, 9, yes, quiet)
    assert caught.value.exit_code == 64, "a name that is none is wrong usage"


def test_after_down_nothing_is_called_new(world: FakeWorld, site: Site) -> None:
    down(site, quiet)
    assert {step.reason for step in prepare(site).plan.steps} == {"it is not running"}
    up(site, yes, quiet)
    more = prepare(world.site(f"{TEXT}[app]\nreplicas = 2\n")).plan.steps
    assert "it is not there yet" in {step.reason for step in more if step.verb == "start"}


def test_a_rollback_runs_no_migration(world: FakeWorld) -> None:
    site = world.site(f'{TEXT}[app]\nmigrate = "npm run migrate"\n')
    up(site, yes, quiet)
    world.source.content = "second"  # type: ignore[union-attr]
    assert any("migrate" in step.id for step in deploy(site, "", yes, quiet).plan.steps)
    for number in (0, 2):
        assert not any(step.verb == "do" for step in rollback(site, number, yes, quiet).plan.steps)


def test_a_restart_of_the_app_replaces_every_instance(world: FakeWorld, site: Site) -> None:
    before = serving(world)
    restart_app(site, yes, quiet)
    assert not set(serving(world)) & set(before)
    assert not set(before) & set(world.runtime.observe().processes)


def test_a_new_secret_of_the_app_interrupts_nobody(world: FakeWorld, site: Site) -> None:
    before = serving(world)
    prepared = rotate(site, ["app.auth"], False, yes, quiet)
    assert prepared.plan.risks == ()
    assert not set(serving(world)) & set(before)
    assert prepare(site).plan.steps == ()


def test_lost_secrets_stop_every_change_until_new_ones_are_wanted(world: FakeWorld, site: Site) -> None:
    world.secrets.lose()
    with pytest.raises(StackError, match="secrets"):
        up(site, yes, quiet)
    rotate(site, [], True, yes, quiet)
    assert prepare(site).plan.steps == ()


def test_a_rotation_that_fails_says_who_has_not_got_the_new_secrets_and_an_up_finishes_it(
    world: FakeWorld, site: Site
) -> None:
    before = serving(world)
    world.runtime.fail("restart:redis")
    for _again in range(2):  # the same command again gives others, and fails in the same way
        with pytest.raises(StackError) as caught:
            rotate(site, [], True, yes, quiet)
        last = caught.value.problems[-1]
        assert last.what == "The new secrets are not with everybody yet"
        assert all(name in last.why for name in ("Redis", "App")), last.why
        assert "PostgreSQL" not in last.why
        assert "founder up" in last.fix
    given = world.secrets.get("postgres.app")
    assert serving(world) == before
    world.runtime.mend("restart:redis")
    up(site, yes, quiet)
    assert world.secrets.get("postgres.app") == given, "nothing is made anew"
    assert prepare(site).plan.steps == ()
    assert serving(world) != before


@pytest.mark.parametrize("every", [True, False])
def test_a_rotation_that_somebody_declines_leaves_the_secrets_as_they_were(
    world: FakeWorld, site: Site, every: bool
) -> None:
    before = world.secrets.digests()
    with pytest.raises(StackError, match="Nothing was changed"):
        rotate(site, [] if every else ["postgres.app"], every, _no, quiet)
    assert world.secrets.digests() == before
    assert prepare(site).plan.steps == ()


def test_data_of_another_major_version_is_left_alone(world: FakeWorld) -> None:
    site = world.site(TEXT)
    world.disk.files[f"{site.places.data('postgres')}/pgdata/PG_VERSION"] = "14\n"
    with pytest.raises(StackError, match=r"14.*not 15"):
        up(site, yes, quiet)
    assert world.runtime.steps == []


def test_a_full_disk_is_told_before_anything_changes(world: FakeWorld) -> None:
    world.disk.free = 100
    with pytest.raises(StackError, match="not enough room"):
        up(world.site(TEXT), yes, quiet)
    assert world.runtime.steps == []


def test_a_stack_that_changed_while_its_plan_was_read_is_not_touched(world: FakeWorld, site: Site) -> None:
    def somebody_kills_the_cache(_prepared: Prepared) -> None:
        world.runtime.give_up("redis")

    done = len(world.runtime.steps)
    with pytest.raises(StackError, match="changed while"):
        up(world.site(f"{TEXT}[gateway]\nupload_limit_mib = 7\n"), somebody_kills_the_cache, quiet)
    assert len(world.runtime.steps) == done


def test_the_world_is_looked_at_once_though_instances_are_named_after_secrets_that_come_later(world: FakeWorld) -> None:
    """Only what runs, and the secrets, are asked for again between the yes and the first step."""
    looks: list[str] = []
    site = world.site(TEXT)

    class Watched:
        def __init__(self, part: str, watched: object) -> None:
            self._part, self._watched = part, watched

        def __getattr__(self, name: str) -> object:
            looks.append(f"{self._part}.{name}")
            return getattr(self._watched, name)

    parts = {name: Watched(name, getattr(site, name)) for name in ("choices", "source", "ports", "disk", "runtime")}
    shown: list[Prepared] = []
    made = up(replace(site, **parts), shown.append, quiet)  # type: ignore[arg-type]
    assert {one: looks.count(one) for one in ("choices.load", "source.digest", "disk.free_mib", "runtime.observe")} == {
        "choices.load": 1,
        "source.digest": 1,
        "disk.free_mib": 1,
        "runtime.observe": 2,
    }
    assert [step.family_id for step in made.plan.steps] == [step.family_id for step in shown[0].plan.steps]
    assert [step.id for step in made.plan.steps] != [step.id for step in shown[0].plan.steps], "they got their names"


def test_an_instance_that_nobody_approved_stops_the_run(world: FakeWorld) -> None:
    """That the first starts was shown, and it is of the same ring and release."""
    site = world.site(f"{TEXT}[app]\nreplicas = 2\n")
    up(site, yes, quiet)
    first, second = world.runtime.observe().rings["app"]
    world.runtime.give_up(first)

    def somebody_kills_the_second(_prepared: Prepared) -> None:
        world.runtime.give_up(second)

    done = len(world.runtime.steps)
    with pytest.raises(StackError) as stopped:
        up(site, somebody_kills_the_second, quiet)
    assert "start app, instance 2 of release 1" in stopped.value.why
    assert len(world.runtime.steps) == done


def test_two_commands_at_once_are_one_too_many(site: Site) -> None:
    with site.lock("up"), pytest.raises(StackError) as caught:
        down(site, quiet)
    assert caught.value.exit_code == EXIT_LOCKED


def test_down_keeps_what_up_needs(world: FakeWorld, site: Site) -> None:
    assert down(site, quiet) == len([step for step in world.runtime.steps if step.startswith("stop:")])
    assert world.runtime.observe().processes == {}
    plan = up(site, yes, quiet).plan
    assert {step.verb for step in plan.steps} == {"start"}
    assert down(site, quiet) > 0
    assert down(site, quiet) == 0


def test_destroy_leaves_nothing(world: FakeWorld, site: Site) -> None:
    world.disk.files[f"{site.places.state}/data/x"] = "1"
    destroy(site, quiet)
    assert world.runtime.observe().processes == {}
    assert world.runtime.forgotten
    assert world.disk.files == {}


def _never(_prepared: Prepared) -> None:
    pytest.fail("asked although there is nothing to do")


def _step_of(command: Callable[[Callable[[Prepared], None]], object], word: str) -> str:
    """The first step of a command's plan with a word in it, without carrying it out."""
    found: list[str] = []

    def only_look(prepared: Prepared) -> None:
        found.extend(step.id for step in prepared.plan.steps if word in step.id)
        raise StackError("Only a look", "", "")

    with pytest.raises(StackError, match="Only a look"):
        command(only_look)
    return found[0]


def test_who_may_not_install_is_told_every_missing_package_at_once() -> None:
    world = FakeWorld()
    world.machine = replace(DEBIAN_12, root=False, user="ana")
    world.disk.bare = True
    with pytest.raises(StackError) as refused:
        prepare(world.site('name = "diary"\n'))
    assert refused.value.fix == "sudo apt-get install --no-install-recommends postgresql-15 redis-server nginx-light"
