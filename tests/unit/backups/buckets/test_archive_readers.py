"""Objects as files for somebody who looks: whatever keys there are, each object is one file."""

from __future__ import annotations

import io
from pathlib import Path

from founderstack.backups.buckets.archive_readers import FolderWriter
from founderstack.backups.buckets.s3_admin import ObjectHead


def _laid_out(folder: Path, *keys: str) -> dict[str, str]:
    """Path → content, which is the key."""
    taker = FolderWriter(str(folder))
    taker.bucket("app", {})
    for key in keys:
        kept = ObjectHead("app", key, len(key.encode()), 0.0, "", {})
        taker.take(kept, io.BytesIO(key.encode()))
        taker.keep(kept, "")
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_an_object_that_is_also_a_folder_takes_no_others_place(tmp_path: Path) -> None:
    assert _laid_out(tmp_path, "a", "a%", "a/b", "a//b", "c/d", "c") == {
        "app/a%%": "a",
        "app/a%": "a%",
        "app/a/b": "a/b",
        "app/a/b%": "a//b",
        "app/c/d": "c/d",
        "app/c%": "c",
    }


def test_a_name_that_no_folder_can_have_becomes_folders(tmp_path: Path) -> None:
    long, wide = "x" * 300, "é" * 200
    found = _laid_out(tmp_path, long, f"{wide}/photo", "y" * 240)
    assert sorted(found.values()) == sorted([long, f"{wide}/photo", "y" * 240])
    assert found["app/" + "/".join(["x" * 60] * 5)] == long
