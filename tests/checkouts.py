"""A clone of a checkout as it is, and not as its last commit was."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_GIT = ("git", "-c", "safe.directory=*")
_SOMEBODY = ("-c", "user.name=Tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")


def clone(source: Path, folder: Path) -> None:
    """Clone it; what nobody has committed there yet is the newest commit here. Ignored files stay behind."""
    subprocess.run([*_GIT, "clone", "--quiet", "--no-hardlinks", str(source), str(folder)], check=True)
    names = [
        *_names(source, "diff", "--name-only", "--no-renames", "-z", "HEAD"),
        *_names(source, "ls-files", "--others", "--exclude-standard", "-z"),
    ]
    for name in names:
        (folder / name).unlink(missing_ok=True)
        if (source / name).is_symlink() or (source / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, folder / name, follow_symlinks=False)
    if names:
        here = [*_GIT, "-C", str(folder), *_SOMEBODY]
        subprocess.run([*here, "add", "--all"], check=True)
        subprocess.run([*here, "commit", "--quiet", "--no-verify", "--message", "as it is"], check=True)


def _names(source: Path, *words: str) -> list[str]:
    said = subprocess.run([*_GIT, "-C", str(source), *words], check=True, capture_output=True, text=True).stdout
    return [name for name in said.split("\0") if name]
