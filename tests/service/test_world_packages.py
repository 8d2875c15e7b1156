"""A real installation with apt: what starts, what is left to start at boot, and what was there before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.install import packages
from founderstack.world.install.install_shield import ShieldPlaces
from tests.conftest import held_up, wait_until

NEW, NEW_PROGRAM = "memcached", "/usr/bin/memcached"
OLD, OLD_PROGRAM = "tinyproxy", "/usr/bin/tinyproxy"
"""Two small daemons that no stack uses: one to install, one that somebody else runs already."""
RUNLEVEL = Path("/usr/sbin/runlevel")
"""What invoke-rc.d asks; without an answer it starts nothing, which would hide what we look for."""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="installs packages"),
    pytest.mark.skipif(os.path.exists(NEW_PROGRAM) or os.path.exists(OLD_PROGRAM), reason="somebody uses these"),
    pytest.mark.timeout(600),
]
APT = ("apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=200")


@pytest.fixture
def no_policy() -> Iterator[None]:
    """A machine in its normal runlevel without a policy-rc.d: a container lacks the one and may have the other."""
    with _aside(Path(ShieldPlaces().policy)), _aside(RUNLEVEL):
        RUNLEVEL.write_text("#!/bin/sh\necho N 2\n")
        RUNLEVEL.chmod(0o755)
        yield


@pytest.fixture
def other_daemon(no_policy: None) -> Iterator[int]:
    """A service that somebody installed with apt, running and enabled."""
    try:
        _apt("update")
        _apt("install", "--no-install-recommends", OLD)
        wait_until(lambda: _pids(OLD_PROGRAM), "the other daemon runs")
        yield _pids(OLD_PROGRAM)[0]
    finally:
        _remove(OLD, f"{OLD}-bin")


def test_nothing_starts_and_nothing_is_enabled_and_what_ran_before_still_runs(other_daemon: int) -> None:
    links = _boot_links()
    try:
        packages.install([NEW], [NEW_PROGRAM], print)

        assert os.path.exists(NEW_PROGRAM)
        assert _pids(NEW_PROGRAM) == []
        assert _boot_links() == links
        assert other_daemon in _pids(OLD_PROGRAM)
        assert any(OLD in link for link in links)
        assert not os.path.exists(ShieldPlaces().policy)
        assert not os.path.exists(ShieldPlaces().cluster)
        assert not os.path.exists(ShieldPlaces().before)

        _apt("install", "--reinstall", NEW)
        assert _boot_links() == links, "an upgrade enables it again"
    finally:
        _remove(NEW)


def test_without_the_shield_the_same_package_would_start(no_policy: None) -> None:
    """The two packages are able to fail the test above."""
    try:
        _apt("install", "--no-install-recommends", NEW)
        wait_until(lambda: _pids(NEW_PROGRAM), "apt starts it")
        assert any(NEW in link for link in _boot_links())
    finally:
        _remove(NEW)


def test_a_run_killed_in_the_middle_is_finished_by_the_next(no_policy: None) -> None:
    script = "import sys; from founderstack.world.install.packages import install\n"
    script += "install(sys.argv[1:2], sys.argv[2:], lambda line: print(line, flush=True))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    links = _boot_links()
    try:
        command = [sys.executable, "-c", script, NEW, NEW_PROGRAM]
        with held_up(lambda out: subprocess.Popen(command, stdout=out, env=env, start_new_session=True)) as (one, told):
            assert any(b"Unpacking" in line for line in told)
            one.kill()
            assert one.wait(30) == -signal.SIGKILL
        packages.install([NEW], [NEW_PROGRAM], print)

        assert subprocess.run([NEW_PROGRAM, "-V"], capture_output=True, check=False).returncode == 0
        assert "install ok installed" in subprocess.check_output(["dpkg", "-s", NEW], text=True)
        assert _pids(NEW_PROGRAM) == []
        assert _boot_links() == links
        assert not os.path.exists(ShieldPlaces().policy)
    finally:
        _remove(NEW)


def test_an_unknown_package_names_what_apt_says() -> None:
    with pytest.raises(StackError) as raised:
        packages.install(["no-such-package-at-all"], ["/nonexistent/program"], print)
    assert "no-such-package-at-all" in raised.value.what
    assert "Unable to locate package" in raised.value.why
    assert not os.path.exists(ShieldPlaces().before)


def _apt(*arguments: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*APT, *arguments], check=True, capture_output=True, env=env)


def _remove(*names: str) -> None:
    subprocess.run(["service", names[0], "stop"], check=False, capture_output=True)
    _apt("purge", *names)


@contextmanager
def _aside(path: Path) -> Iterator[None]:
    """The file out of the way while the block runs, and back afterwards whatever took its place."""
    kept = path.with_name(f"{path.name}.kept-by-test")
    if path.is_symlink() or path.exists():
        path.rename(kept)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if kept.is_symlink() or kept.exists():
            kept.rename(path)


def _pids(program: str) -> list[int]:
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _program(pid) == program]


def _program(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _boot_links() -> set[str]:
    wants = {str(path) for path in Path("/etc/systemd/system").glob("*.wants/*")}
    return wants | {str(path) for path in Path("/etc").glob("rc[2-5].d/S*")}


def test_apt_in_use_by_another_is_waited_for_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_LOCK_WAIT_S", 1)
    said: list[str] = []
    script = "import fcntl,sys; f = open('/var/lib/dpkg/lock-frontend', 'r+'); fcntl.lockf(f, fcntl.LOCK_EX)\n"
    script += "print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        with pytest.raises(StackError, match="apt is in use") as raised:
            packages.install([NEW], [NEW_PROGRAM], said.append)
        other.stdin.close()
    assert f"process {other.pid}" in said[0]
    assert str(other.pid) in raised.value.why
    assert not os.path.exists(ShieldPlaces().policy) or "Founder" not in Path(ShieldPlaces().policy).read_text()
