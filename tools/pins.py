"""Writes the files that the tool installs itself from, out of uv.lock: `.venv-test/bin/python tools/pins.py`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parent.parent
PINS = ROOT / "src/founderstack/pins"
HEADER = "# Written by tools/pins.py from uv.lock.\n"


def wanted() -> dict[str, str]:
    """File name → content: tool.txt is all the tool needs to run, uv.txt only what the launcher starts with."""
    options = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--quiet")
    command = [find_uv_bin(), "export", *options]
    everything = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout
    uv = re.search(r"^uv==.*(?:\n    .*)*\n", everything, re.MULTILINE)
    assert uv, "uv is one of the project's dependencies"
    return {"tool.txt": HEADER + everything, "uv.txt": HEADER + uv.group()}


if __name__ == "__main__":
    for name, content in wanted().items():
        (PINS / name).write_text(content)
