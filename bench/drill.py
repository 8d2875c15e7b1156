"""What a drill costs the running app: p95 of its requests while a backup is restored beside it; budget 1.5 times."""

from __future__ import annotations

import json
import ssl
import statistics
import threading
import time
from contextlib import closing
from http.client import HTTPSConnection

import psycopg

from bench.measure import header, row, small, state_root
from tests.fault.stacks import Founder

ROWS = 2_000_000
PACE_S = 0.025
BEFORE_S = 20.0


class Users:
    """Asks at a steady pace: a page through the gateway, a row by its key, and a row that is written."""

    def __init__(self, founder: Founder) -> None:
        self._port, self._trust = founder.port("nginx.https"), founder.trust()
        socket, port = f"{founder.state}/run/postgres", founder.port("postgres.sql")
        self._database = psycopg.connect(host=socket, port=port, user="postgres", dbname="app", autocommit=True)
        self.took: list[float] = []
        self.ended = threading.Event()

    def ask(self) -> None:
        number = 0
        with closing(self._client()) as client, self._database:
            while not self.ended.wait(PACE_S):
                number += 7919
                began = time.perf_counter()
                client.request("GET", "/")
                client.getresponse().read()
                self._database.execute("SELECT body FROM note WHERE id = %s", (number % ROWS + 1,)).fetchone()
                self._database.execute("INSERT INTO visit VALUES (%s)", (number,))
                self.took.append((time.perf_counter() - began) * 1000)

    def _client(self) -> HTTPSConnection:
        assert isinstance(self._trust, ssl.SSLContext)
        return HTTPSConnection("localhost", self._port, context=self._trust, timeout=30)


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def main() -> None:
    header(f"a drill of {ROWS:,} rows beside the running app")
    with state_root() as home, small(home) as founder:
        fill(founder)
        founder.ok("backup")
        users = Users(founder)
        thread = threading.Thread(target=users.ask)
        thread.start()
        time.sleep(BEFORE_S)
        before = list(users.took)
        done = founder.ok("backup", "prove", "--json")
        during = users.took[len(before) :]
        users.ended.set()
        thread.join()
        found = json.loads(done.out)["result"]
        row("restored and checked in", f"{found['seconds']:.1f} s", f"ok: {found['ok']}")
        row("p95 before", f"{p95(before):.1f} ms", f"{len(before)} requests")
        row("p95 during", f"{p95(during):.1f} ms", f"{len(during)} requests")
        row("ratio", f"{p95(during) / p95(before):.2f}", "budget 1.5")


def fill(founder: Founder) -> None:
    """Rows enough that a restore takes its time."""
    socket, port = f"{founder.state}/run/postgres", founder.port("postgres.sql")
    with psycopg.connect(host=socket, port=port, user="postgres", dbname="app", autocommit=True) as database:
        database.execute("SET ROLE app")
        database.execute("CREATE TABLE visit (id bigint)")
        database.execute("CREATE TABLE note (id int PRIMARY KEY, body text)")
        database.execute(
            "INSERT INTO note SELECT i, md5(i::text) || md5((i + 1)::text) FROM generate_series(1, 2000000) i"
        )


if __name__ == "__main__":
    main()
