"""The systemd unit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from founderstack.runtimes.host.systemd_unit import unit_text

ARGV = ["/bin/true", "-n", "-c", "/var/lib/founder/diary/supervisor/supervisord.conf"]


def test_a_clean_end_stays_down_and_a_killed_supervisor_comes_back() -> None:
    unit = unit_text("diary", ARGV)
    assert "Restart=on-failure" in unit
    assert "StartLimitIntervalSec=0" in unit
    assert "WantedBy=multi-user.target" in unit


def test_words_that_systemd_would_fill_in_stay_as_they_are() -> None:
    assert 'ExecStart=/bin/true "/srv/a b" "/srv/100%%" "/srv/$$HOME" "/srv/\\"x\\""' in unit_text(
        "diary", ["/bin/true", "/srv/a b", "/srv/100%", "/srv/$HOME", '/srv/"x"']
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    unit = tmp_path / "founder-diary.service"
    unit.write_text(unit_text("diary", ARGV))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
