"""Each thing that the doctor looks at: well, and broken in the way it watches for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from founderstack.operations.stack.doctor import Check, Examined, doctor
from founderstack.operations.stack.up import up
from founderstack.testing.world import DEBIAN_12, FakeWorld

GOOD = Examined(
    python="/usr/bin/python3",
    disk_total_mib=50_000,
    timezone="Europe/Madrid",
    certificate_days=300,
    secrets_mode=0o600,
)


def running() -> FakeWorld:
    """A machine on which the stack was brought up."""
    world = FakeWorld()
    up(world.site(), lambda _prepared: None, lambda _event: None)
    return world


def found(world: FakeWorld, seen: Examined = GOOD) -> dict[str, Check]:
    """Check id → what the doctor says."""
    return {check.id: check for check in doctor(world.site(), seen)}


def test_a_good_machine_has_nothing_to_put_right() -> None:
    checks = found(running())
    assert {name: check.level for name, check in checks.items() if check.level != "ok"} == {}
    assert {"os", "python", "state", "root", "cores", "disk", "memory", "clock", "certificate", "apt"} <= set(checks)


@pytest.mark.parametrize(
    ("check", "level", "seen"),
    [
        ("state", "fail", replace(GOOD, keeps_out="/root")),
        ("certificate", "warn", replace(GOOD, certificate_days=3)),
        ("certificate", "fail", replace(GOOD, certificate_days=-1)),
        ("apt", "warn", replace(GOOD, apt_user="unattended-upgr (pid 7)")),
        ("secrets", "fail", replace(GOOD, secrets_mode=0o644)),
        ("clock", "fail", replace(GOOD, last_written=1e12)),
        ("disk", "warn", replace(GOOD, disk_total_mib=200_000)),
    ],
)
def test_what_was_measured_is_judged(check: str, level: str, seen: Examined) -> None:
    said = found(running(), seen)[check]
    assert said.level == level
    assert said.why
    assert said.fix


def test_less_than_a_gibibyte_free_fails() -> None:
    world = running()
    world.disk.free = 1023
    assert found(world)["disk"].level == "fail"


def test_a_machine_that_is_too_small_is_told_before_it_swaps() -> None:
    world = running()
    world.machine = replace(DEBIAN_12, ram_mib=100, cores=1, root=False, user="ana")
    levels = {name: check.level for name, check in found(world).items()}
    assert levels["memory"] == "fail"
    assert (levels["cores"], levels["root"]) == ("warn", "warn")


def test_a_taken_port_names_its_holder_once() -> None:
    world = running()
    port = world.choices.load().ports["postgres.sql"]
    world.ports.held[port] = "postgres (pid 812, postgres)"
    bad = [check for check in doctor(world.site(), GOOD) if check.level == "fail"]
    assert [check.id for check in bad] == ["port:postgres.sql"]
    assert "postgres (pid 812, postgres)" in bad[0].why


def test_lost_secrets_stop_up_and_the_doctor_says_so() -> None:
    world = running()
    world.secrets.lose()
    assert found(world)["plan"].level == "fail"
