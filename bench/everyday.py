"""The commands typed every day, on the whole stack: up with nothing to do, status, --help. Budgets 75, 75 and 60 ms.

Beside them, in the same run: what Python takes to do nothing, and the versions of Docker Compose, pyinfra and
Ansible where they are installed.
"""

from __future__ import annotations

import subprocess
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
        for words, budget in {"up": 75, "status": 75, "--help": 60}.items():
            took = milliseconds([*founder.argv, *words.split()], cwd=founder.folder, env=env)
            row(f"founder {words}", f"{took:.1f} ms", f"budget {budget} ms")
    peers(env)


def peers(env: dict[str, str]) -> None:
    here = Path(tempfile.gettempdir())
    row("python -I -c pass", f"{milliseconds([sys.executable, '-I', '-c', 'pass'], cwd=here, env=env):.1f} ms", "floor")
    for command in (["docker", "compose", "version"], ["pyinfra", "--version"], ["ansible", "--version"]):
        if works(command):
            took = milliseconds(command, cwd=here, env=env, runs=5)
            row(" ".join(command), f"{took:.1f} ms", "peer, doing nothing")


def works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    main()
