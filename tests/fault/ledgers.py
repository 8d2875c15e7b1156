"""Clients that write all the time and remember, by themselves, what was committed and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import psycopg

from tests.conftest import wait_until
from tests.fault.stacks import Founder

NEVER = float("inf")
CREATE = "CREATE TABLE ledger (n int PRIMARY KEY, body text); ALTER TABLE ledger OWNER TO app"


@dataclass(frozen=True)
class Fork:
    """The database was taken back: to a moment, within a stretch of time."""

    to: float
    began: float
    ended: float
    reachable: bool
    """True where moments between `to` and `began` can still be reached."""


@dataclass
class Ledger:
    """Every row that was asked for: when, and when its commit had been told."""

    founder: Founder
    rows: dict[int, tuple[float, float]] = field(default_factory=dict)
    forks: list[Fork] = field(default_factory=list)
    first: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def writing(self, writers: int = 3) -> Iterator[None]:
        """Clients that commit one row after the other, and come back whenever they were cut off."""
        self._ended.clear()
        threads = [threading.Thread(target=self._write) for _ in range(writers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(60)

    def grown(self, count: int) -> None:
        """Return once so many more rows were committed."""
        before = self.committed()
        wait_until(lambda: self.committed() >= before + count, f"{count} more rows", 120)

    def silent(self) -> bool:
        """True where nobody has written for a second."""
        with self._lock:
            return max((told for _asked, told in self.rows.values() if told < NEVER), default=0.0) < time.time() - 1

    def committed(self) -> int:
        with self._lock:
            return sum(told < NEVER for _asked, told in self.rows.values())

    def must(self, moment: float) -> set[int]:
        """Rows that were committed until then, beyond doubt, and that no way back has taken away since."""
        return {
            n
            for n, (asked, told) in self._all().items()
            if told <= moment
            and all(told <= fork.to or asked >= fork.ended for fork in self.forks if fork.ended <= moment)
        }

    def may(self, moment: float) -> set[int]:
        """Rows that can have been committed by then: those above, and what was on its way in that very moment."""
        return {
            n
            for n, (asked, told) in self._all().items()
            if asked <= moment
            and all(asked <= fork.to or told >= fork.began for fork in self.forks if fork.ended <= moment)
        }

    def check_now(self) -> None:
        """The same of what is there while clients write."""
        before = time.time()
        found = written(self.founder)
        self.check(before, found, time.time())

    def check(self, moment: float, found: dict[int, str], latest: float = 0.0) -> None:
        """Every row of the moment is there, as it was written, and nothing later (than `latest`)."""
        must, may = self.must(moment), self.may(max(moment, latest))
        assert must - set(found) == set(), f"lost of {len(must)}"
        assert set(found) - may == set(), f"too much: of {len(may)}"
        assert [n for n, body in found.items() if body != content(n)] == []

    def _all(self) -> dict[int, tuple[float, float]]:
        with self._lock:
            return dict(self.rows)

    def _write(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._ended.is_set():
            try:
                connection = connection or connected(self.founder)
                with self._lock:
                    self.first += 1
                    number = self.first
                    self.rows[number] = (time.time(), NEVER)
                connection.execute("INSERT INTO ledger VALUES (%s, %s)", [number, content(number)])
                with self._lock:
                    self.rows[number] = (self.rows[number][0], time.time())
            except psycopg.Error:
                if connection:
                    connection.close()
                connection = None
                self._ended.wait(0.2)
            self._ended.wait(0.01)
        if connection:
            connection.close()


def content(number: int) -> str:
    """What is written into a row: its content shows whose it is."""
    return sha256(str(number).encode()).hexdigest()


def connected(founder: Founder, database: str = "app") -> psycopg.Connection[Any]:
    """The superuser, by the socket."""
    socket, port = f"{founder.state}/run/postgres", founder.port("postgres.sql")
    return psycopg.connect(
        host=socket, port=port, user="postgres", dbname=database, autocommit=True, connect_timeout=10
    )


def written(founder: Founder, database: str = "app") -> dict[int, str]:
    """The rows that a database holds."""
    with connected(founder, database) as connection:
        return dict(connection.execute("SELECT n, body FROM ledger").fetchall())
