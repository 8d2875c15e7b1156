"""From nothing to ready: the whole stack with empty caches (budget 120 s), then a second one (budget 30 s).

Debian's packages count where the machine lacks them; the figure says how many of the programs it lacked.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from bench.measure import diary, header, row, state_root

PROGRAMS = ("/usr/sbin/nginx", "/usr/lib/postgresql", "/usr/bin/redis-server")


def main() -> None:
    header("from nothing to ready")
    missing = [path for path in PROGRAMS if not Path(path).exists()]
    with state_root() as home, diary(home) as founder:
        cache = {"HOME": str(home / "empty"), "UV_CACHE_DIR": str(home / "uv"), "npm_config_cache": str(home / "npm")}
        founder = replace(founder, env=cache)
        Path(cache["HOME"]).mkdir()
        began = time.monotonic()
        founder.ok("up", "--yes", timeout_s=900)
        apt = f"budget 120 s; {len(missing)} of {len(PROGRAMS)} programs came from apt"
        row("launcher's first run and up, empty caches", f"{time.monotonic() - began:.1f} s", apt)
        with diary(home, "bench2") as second:
            second.ok("--version")
            began = time.monotonic()
            second.ok("up", "--yes", timeout_s=900)
            row("up of a second stack of the same app", f"{time.monotonic() - began:.1f} s", "budget 30 s")


if __name__ == "__main__":
    main()
