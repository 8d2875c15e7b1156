"""Codes from a phone, and the recovery codes for the day it is lost. Pure: the time comes in as a number."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from founderstack.panel.ambient import random_bytes

if TYPE_CHECKING:
    import pyotp

STEP_S = 30
SKEW = 1
"""Steps that a phone's clock may be early or late."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """160 bits in base32, as authenticator apps want them."""
    import base64

    return base64.b32encode(random_bytes(20)).decode()


def address(secret: str, user: str, stack: str) -> str:
    """What the QR code says."""
    return _totp(secret).provisioning_uri(name=user, issuer_name=f"Founder Stack: {stack}")


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """The step that `code` belongs to, None for a wrong one; a step not after the last used one counts as wrong."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    current = int(now) // STEP_S
    found = None
    for step in range(current - SKEW, current + SKEW + 1):
        right = hmac.compare_digest(_totp(secret).generate_otp(step), digits)
        if right and step > after:
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 59 bits, each good once."""
    return tuple(f"{_letters(6)}-{_letters(6)}" for _ in range(RECOVERY_CODES))


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code. It is random, so one round of a fast hash is enough."""
    return hashlib.sha256(re.sub(r"[\s-]", "", code).lower().encode()).hexdigest()


def one_time_password() -> str:
    """Four groups that can be read out, 79 bits."""
    return "-".join(_letters(4) for _ in range(4))


def _letters(count: int) -> str:
    return "".join(_ALPHABET[number] for number in _numbers(count))


def _numbers(count: int) -> Sequence[int]:
    """Evenly spread numbers below the alphabet's length: bytes beyond a multiple of it are thrown away."""
    most = 256 - 256 % len(_ALPHABET)
    found: list[int] = []
    while len(found) < count:
        found += [byte % len(_ALPHABET) for byte in random_bytes(count) if byte < most]
    return found[:count]


@cache
def _totp(secret: str) -> pyotp.TOTP:
    import pyotp

    return pyotp.TOTP(secret)
