"""Keeps the log files that processes write themselves from filling the disk."""

from __future__ import annotations

import os
import stat

MOST_BYTES = 20 * 1024 * 1024
KEPT = 5


def rotate(path: str, most_bytes: int = MOST_BYTES) -> bool:
    """Rename `path` to `path.1`, `path.1` to `path.2` … when it has grown too big; True if its writer must reopen it.

    Only names inside the file's own folder change and links are left alone, because that folder belongs to the
    process, which must not be able to make the agent touch anything else.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size <= most_bytes:
        return False
    for number in range(KEPT - 1, 0, -1):
        if os.path.lexists(f"{path}.{number}"):
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")
    os.replace(path, f"{path}.1")
    return True
