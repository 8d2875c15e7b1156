"""Where the tool keeps things on this machine."""

from __future__ import annotations

import os

from founderstack.model.stack import Places
from founderstack.world.ambient import state_home
from founderstack.world.machine import readable_python


def state_root() -> str:
    """FOUNDER_HOME, else /var/lib/founder for root, else ~/.local/state/founder; absolute, made by nobody yet."""
    chosen = state_home()
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if os.geteuid() == 0:
        return "/var/lib/founder"
    return os.path.expanduser("~/.local/state/founder")


def places(stack_name: str) -> Places:
    """The folders of a stack, and the interpreter its processes run on; raises StackError where there is none."""
    root = state_root()
    return Places(
        state=os.path.join(root, stack_name),
        shared=os.path.join(root, "shared"),
        python=readable_python(),
        package=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    )
