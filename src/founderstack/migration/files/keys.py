"""Under which key a stored object lies at the target. Pure."""

from __future__ import annotations

import re

PREFIX = "storage"
"""First part of every key, beside whatever the app itself stores."""
_LONGEST_PART = 200
_LONGEST_KEY = 900
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\%]")


def key_of(bucket: str, name: str, object_id: str, *, shadowed: bool = False) -> str:
    """The same bucket and path, readable; `storage/BUCKET/~ID` for a name that cannot be a path on a disk.

    `shadowed` says that another object's path goes on where this one ends: `a` beside `a/b`.
    """
    parts = [_part(part) for part in name.split("/")]
    plain = f"{PREFIX}/{_part(bucket) or '~'}"
    path = "/".join([plain, *(part for part in parts if part)])
    if shadowed or not all(parts) or len(path.encode()) > _LONGEST_KEY:
        return f"{plain}/~{object_id}"
    return path


def _part(part: str) -> str | None:
    """One part of a path as a file's name, None where it cannot be one."""
    if part in ("", ".", "..") or part.startswith("~"):
        return None
    written = _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", part)
    return written if len(written.encode()) <= _LONGEST_PART else None
