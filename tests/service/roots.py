"""The root of another Debian, made once per machine: programs of another release, run by chroot."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from founderstack.cli.verbs.test import CACHE

MIRROR = "http://deb.debian.org/debian"


def debian_13(*packages: str) -> Path:
    """A root with Debian 13 and these packages; half a minute the first time, nothing afterwards. Needs root."""
    folder = Path(CACHE) / "roots" / "-".join(["debian-13", *sorted(packages)])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(folder, packages)
    return folder


def _make(folder: Path, packages: tuple[str, ...]) -> None:
    half = folder.with_name(f"{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    # No service of theirs starts: debootstrap itself stands in for what would start them.
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", "trixie", str(half), MIRROR]
    made = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-1000:]
    _share_user(half, "postgres")
    (half / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (half / "dev/shm").chmod(0o1777)  # where a server keeps what its processes share
    shutil.rmtree(half / "var/cache/apt/archives", ignore_errors=True)
    os.rename(half, folder)


def _share_user(root: Path, name: str) -> None:
    """Give a user of the root the numbers that it has here, so that files have one owner on both sides."""
    here = pwd.getpwnam(name)
    for file, numbers in ((root / "etc/passwd", (here.pw_uid, here.pw_gid)), (root / "etc/group", (here.pw_gid,))):
        lines = []
        for line in file.read_text().splitlines():
            words = line.split(":")
            if words[0] == name:
                words[2 : 2 + len(numbers)] = map(str, numbers)
            elif words[2] == str(numbers[0]):
                words[2] = "64999"
            lines.append(":".join(words))
        file.write_text("\n".join(lines) + "\n")
