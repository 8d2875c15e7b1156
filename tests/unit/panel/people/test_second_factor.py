"""Codes: good for a minute and a half, once, and never again."""

from __future__ import annotations

import base64

import pytest

from founderstack.panel.people import second_factor
from founderstack.panel.people.second_factor import RECOVERY_CODES, STEP_S, step_of

# RFC 6238, appendix B, with the last six of its eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130"))


@pytest.mark.parametrize(("now", "code"), VECTORS)
def test_the_standards_own_codes_are_right(now: int, code: str) -> None:
    assert step_of(SECRET, code, now, 0) == now // STEP_S
    assert step_of(SECRET, f"{code[:3]} {code[3:]}", now, 0) == now // STEP_S


@pytest.mark.parametrize(("late", "right"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_clock_may_be_a_step_early_or_late(late: int, right: bool) -> None:
    assert (step_of(SECRET, "081804", 1111111109 + late, 0) is not None) == right


def test_a_code_is_good_once_and_an_older_one_never_after_it() -> None:
    now, code = VECTORS[1]
    used = step_of(SECRET, code, now, 0)
    assert used is not None
    assert step_of(SECRET, code, now, used) is None
    assert step_of(SECRET, code, now, used - 1) == used


@pytest.mark.parametrize("code", ["", "28708", "2870821", "28708x", "٢٨٧٠٨٢", "287082'"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert step_of(SECRET, code, 59, 0) is None


def test_recovery_codes_and_passwords_are_many_and_readable() -> None:
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert all(len(code) == 13 and not set(code) & set("il1o0") for code in codes)
    assert second_factor.recovery_digest(codes[0].upper().replace("-", " ")) == second_factor.recovery_digest(codes[0])
    assert second_factor.recovery_digest(codes[0]) != codes[0]
    assert len({second_factor.one_time_password() for _ in range(100)}) == 100


def test_the_picture_says_the_secret_to_an_app() -> None:
    said = second_factor.address(SECRET, "ana", "diary")
    assert said.startswith("otpauth://totp/Founder%20Stack%3A%20diary:ana?")
    assert f"secret={SECRET}" in said
