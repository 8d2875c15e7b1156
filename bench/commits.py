"""Acknowledged commits that PostgreSQL loses when it is killed under load: 50 kills, budget 0."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading

import psycopg

from bench.measure import header, row, small, state_root, wait_for

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
WRITERS = 4
COMMITS_BETWEEN_KILLS = 200


def main() -> None:
    header(f"{KILLS} kills of PostgreSQL under load")
    with state_root() as home, small(home) as founder:
        text = next((founder.state / "launch").glob("app-*/env")).read_text()
        found = re.search(r"^DATABASE_URL='(.+)'$", text, re.MULTILINE)
        assert found
        url = found[1]
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE promise (writer int, number int, PRIMARY KEY (writer, number))")
        promised = [0] * WRITERS
        ended = threading.Event()
        writers = [threading.Thread(target=write, args=(url, n, promised, ended)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            goal = sum(promised) + COMMITS_BETWEEN_KILLS
            wait_for(lambda goal=goal: sum(promised) >= goal, "commits go on")
            os.kill(founder.pids()["postgres"], signal.SIGKILL)
        ended.set()
        for writer in writers:
            writer.join()
        wait_for(lambda: answers(url), "PostgreSQL answers")
        with psycopg.connect(url) as connection:
            kept = dict(connection.execute("SELECT writer, max(number) FROM promise GROUP BY 1").fetchall())
            each = "SELECT max(number) last, count(*) kept FROM promise GROUP BY writer"
            holes = connection.execute(f"SELECT sum(last - kept) FROM ({each}) x")
            gaps = int((holes.fetchone() or (0,))[0])
        lost = sum(max(0, promised[n] - kept.get(n, 0)) for n in range(WRITERS)) + gaps
        row("acknowledged commits lost", str(lost), f"of {sum(promised)}; budget 0")


def write(url: str, writer: int, promised: list[int], ended: threading.Event) -> None:
    """Commit number after number; one counts once the server said so."""
    number = 1
    while not ended.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                while not ended.is_set():
                    connection.execute("INSERT INTO promise VALUES (%s, %s) ON CONFLICT DO NOTHING", (writer, number))
                    promised[writer] = number
                    number += 1
        except psycopg.Error:
            ended.wait(0.05)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


if __name__ == "__main__":
    main()
