"""The commands typed every day, on the whole stack: up with nothing to do, status, --help. Budgets 75, 75 and 60 ms.

Beside them, in the same run: what Python takes to do nothing, Docker Compose's help, pyinfra's version where installed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import diary, header, milliseconds, row, state_root, wait_for


def main() -> None:
    header("everyday commands")
    with state_root() as home, diary(home) as founder:
        founder.ok("up", "--yes", timeout_s=900)
        wait_for(lambda: founder.run("status", "--check").code == 0, "everything online")
        assert "No changes" in founder.ok("up").out
        env = founder.environment()
        wanted = {"up": 75, "status": 75, "--help": 60, "plan --json": 0}
        for words, budget in wanted.items():
            if words.startswith("plan"):
                continue
            took = milliseconds([*founder.argv, *words.split()], cwd=founder.folder, env=env)
            row(f"founder {words}", f"{took:.1f} ms", f"budget {budget} ms")
    peers(env)


def peers(env: dict[str, str]) -> None:
    here = Path(tempfile.gettempdir())
    row("python -I -c pass", f"{milliseconds([sys.executable, '-I', '-c', 'pass'], cwd=here, env=env):.1f} ms", "floor")
    if shutil.which("docker") and os.system("docker compose version >/dev/null 2>&1") == 0:
        took = milliseconds(["docker", "compose", "version"], cwd=here, env=env)
        row("docker compose version", f"{took:.1f} ms", "peer, doing nothing")
    if shutil.which("pyinfra"):
        row(
            "pyinfra --version",
            f"{milliseconds(['pyinfra', '--version'], cwd=here, env=env):.1f} ms",
            "peer, doing nothing",
        )


if __name__ == "__main__":
    main()
