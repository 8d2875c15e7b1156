"""Ten thousand tries by the clock as an argument: how many count, and who is kept waiting by them."""

from __future__ import annotations

import pytest

from founderstack.panel.people.attempts import FREE, NEWCOMERS_AN_HOUR, Gate, network


def counted(gate: Gate, tries: int, addresses: int, seconds: float) -> int:
    """How many of so many tries for `founder`, evenly spread over the time and the addresses, are looked at."""
    looked_at = 0
    for number in range(tries):
        address, now = f"10.{number % addresses // 250}.{number % addresses % 250}.9", number * seconds / tries
        if gate.wait_s("founder", address, "", now) == 0:
            gate.failed("founder", address, "", now)
            looked_at += 1
    return looked_at


@pytest.mark.parametrize(
    ("addresses", "seconds", "most"),
    [(1, 60, 15), (1, 3600, 20), (250, 60, NEWCOMERS_AN_HOUR + 20), (250, 3600, 250), (10_000, 3600, 250)],
)
def test_ten_thousand_tries_come_to_a_few(addresses: int, seconds: float, most: int) -> None:
    assert counted(Gate(), 10_000, addresses, seconds) <= most


def test_a_browser_that_was_here_before_never_waits_for_others() -> None:
    gate = Gate()
    for number in range(10_000):
        now, address = number * 0.36, f"10.0.{number % 250}.9"
        if gate.wait_s("founder", address, "", now) == 0:
            gate.failed("founder", address, "", now)
        assert gate.wait_s("founder", address, "known", now) == 0


def test_an_address_that_never_failed_is_let_try_while_few_others_attack() -> None:
    gate = Gate()
    counted(gate, 10_000, NEWCOMERS_AN_HOUR - 1, 60)
    assert gate.wait_s("founder", "10.0.0.9", "", 60) > 0
    assert gate.wait_s("founder", "203.0.113.7", "", 60) == 0


def test_even_a_crowd_keeps_a_stranger_waiting_for_half_a_minute_at_the_most() -> None:
    gate = Gate()
    counted(gate, 10_000, 5_000, 60)
    assert 0 < gate.wait_s("founder", "203.0.113.7", "", 60) <= 30
    assert gate.wait_s("founder", "203.0.113.7", "", 91) == 0
    assert gate.wait_s("ana", "203.0.113.7", "", 60) == 0, "another account is not under attack"


def test_made_up_names_push_nothing_out_of_memory() -> None:
    gate = Gate()
    for number in range(FREE + 3):
        gate.failed("founder", f"10.0.0.{number}", "", 0)
    for number in range(30_000):
        gate.failed(f"nobody{number}", f"10.{number // 250}.{number % 250}.9", "", 0)
    gate.failed("nobody", "203.0.113.7", "", 0)
    assert gate.wait_s("founder", "203.0.113.7", "", 0) > 0
    assert len(gate._accounts._failures) <= 4096


def test_a_known_browser_waits_for_its_own_mistakes() -> None:
    gate = Gate()
    for _ in range(FREE + 5):
        gate.failed("founder", "203.0.113.7", "known", 0)
    assert gate.wait_s("founder", "203.0.113.7", "known", 0) == 32
    assert gate.wait_s("founder", "203.0.113.7", "", 0) == 0
    gate.succeeded("founder", "203.0.113.7", "known")
    assert gate.wait_s("founder", "203.0.113.7", "known", 0) == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_who_holds_many_addresses_of_one_network_is_one(address: str, place: str) -> None:
    assert network(address) == place
