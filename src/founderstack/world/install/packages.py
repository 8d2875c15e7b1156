"""System packages from Debian or Ubuntu, installed without starting a service or touching one that is there."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
from collections.abc import Callable, Sequence

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.install.install_shield import ShieldPlaces, no_service_starts, stands, take_down
from founderstack.world.os.ambient import download_environment
from founderstack.world.os.clock import SystemClock, until
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.processes import PATH, Result, command_line, run

_LISTS = "/var/lib/apt/lists"
_APT_LOCKS = (f"{_LISTS}/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/cache/apt/archives/lock")
_LOCK_WAIT_S = 120
_TIMEOUT_S = 900
_LISTS_AGE_S = 86_400
_OURS = "/run/founder-stack-packages.lock"
_QUIET = {
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "UCF_FORCE_CONFFOLD": "1",
    # Ubuntu's needrestart would restart other people's services after an installation.
    "NEEDRESTART_SUSPEND": "1",
}


def install(packages: Sequence[str], provides: Sequence[str], progress: Callable[[str], None]) -> None:
    """Install packages unless everything they provide is there; nothing is started or enabled, now or at boot.

    Waits up to two minutes for another program that holds apt's lock. Raises StackError when this user may not
    install (with the one command to run), when apt stays locked, and when apt fails (with its last words).
    """
    shield = ShieldPlaces()
    root = os.geteuid() == 0
    if not missing(provides) and not (root and stands(shield)):
        return
    if not root:
        raise _not_root(packages)
    with stack_lock(_OURS, command=_("installation of packages"), wait_s=_TIMEOUT_S):
        if stands(shield):
            # A run was killed here. Its apt may still be at work, under its shield.
            _wait_for_apt(progress)
            take_down(shield)
        if missing(provides):
            _install(packages, shield, progress)
    still = missing(provides)
    if still:
        raise StackError(
            _("{path} is still missing").format(path=", ".join(still)),
            _("The packages {packages} are installed, but this system's do not hold it.").format(
                packages=" ".join(packages)
            ),
            _("Run: founder doctor, which shows the versions that this system offers."),
            exit_code=EXIT_PRECONDITION,
        )


def apt_user() -> str:
    """The program that holds one of apt's locks now, "" where none does."""
    pid = _apt_holder()
    return f"{_what(pid)} (pid {pid})" if pid else ""


def missing(provides: Sequence[str]) -> list[str]:
    """Those of the paths that are not there."""
    return [path for path in provides if not os.path.exists(path)]


def _install(packages: Sequence[str], shield: ShieldPlaces, progress: Callable[[str], None]) -> None:
    if shutil.which("apt-get", path=PATH) is None:
        raise StackError(
            _("{packages} cannot be installed here").format(packages=" ".join(packages)),
            _("This system has no apt-get; Founder Stack installs packages on Debian and Ubuntu."),
            _("Install them with this system's own tool, then run the command again."),
            exit_code=EXIT_PRECONDITION,
        )
    _wait_for_apt(progress)
    with no_service_starts(shield):
        fresh = _lists_are_fresh()
        if not fresh:
            _apt(["update"], progress)
        ended = _apt(["install", *packages], progress)
        if ended.code != 0 and "dpkg --configure -a" in ended.out:
            # An installation before this one was cut off.
            repair = ["dpkg", "--force-confold", "--configure", "-a"]
            run(repair, env=_QUIET, timeout_s=_TIMEOUT_S, on_line=progress, to_its_end=True)
            ended = _apt(["install", *packages], progress)
        if ended.code != 0 and fresh:
            # A list that is a few hours old may name files that the mirror has replaced since.
            _apt(["update"], progress)
            ended = _apt(["install", *packages], progress)
    if ended.code != 0:
        raise _apt_failed(packages, ended)


def _apt(arguments: list[str], progress: Callable[[str], None]) -> Result:
    options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=30"]
    kept = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
    return run(
        ["apt-get", *options, *kept, *arguments],
        env={**download_environment(), **_QUIET},
        timeout_s=_TIMEOUT_S,
        on_line=progress,
        check=False,
        to_its_end=True,
    )


def _lists_are_fresh() -> bool:
    # apt works in `partial` at every update, whether anything has changed or not.
    try:
        age = SystemClock().now() - os.stat(f"{_LISTS}/partial").st_mtime
        return age < _LISTS_AGE_S and any("_Packages" in name for name in os.listdir(_LISTS))
    except OSError:
        return False


def _wait_for_apt(progress: Callable[[str], None]) -> None:
    told: set[int] = set()

    def free() -> bool:
        pid = _apt_holder()
        if pid and pid not in told:
            told.add(pid)
            progress(_("waiting for process {pid} ({program}), which is using apt").format(pid=pid, program=_what(pid)))
        return not pid

    if not until(free, _LOCK_WAIT_S, every_s=0.5):
        pid = _apt_holder()
        raise StackError(
            _("apt is in use by another program"),
            _("Process {pid} ({program}) has held its lock for {seconds} seconds.").format(
                pid=pid, program=_what(pid), seconds=_LOCK_WAIT_S
            ),
            _("Wait until it has ended (an automatic update takes some minutes), then run the command again."),
        )


def _apt_holder() -> int:
    """Pid of the process that holds one of apt's locks, 0 where none does."""
    for path in _APT_LOCKS:
        try:
            with open(path, "rb+") as file:
                # struct flock of fcntl(2): type, whence, start, length, pid.
                wish = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, _whence, _start, _length, pid = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, wish))
        except OSError:
            continue
        if kind != fcntl.F_UNLCK:
            return int(pid)
    return 0


def _what(pid: int) -> str:
    return os.path.basename(" ".join(command_line(pid)[:1])) or "?"


def _not_root(packages: Sequence[str]) -> StackError:
    return StackError(
        _("These packages are missing: {packages}").format(packages=" ".join(packages)),
        _("Only root may install them."),
        _("Run: sudo apt-get install -y --no-install-recommends {packages}").format(packages=" ".join(packages)),
        exit_code=EXIT_PRECONDITION,
    )


def _apt_failed(packages: Sequence[str], ended: Result) -> StackError:
    said = [line for line in ended.out.splitlines() if line.startswith("E:")] or ended.out.splitlines()
    return StackError(
        _("{packages} could not be installed").format(packages=" ".join(packages)),
        "\n".join(said[-3:]) or _("apt-get gave no reason."),
        _("Check the network and /etc/apt/sources.list, then run the command again."),
    )
