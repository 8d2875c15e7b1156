"""A receipt of the last time everything was as wanted, so that looking again takes milliseconds.

It lists all that the answer depended on: files with their digests, programs that must run, sockets that must
answer. When all of that still holds, nothing can have changed. Imports little on purpose: it stands on the path of
the most frequent command.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b

VERSION = "2"


def path_for(root: str, stack_file: str) -> str:
    """Where the receipt of a stack file lies."""
    return f"{root}/receipts/{blake2b(stack_file.encode(), digest_size=10).hexdigest()}"


def digest_of(path: str) -> str:
    """Digest of a file's content and of who may read it, "" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            mark = blake2b(file.read(), digest_size=10)
            status = os.fstat(file.fileno())
            mark.update(f"{status.st_mode} {status.st_uid} {status.st_gid}".encode())
            return mark.hexdigest()
    except OSError:
        return ""


def tree_stamp(folder: str) -> str:
    """A stamp that changes when any source file below a folder does: names, sizes and times."""
    mark = blake2b(digest_size=10)
    pending = [folder]
    while pending:
        current = pending.pop()
        for entry in sorted(os.scandir(current), key=lambda found: found.name):
            if entry.name == "__pycache__":
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                status = entry.stat()
                mark.update(f"{entry.path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return mark.hexdigest()


def machine_stamp() -> str:
    """A stamp of what settings are derived from: memory and cores."""
    with open("/proc/meminfo", encoding="ascii") as file:
        total = file.readline().split()[1]
    return f"{total}/{len(os.sched_getaffinity(0))}"


def text(
    *,
    files: Iterable[str],
    package: str,
    runtime: str,
    verdict: str,
    programs: Iterable[str],
    listeners: Iterable[str],
    said: Mapping[str, str],
) -> str:
    """The receipt for what holds now; `said` is the sentence in each language."""
    lines = [
        f"version {VERSION}",
        f"machine {machine_stamp()}",
        f"package {tree_stamp(package)} {package}",
        f"runtime {runtime}",
        f"verdict {verdict}",
        *(f"file {digest_of(path)} {path}" for path in files),
        *(f"program {name}" for name in programs),
        *(f"listener {target}" for target in listeners),
        *(f"said {language} {sentence}" for language, sentence in said.items()),
    ]
    return "\n".join(lines) + "\n"


def parse(content: str) -> dict[str, list[str]]:
    """Kind of line → the rest of each such line."""
    found: dict[str, list[str]] = {}
    for line in content.splitlines():
        kind, _, rest = line.partition(" ")
        found.setdefault(kind, []).append(rest)
    return found


def inputs_hold(receipt: Mapping[str, list[str]]) -> bool:
    """True where every file, the tool itself and the machine are as they were."""
    if receipt.get("version") != [VERSION] or receipt.get("machine") != [machine_stamp()]:
        return False
    for line in receipt.get("package", [""]):
        stamp, _, folder = line.partition(" ")
        if not os.path.isdir(folder) or tree_stamp(folder) != stamp:
            return False
    for line in receipt.get("file", []):
        digest, _, path = line.partition(" ")
        if not digest or digest_of(path) != digest:
            return False
    return True
