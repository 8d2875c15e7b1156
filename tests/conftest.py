"""What every test may use: a state root of its own, one shared per run, and a wait with a deadline."""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import settings

from founderstack import locale
from founderstack.world.os.processes import alive

# How long an example takes depends on what else the machine does.
settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")

TESTS = Path(__file__).parent
MARKED_FOLDERS = ("service", "fault", "app", "journey")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in tests/service is marked `service`, and so on: the folder is the tier."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = 30) -> None:
    """Return as soon as `condition()` is true; fail with `what` when it is not within the deadline."""
    ends = time.monotonic() + deadline_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > ends:
            pytest.fail(f"not within {deadline_s:g} s: {what}")
        pause.wait(0.02)


def killed(process: subprocess.Popen[Any]) -> bool:
    """`kill -9` of a program that leads its session, with all that it started; whether it ended by that."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait(30) == -signal.SIGKILL


def killed_pid(pid: int) -> bool:
    """`kill -9` of a process that is no child of ours; whether it still ran."""
    if not alive(pid):
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "the kernel has ended it")
        return True
    return False


@contextmanager
def held_up(start: Callable[[int], subprocess.Popen[Any]]) -> Iterator[tuple[subprocess.Popen[Any], BinaryIO]]:
    """A program that leads its session and is killed at the end, and what it tells: into a pipe that `start` is given.

    The pipe holds one line, and what is told next waits to be read. So it has not gone on beyond the next thing that it
    tells, however busy the machine is: who kills it knows where.
    """
    reading, writing = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)  # each line a page of its own
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, mmap.PAGESIZE)
    with open(reading, "rb") as told:
        try:
            process = start(writing)
        finally:
            os.close(writing)
        try:
            yield process, told
        finally:
            killed(process)


def enterable_folder(prefix: str) -> Path:
    """A new folder that unprivileged users can pass through, as they pass through /var/lib/founder."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read English, whatever the developer speaks; one that wants Spanish says so."""
    monkeypatch.setenv("LANGUAGE", "en")
    locale.use("en")


@pytest.fixture(scope="session")
def shared_home() -> Iterator[Path]:
    """The `shared` folder of a state root: virtual environments and builds, made once.

    `FOUNDER_TEST_SHARED` names one to keep afterwards, as `founder test` does for all its tiers.
    """
    kept = os.environ.get("FOUNDER_TEST_SHARED", "")
    if kept:
        Path(kept).mkdir(mode=0o711, parents=True, exist_ok=True)
        yield Path(kept)
        return
    folder = enterable_folder("founder-shared-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh state root, named by FOUNDER_HOME for the test and the processes it starts."""
    folder = enterable_folder("founder-home-")
    (folder / "shared").symlink_to(shared_home)
    monkeypatch.setenv("FOUNDER_HOME", str(folder))
    yield folder
    shutil.rmtree(folder)
