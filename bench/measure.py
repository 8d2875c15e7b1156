"""What the benchmarks share: the machine's name, medians of commands, and whole stacks that leave nothing behind."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.fault.stacks import Founder, end_processes_below, gone_afterwards, small_stack  # noqa: E402

NAME = "bench"


def header(what: str) -> None:
    """The first line: what, when, and on which machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    machine = f"{os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.release()}, load {load:.1f}"
    print(f"{what} · {now} · {machine} · Python {platform.python_version()}")


def row(name: str, figure: str, beside: str = "") -> None:
    """One figure, and what it is measured against."""
    print(f"  {name:<44}{figure:>14}  {beside}".rstrip(), flush=True)


def milliseconds(argv: Sequence[str], *, cwd: Path, env: dict[str, str], runs: int = 20) -> float:
    """Median wall time of a command that must succeed."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(argv, cwd=cwd, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


@contextmanager
def state_root() -> Iterator[Path]:
    """An empty FOUNDER_HOME: whoever ran before leaves no cache and no environment."""
    folder = Path(tempfile.mkdtemp(prefix="founder-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def diary(home: Path, name: str = NAME) -> Iterator[Founder]:
    """The stack of this repository, committed state, under a name of its own; not yet up."""
    with tempfile.TemporaryDirectory(prefix="founder-bench-clone-") as folder:
        clone = Path(folder) / "clone"
        git = ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(clone)]
        subprocess.run(git, check=True)
        file = clone / "founder.toml"
        file.write_text(file.read_text().replace('name = "diary"', f'name = "{name}"'))
        founder = Founder(clone, home, launcher=clone / "founder")
        try:
            yield founder
        finally:
            founder.run("destroy", "--yes", "--confirm", name)
            end_processes_below(founder.state)


@contextmanager
def small(home: Path) -> Iterator[Founder]:
    """A small stack that is up."""
    with (
        tempfile.TemporaryDirectory(prefix="founder-bench-small-") as folder,
        gone_afterwards(small_stack(Path(folder), home)) as founder,
    ):
        founder.ok("up", "--yes")
        yield founder


def wait_for(condition: Callable[[], object], what: str, deadline_s: float = 120) -> None:
    """Return as soon as `condition()` is true; end the benchmark when it is not within the deadline."""
    ends = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > ends:
            raise SystemExit(f"not within {deadline_s:g} s: {what}")
        time.sleep(0.05)
