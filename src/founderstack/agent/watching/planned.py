"""Whether a command is at work that stops and starts services because somebody asked for it."""

from __future__ import annotations

from founderstack.model.state_folder import StateFolder
from founderstack.world.os.lock import read_holder
from founderstack.world.os.processes import alive

_INTERRUPT = frozenset({"restart", "stop", "start", "up", "secrets", "restore", "rebuild", "down", "destroy"})
"""Not `deploy`, `rollback` and `scale`, which promise that nobody waits, nor what only looks or copies."""


def planned(state_dir: str) -> bool:
    """True while what does not answer may be under a command's hands: that is nobody's failure."""
    holder = read_holder(StateFolder(state_dir).lock)
    verb = holder.command.removeprefix("founder ").partition(" ")[0]
    return verb in _INTERRUPT and alive(holder.pid)
