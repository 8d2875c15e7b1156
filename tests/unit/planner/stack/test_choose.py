"""What is left open is chosen once, and kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from founderstack.catalogue import COMPONENTS
from founderstack.model.errors import StackError, StackErrors
from founderstack.model.stack import Choices
from founderstack.planner.stack.choose import choose
from founderstack.testing.stores import FakeChoices
from founderstack.testing.world import DEBIAN_12, FakePorts, FakeWorld

LAPTOP = 'name = "diary"\n'
SERVER = 'name = "diary"\ndomain = "diary.example.com"\n'
DEFAULTS = [port.default for component in COMPONENTS.values() for port in component.ports]


def chosen(text: str = LAPTOP, before: Choices | None = None, held: dict[int, str] | None = None) -> Choices:
    kept = before or Choices()
    ports = FakePorts(held)
    stack = FakeWorld(choices=FakeChoices(kept)).stack(text)
    return choose(stack, COMPONENTS, DEBIAN_12, kept, ports.usable, ports.holder)


def test_defaults_are_taken_where_they_are_free() -> None:
    ports = chosen().ports
    assert (ports["nginx.https"], ports["postgres.sql"], ports["redis.redis"]) == (443, 5432, 6379)


def test_a_laptop_falls_back_to_the_next_free_port() -> None:
    held = {443: "apache2", 8443: "java", 5432: "postgres"}
    ports = chosen(held=held).ports
    assert (ports["nginx.https"], ports["postgres.sql"]) == (8444, 5433)


def test_what_was_chosen_stays_when_the_default_becomes_free() -> None:
    before = chosen(held={443: "apache2", 5432: "postgres"})
    assert chosen(before=before) == before


def test_a_kept_port_that_is_taken_names_the_holder_and_the_way_out() -> None:
    with pytest.raises(StackErrors) as caught:
        chosen(before=Choices(ports={"postgres.sql": 5440}), held={5440: "postgres (pid 7, ana)"})
    (problem,) = caught.value.problems
    assert "5440" in problem.what
    assert "postgres (pid 7, ana)" in problem.why
    assert "founder.lock" in problem.fix


def test_all_taken_ports_are_told_at_once() -> None:
    with pytest.raises(StackErrors) as caught:
        chosen(f"{LAPTOP}[database]\nport = 5450\n[cache]\nport = 6450\n", held={5450: "a", 6450: "b"})
    assert len(caught.value.problems) == 2


def test_a_port_of_the_stack_file_wins_over_a_kept_one() -> None:
    assert (
        chosen(f"{LAPTOP}[database]\nport = 5450\n", Choices(ports={"postgres.sql": 5440})).ports["postgres.sql"]
        == 5450
    )


def test_a_domain_needs_the_ports_that_browsers_look_at() -> None:
    with pytest.raises(StackErrors) as caught:
        chosen(SERVER, held={443: "apache2 (pid 8, root)", 80: "apache2 (pid 8, root)"})
    assert len(caught.value.problems) == 2
    assert "apache2 (pid 8, root)" in caught.value.problems[0].why


def test_under_a_domain_a_laptops_fallback_counts_no_longer() -> None:
    before = chosen(held={443: "apache2", 80: "apache2"})
    assert before.ports["nginx.https"] == 8443
    ports = chosen(SERVER, before).ports
    assert (ports["nginx.https"], ports["nginx.http"]) == (443, 80)


def test_versions_are_those_of_the_system_and_stay() -> None:
    assert chosen().versions["postgres"] == "15"
    assert chosen(before=Choices(versions={"postgres": "14"})).versions["postgres"] == "14"


def test_no_free_port_at_all_is_an_error() -> None:
    stack = FakeWorld().stack(LAPTOP)
    with pytest.raises(StackError, match="No port is free"):
        choose(stack, COMPONENTS, DEBIAN_12, Choices(), lambda _port: False, str)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(DEFAULTS)), st.integers(3000, 3200))
def test_no_port_is_given_twice(held: set[int], fixed: int) -> None:
    text = f"{LAPTOP}[gateway]\nhttps_port = {fixed}\n"
    ports = chosen(text, held=dict.fromkeys(held - {fixed}, "somebody")).ports
    rows = {f"{part.name}.{port.name}": port.row for part in COMPONENTS.values() for port in part.ports}
    taken = [number + offset for key, number in ports.items() for offset in range(rows[key])]
    assert len(taken) == len(set(taken))
    assert not set(taken) & (held - {fixed})
