"""Puts the stack's systemd unit in its place, and takes it away."""

from __future__ import annotations

import os

from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.operations.service import Bootable, unit_text
from founderstack.operations.stack.site import Site
from founderstack.world.os import files
from founderstack.world.os.processes import run

ANALYZE = "/usr/bin/systemd-analyze"


def install(site: Site) -> str:
    """Write the unit and have it start at boot; returns its path. Safe to call twice."""
    runtime = _bootable(site)
    if not site.machine.root:
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
    files.write_atomic(runtime.unit_file, unit_text(site.stack.name, runtime.supervisor_argv))
    if os.path.exists(ANALYZE):
        run([ANALYZE, "verify", runtime.unit_file], timeout_s=60)
    if systemd_runs():
        run(["systemctl", "daemon-reload"])
        run(["systemctl", "enable", runtime.unit])
    return runtime.unit_file


def remove(site: Site) -> bool:
    """Take the unit away; True where there was one. What runs goes on running."""
    runtime = site.runtime
    if not isinstance(runtime, Bootable) or not os.path.exists(runtime.unit_file):
        return False
    if not site.machine.root:
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


def _bootable(site: Site) -> Bootable:
    assert isinstance(site.runtime, Bootable)
    return site.runtime


def _needs_root() -> StackError:
    return StackError(
        _("Only root may change what starts at boot"),
        _("The unit lies in /etc/systemd/system."),
        _("Run the command with sudo, on a stack that root brought up."),
        exit_code=EXIT_PRECONDITION,
    )
