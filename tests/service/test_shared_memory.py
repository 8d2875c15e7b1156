"""PostgreSQL where /dev/shm is too small, missing or closed, as in many containers: the message names it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import enterable_folder

ROOT = Path(__file__).parents[2]
MOUNTED = 'mount -t tmpfs -o "$1" tmpfs /dev/shm && shift && exec "$@"'
START = """
import sys
from dataclasses import replace
from pathlib import Path
from founderstack.model.errors import StackError
from founderstack.model.process import Desired
from tests.service.components import components

with components(Path(sys.argv[1]), "", []) as running:
    running.only = ("postgres",)
    wanted = running.desired()
    server = wanted.processes["postgres"]
    server = replace(server, ready=replace(server.ready, timeout_s=float(sys.argv[2])))
    try:
        running.apply(Desired({"postgres": server}, wanted.tasks))
    except StackError as error:
        print(error.what, error.why, error.fix, sep=chr(10))
"""


@pytest.mark.parametrize("options", ["size=4k,mode=1777", "mode=0755"])
def test_postgres_without_enough_shared_memory_names_the_cause(shared_home: Path, options: str) -> None:
    home = enterable_folder("founder-shm-")
    (home / "shared").symlink_to(shared_home)
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTED, "sh", options]
    said = subprocess.run(
        [*apart, sys.executable, "-c", START, str(home), "8"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    shutil.rmtree(home)
    assert (said.returncode, said.stderr) == (0, "")
    assert "share memory in /dev/shm, which is missing here, full, too small, or not open to its user" in said.stdout
    assert "--shm-size=256m" in said.stdout
    assert "shared memory segment" in said.stdout
