"""Time and chance, the two things that the panel takes from the machine it runs on."""

from __future__ import annotations

import base64
import os
import time


class SystemClock:
    """The machine's clock (a model.protocols.Clock); world's is out of reach for what can only ask the agent."""

    def now(self) -> float:
        return time.time()  # noqa: TID251 - the panel's one place for it

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 - the panel's one place for it

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: TID251 - the panel's one place for it


def random_bytes(count: int) -> bytes:
    """Bytes that nobody can guess."""
    return os.urandom(count)


def new_token() -> str:
    """256 random bits for a cookie."""
    return base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()
