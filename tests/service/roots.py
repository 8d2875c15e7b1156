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


def taken_out(root: Path, program: str, folder: Path) -> tuple[str, ...]:
    """A program of that root with the libraries it needs, copied to a folder; the command that runs it here."""
    listed = subprocess.run(
        ["chroot", str(root), "ldd", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    needed = [word for word in listed.split() if word.startswith("/")]
    for path in (program, *needed):
        shutil.copy(_inside(root, path), folder / os.path.basename(path))
    loader = next(os.path.basename(path) for path in needed if os.path.basename(path).startswith("ld-"))
    return (f"{folder}/{loader}", "--library-path", str(folder), f"{folder}/{os.path.basename(program)}")


def _inside(root: Path, path: str) -> Path:
    """Where a path of that root is here, its symbolic links followed within the root."""
    found = subprocess.run(
        ["chroot", str(root), "readlink", "-f", path], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()
    return Path(f"{root}{found}")


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
