"""What the tool itself costs while nothing happens: supervisor, agent and panel. Budget 60 MB PSS and 1 % of a core."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from bench.measure import header, row, small, state_root

SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    header("the tool at rest")
    with state_root() as home, small(home) as founder:
        pids = {name: pid for name, pid in founder.pids().items() if name in ("agent", "panel")}
        pids["supervisord"] = founder.supervisor_pid
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        time.sleep(SECONDS)
        total_mib = total_percent = 0.0
        for name, pid in pids.items():
            mib, percent = pss_mib(pid), 100 * (cpu_seconds(pid) - before[name]) / SECONDS
            row(name, f"{mib:.1f} MB", f"{percent:.2f} % of a core")
            total_mib, total_percent = total_mib + mib, total_percent + percent
        row("all three", f"{total_mib:.1f} MB", f"{total_percent:.2f} % of a core; budget 60 MB, 1 %")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def pss_mib(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
