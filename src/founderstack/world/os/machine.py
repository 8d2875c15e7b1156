"""The facts of this machine: system, memory, cores, and the interpreter that processes run on."""

from __future__ import annotations

import math
import os
import re
import sys

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.stack import Machine
from founderstack.world.os.files import readable_by_others

OLDEST_PYTHON = (3, 11)
_CGROUPS = "/sys/fs/cgroup"


def read_machine() -> Machine:
    """What settings are derived from; memory and cores as far as a container or a slice lets us use them."""
    import pwd

    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return Machine(
        os=_system(),
        ram_mib=min(_total_memory(), *_memory_limits()) // 2**20,
        cores=max(1, min(len(os.sched_getaffinity(0)), *_core_limits())),
        root=uid == 0,
        user=user,
        hostname=os.uname().nodename,
        architecture=os.uname().machine,
    )


def readable_python() -> str:
    """Path of a Python, 3.11 or later, that the users of all processes can run; the system's own where it will do.

    Nothing is started to find it. Raises StackError naming the folder that keeps them out, and the cure.
    """
    candidates = ["/usr/bin/python3", *(f"/usr/bin/python3.{minor}" for minor in (13, 12, 11)), _own_python()]
    blocked = ""
    for candidate in candidates:
        if _version(candidate) < OLDEST_PYTHON or not _complete(candidate):
            continue
        blocked = _blocked_at(candidate)
        if not blocked:
            return candidate
    if blocked:
        why = _("The one that runs this command lies under {folder}, which other users may not enter.").format(
            folder=blocked
        )
    else:
        why = _("None was found in /usr/bin.")
    raise StackError(
        _("No Python 3.11 or later that the processes' users can read"),
        why,
        _("Run: apt-get install -y python3"),
        exit_code=EXIT_PRECONDITION,
    )


def _own_python() -> str:
    return os.path.join(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _version(path: str) -> tuple[int, int]:
    """The version in the name of the real file (`/usr/bin/python3` is a link to `python3.11`), (0, 0) without."""
    found = re.search(r"python(\d+)\.(\d+)$", os.path.realpath(path))
    return (int(found[1]), int(found[2])) if found and os.access(path, os.X_OK) else (0, 0)


def _library(path: str) -> str:
    real = os.path.realpath(path)
    return os.path.join(os.path.dirname(os.path.dirname(real)), "lib", os.path.basename(real))


def _complete(path: str) -> bool:
    # Debian's python3-minimal has an interpreter without most of the library.
    return os.path.exists(os.path.join(_library(path), "asyncio", "__init__.py"))


def _blocked_at(path: str) -> str:
    if os.geteuid() != 0:
        return ""
    return readable_by_others(path) or readable_by_others(os.path.join(_library(path), "os.py"))


def _system() -> str:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        text = _read(path)
        if text:
            values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
            return ":".join(values.get(name, "").strip("\"'") for name in ("ID", "VERSION_ID"))
    return "unknown:"


def _total_memory() -> int:
    found = re.search(r"^MemTotal:\s+(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 2**62


def _memory_limits() -> list[int]:
    """Limits in bytes on our cgroup and those above it, of version 2 and 1; never empty."""
    texts = [_read(f"{folder}/memory.max") for folder in _own_cgroups("")]
    texts += [_read(f"{folder}/memory.limit_in_bytes") for folder in _own_cgroups("memory")]
    return [int(text) for text in texts if text.strip().isdigit()] or [2**62]


def _core_limits() -> list[int]:
    """Whole cores that quotas allow, rounded up; never empty."""
    quotas = [_read(f"{folder}/cpu.max").split() for folder in _own_cgroups("")]
    quotas += [
        [_read(f"{folder}/cpu.cfs_quota_us").strip(), _read(f"{folder}/cpu.cfs_period_us").strip()]
        for folder in _own_cgroups("cpu")
    ]
    whole = [quota for quota in quotas if len(quota) == 2 and all(part.isdigit() for part in quota)]
    return [math.ceil(int(quota) / int(period)) for quota, period in whole] or [2**16]


def _own_cgroups(controller: str) -> list[str]:
    """Folders of our cgroup and those above it; `controller` "" means version 2. Source: cgroups(7)."""
    for line in _read("/proc/self/cgroup").splitlines():
        _number, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and (controller or not controllers):
            mount = f"{_CGROUPS}/{controller}".rstrip("/")
            parts = [part for part in path.split("/") if part]
            return [os.path.join(mount, *parts[:depth]) for depth in range(len(parts), -1, -1)]
    return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
