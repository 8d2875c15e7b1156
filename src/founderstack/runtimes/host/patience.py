"""How long a process is waited for: longer while the machine has more to do than it can."""

from __future__ import annotations

import os

MOST = 3.0
"""Times the deadline that a process has on a machine with nothing else to do."""


def waited_s(timeout_s: float, load: float, cores: int) -> float:
    """Seconds that a process may take, where `load` programs want one of the machine's cores."""
    return timeout_s * min(max(load / cores, 1.0), MOST)


def load() -> float:
    """How many programs of this machine have wanted a core during the last minute."""
    return os.getloadavg()[0]
