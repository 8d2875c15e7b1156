"""How PostgreSQL plans with the machine's memory and cores. Not a component."""

from __future__ import annotations

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.component import View

_LOCKS = 65_536
"""Tables and indexes that can be held at once, by all together: a dump holds every table of its database. 12 MB."""
_BESIDES = 24
"""Processes that count like connections: of replication, of autovacuum, workers."""


def settings(view: View) -> dict[str, object]:
    """Memory and parallelism from the machine, within the share that PostgreSQL may plan with."""
    ram, planned, shared = view.machine.ram_mib, _planned_mib(view), shared_mib(view)
    work = min(64, max(4, (planned - shared) // (2 * connections(view))))
    return {
        "effective_cache_size": f"{max(planned * 3 // 4, 32)}MB",
        "work_mem": f"{work}MB",
        "maintenance_work_mem": f"{min(2048, max(16, planned // 16))}MB",
        "max_wal_size": f"{min(4096, max(512, ram // 4))}MB",
        "max_slot_wal_keep_size": f"{min(8192, max(1024, ram // 2))}MB",
        "max_parallel_workers": view.machine.cores,
        "max_parallel_workers_per_gather": max(1, view.machine.cores // 2),
    }


def _planned_mib(view: View) -> int:
    return int(view.machine.ram_mib * view.settings.memory_share_percent // 100)


def shared_mib(view: View) -> int:
    """A 4 GiB server gets 512 MB of shared buffers at a share of 50 %."""
    return max(_planned_mib(view) // 4, 16)


def connections(view: View) -> int:
    return int(view.settings.max_connections) or min(100, max(20, view.machine.ram_mib // 68))


def locks_each(view: View) -> int:
    """PostgreSQL counts its locks by connection, whoever needs them."""
    return max(64, -(-_LOCKS // (connections(view) + _BESIDES)))


NONE_SHARED = tuple(
    p.Sign(
        f'could not {act} shared memory segment "/PostgreSQL.',
        N_("Its processes share memory in /dev/shm, which is missing here, full, too small, or not open to its user."),
        N_(
            "Give /dev/shm 256 MB or more (docker run --shm-size=256m; mount -o remount,size=256m /dev/shm), with mode"
            " 1777. Then run: founder up"
        ),
    )
    for act in ("open", "resize", "map")
)
"""What a server says that may not share memory among its processes."""
