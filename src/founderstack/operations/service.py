"""The systemd unit that starts a stack when the machine boots. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

_STOP_S = 120
"""Longer than the slowest process may take; systemd would kill the database after it."""


@runtime_checkable
class Bootable(Protocol):
    """A runtime whose resident process an init system can start."""

    @property
    def supervisor_argv(self) -> list[str]: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_file(self) -> str: ...


def unit_text(stack: str, argv: Sequence[str]) -> str:
    """The unit file. Its program lies in the state folder, so the checkout may move or go.

    A clean end is `founder down` and stays down; a killed supervisor is started again.
    """
    return f"""\
[Unit]
Description=Founder Stack {stack}
After=network.target
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart={" ".join(_quoted(word) for word in argv)}
Restart=on-failure
RestartSec=1
KillMode=control-group
TimeoutStopSec={_STOP_S}
UMask=0077

[Install]
WantedBy=multi-user.target
"""


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) wants it; `%` and `$` would be filled in."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word
