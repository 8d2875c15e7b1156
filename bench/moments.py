"""pgBackRest through the tool beside the same commands by hand: python -m bench.moments [SCALE]

Needs root, PostgreSQL and pgBackRest. A full backup and a restore of one server (SCALE of pgbench, 70 is about 1 GB),
in turn through the tool and by hand, and how long a recovery to a moment takes from its files to its first answer. By
hand they run with the priority that the tool gives them, so that what else the machine does hurts both alike.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "src")]

from bench.measure import header, row  # noqa: E402
from founderstack.backups.pgbackrest import recovery  # noqa: E402
from founderstack.backups.pgbackrest.repository import NICE, PROGRAM, STANZA  # noqa: E402
from founderstack.model.point_in_time import Target  # noqa: E402
from tests.service.primaries import USER, Primary, primary, this_system  # noqa: E402

BACKUP = '[backup]\nuse = "pgbackrest"\n'
ROUNDS = 3
LIMIT = 1.1


def main(scale: int) -> None:
    """Print the figures, each ratio beside its budget."""
    with primary(this_system(), BACKUP) as server:
        server.repository.prepare()
        where = ["-h", server.socket, "-p", str(server.port), "-U", USER]
        fill = [f"{server.binaries}/pgbench", "-i", "-q", "-s", str(scale), *where, "postgres"]
        server.system.run(fill, user=USER, timeout_s=900)
        server.archive_everything()
        size = int(server.ask("SELECT sum(pg_database_size(oid)) FROM pg_database"))
        header(f"a server of {size / 1e9:.2f} GB, {ROUNDS} rounds, the tool and by hand in turn")
        tool, hand = _in_turn(
            lambda: server.repository.take("full", 1), lambda: _by_hand(server, "--type=full", "backup")
        )
        _tell("full backup", tool, hand)
        begin = server.repository.stored().backups[-1]
        newest = Target("newest", text="newest")
        site, other = server.site("tool"), server.site("hand")

        def by_tool() -> None:
            server.repository.restore(begin, newest, site.data)

        def by_hand() -> None:
            _by_hand(server, f"--pg1-path={other.data}", "--archive-mode=off", f"--set={begin.label}", "restore")

        _tell("restore", *_in_turn(by_tool, by_hand, lambda: _empty(site, other)))
        _empty(site)
        by_tool()
        began = time.monotonic()
        recovery.recover(site, newest, "", may_end_early=True, tell=lambda _piece: None)
        row("recovery until it answers", f"{time.monotonic() - began:.1f} s")
        for one in (site, other):
            recovery.clear_away(one)


def _in_turn(
    tool: Callable[[], object], hand: Callable[[], object], before: Callable[[], object] = lambda: None
) -> tuple[float, float]:
    """The median of each, taken in turn so that both see the same machine."""
    times: dict[Callable[[], object], list[float]] = {tool: [], hand: []}
    for number in range(ROUNDS):
        for work in (tool, hand) if number % 2 else (hand, tool):
            before()
            os.sync()
            began = time.monotonic()
            work()
            times[work].append(time.monotonic() - began)
    row("each round", " ".join(f"{one:.1f}" for one in times[tool]), " ".join(f"{one:.1f}" for one in times[hand]))
    return statistics.median(times[tool]), statistics.median(times[hand])


def _by_hand(server: Primary, *words: str) -> None:
    command = [PROGRAM, f"--config={server.repository.configuration}", f"--stanza={STANZA}", *words]
    server.system.run(command, user=USER, timeout_s=3600, nice=NICE)


def _empty(*sites: recovery.Site) -> None:
    for site in sites:
        shutil.rmtree(site.folder, ignore_errors=True)
        recovery.prepare(site)


def _tell(what: str, tool: float, hand: float) -> None:
    row(f"{what}: ours / by hand", f"{tool / hand:.2f}", f"{tool:.1f} s / {hand:.1f} s, budget {LIMIT}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 70)
