"""Log files are kept small without following anything that their writer could plant."""

from __future__ import annotations

import os
from pathlib import Path

from founderstack.agent.watching.rotation import KEPT, rotate


def test_a_small_or_missing_file_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    assert not rotate(str(log), 10)
    log.write_text("short")
    assert not rotate(str(log), 10)
    assert log.read_text() == "short"


def test_five_older_ones_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    for number in range(8):
        log.write_text(f"file {number} is long enough")
        assert rotate(str(log), 10)
    assert sorted(os.listdir(tmp_path)) == [f"access.log.{number}" for number in range(1, KEPT + 1)]
    assert (tmp_path / "access.log.1").read_text().startswith("file 7")
    assert (tmp_path / "access.log.5").read_text().startswith("file 3")


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "other"
    target.write_text("long enough to be rotated")
    (tmp_path / "access.log").symlink_to(target)
    assert not rotate(str(tmp_path / "access.log"), 10)
    assert target.exists()
