"""The systemd unit that starts a stack when the machine boots: its text, its place, and its end."""

from __future__ import annotations

import os
from collections.abc import Sequence

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Runtime
from founderstack.runtimes.host.runtime import HostRuntime
from founderstack.world.os import files
from founderstack.world.os.processes import run

ANALYZE = "/usr/bin/systemd-analyze"
_STOP_S = 120
"""Longer than the slowest process may take; systemd would kill the database after it."""


def install(runtime: Runtime, *, root: bool) -> str:
    """Write the unit and have it start at boot; returns its path. Safe to call twice."""
    assert isinstance(runtime, HostRuntime)
    if not root:
        raise _needs_root()
    # The program may be another stack's: both share it. The configuration is this stack's alone.
    program, *_options, configuration = runtime.supervisor_argv
    missing = next((path for path in (program, configuration) if not os.path.exists(path)), "")
    if missing:
        raise StackError(
            _("There is nothing yet to start at boot"),
            _("“founder up” has not run: {path} is not there.").format(path=missing),
            _("Run “founder up” first."),
            exit_code=EXIT_PRECONDITION,
        )
    files.write_atomic(runtime.unit_file, unit_text(runtime.stack, runtime.supervisor_argv))
    if os.path.exists(ANALYZE):
        run([ANALYZE, "verify", runtime.unit_file], timeout_s=60)
    if systemd_runs():
        run(["systemctl", "daemon-reload"])
        run(["systemctl", "enable", runtime.unit])
    return runtime.unit_file


def remove(runtime: Runtime, *, root: bool) -> bool:
    """Take the unit away; True where there was one. What runs goes on running."""
    if not isinstance(runtime, HostRuntime) or not os.path.exists(runtime.unit_file):
        return False
    if not root:
        raise _needs_root()
    if systemd_runs():
        run(["systemctl", "disable", runtime.unit], check=False)
    files.remove_tree(runtime.unit_file)
    if systemd_runs():
        run(["systemctl", "daemon-reload"])
    return True


def systemd_runs() -> bool:
    """True where systemd is this machine's init; in a container it mostly is not."""
    return os.path.isdir("/run/systemd/system")


def _needs_root() -> StackError:
    return StackError(
        _("Only root may change what starts at boot"),
        _("The unit lies in /etc/systemd/system."),
        _("Run the command with sudo, on a stack that root brought up."),
        exit_code=EXIT_PRECONDITION,
    )


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
