"""What the kernel says of the processes that run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

_TICKS = os.sysconf("SC_CLK_TCK")


def started(pid: int) -> float:
    """Seconds after boot at which the process began, 0.0 where there is none; with the pid it names a process."""
    fields = _stat(pid)
    return int(fields[19]) / _TICKS if fields else 0.0


def parent(pid: int) -> int:
    """Pid of the process that started this one, 0 where there is none."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def alive(pid: int, started_at: float | None = None) -> bool:
    """True where the process runs (a zombie does not) and, with `started_at`, is the same one."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX" and (started_at is None or started(pid) == started_at)


def command_line(pid: int) -> tuple[str, ...]:
    """The arguments a process was started with, empty where it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            raw = file.read()
    except OSError:
        return ()
    return tuple(raw.rstrip(b"\0").decode(errors="replace").split("\0")) if raw else ()


def began_with(pid: int, setting: str) -> bool:
    """True where `NAME=value` is in the environment that the program was started with, or its parent before it forked.

    A PostgreSQL that has renamed its processes has written over it; what it starts has it again.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return setting.encode() in file.read().split(b"\0")
    except OSError:
        return False


def elsewhere(pid: int) -> bool:
    """True where the process belongs to a container or a chroot that shares our numbers.

    To move there needs root, or a user namespace of its own: what made itself one is still ours. Raises
    FileNotFoundError or ProcessLookupError where it is gone.
    """
    try:
        if not _shared(pid, "ns/user"):
            return False
        return not (_shared(pid, "root") and _shared(pid, "ns/pid"))
    except PermissionError:
        return False  # a container may keep its root from looking; it has process numbers of its own


def all_pids() -> Iterator[int]:
    """Every process on the machine."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    return _descendants(pid, {other: parent(other) for other in all_pids()})


def memory_mib(pids: Iterable[int]) -> dict[int, int]:
    """What each of these takes with all that descend from it, in memory and in swap; shared pages count by shares."""
    parents = {other: parent(other) for other in all_pids()}
    return {pid: sum(_memory_kib(descendant) for descendant in _descendants(pid, parents)) // 1024 for pid in pids}


def _memory_kib(pid: int) -> int:
    """Source: proc_pid_smaps(5), since Linux 4.14."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as file:
            fields = (line.split() for line in file)
            return sum(int(field[1]) for field in fields if field[0] in ("Pss:", "SwapPss:"))
    except OSError:
        return _resident_kib(pid)


def _resident_kib(pid: int) -> int:
    """Where the kernel does not tell shares: all that it uses, shared or not. 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except (OSError, ValueError):
        return 0


def _descendants(pid: int, parents: Mapping[int, int]) -> set[int]:
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        found |= fresh
        fresh = {other for other, above in parents.items() if above in found} - found
    return found


def _shared(pid: int, what: str) -> bool:
    return os.path.samestat(os.stat(f"/proc/{pid}/{what}"), os.stat(f"/proc/self/{what}"))


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on, empty where the process is gone. Source: proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
