"""An agent that answers from values: sixteen processes with a past, and jobs, logs and plans that a test can change."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from founderstack.world.os.clock import SystemClock

NOW = SystemClock().now() // 3600 * 3600
"""The last full hour."""
BUCKET_S = 2880
SERVICES = (
    # name, title, group, summary, version, address, path, median ms
    ("app-3-4fd2a1-1", "App", "app", "The main application", "3", "https://localhost:8443", "", 14.0),
    ("postgres", "PostgreSQL", "data", "Main database", "15", "127.0.0.1:5432", "", 1.2),
    ("redis", "Redis", "data", "Cache and sessions", "7.0", "127.0.0.1:6379", "", 0.4),
    ("nginx", "Nginx", "gateway", "Gateway with TLS", "1.22", "https://localhost:8443", "", 0.9),
    ("pgadmin", "pgAdmin", "tools", "See and manage the database", "9.18", "", "/tools/pgadmin/", 41.0),
    ("redis-commander", "Redis Commander", "tools", "Look into the cache", "0.9", "", "/tools/redis/", 9.0),
    ("panel", "Panel", "tools", "This page", "", "https://localhost:9443", "", 2.0),
    ("agent", "Agent", "tools", "Schedules, probes and retries", "", "", "", 0.3),
)
MORE = (
    ("app-3-4fd2a1-2", "App", "app", "The main application", "3", "https://localhost:8443", "", 15.0),
    ("seaweedfs", "SeaweedFS", "data", "Files and objects", "3.99", "127.0.0.1:8333", "", 3.0),
    ("grafana", "Grafana", "outside", "", "", "https://grafana.example", "", 88.0),
    ("dokploy", "Dokploy", "outside", "", "", "https://dokploy.example", "", 120.0),
    ("mail", "Mail relay", "outside", "", "", "https://mail.example", "", 60.0),
    ("docs", "Documents", "outside", "", "", "https://docs.example", "", 30.0),
    ("status", "Status page", "outside", "", "", "https://status.example", "", 70.0),
    ("umami", "Umami", "outside", "", "", "https://umami.example", "", 20.0),
)

JOB = "20261124T195900Z-ab12cd"
STEPS = (
    {"id": "do:app/build", "action": "do", "title": "build the app", "reason": "its source changed", "risk": "none"},
    {"id": "start:app-3", "action": "start", "title": "start app-3", "reason": "new release", "risk": "none"},
    {"id": "restart:redis", "action": "restart", "title": "restart redis", "reason": "its setting maxmemory changed",
     "risk": "interruption"},
    {"id": "stop:app-2", "action": "stop", "title": "stop app-2", "reason": "replaced", "risk": "none"},
)  # fmt: skip


def bars(milliseconds: float, *, bad: Mapping[int, int] | None = None, count: int = 30, seed: int = 7) -> list[Any]:
    """Buckets of 48 minutes up to now; `bad` gives the failures of some of them, by index."""
    chance = random.Random(seed + int(milliseconds * 10))
    found = []
    for index in range(count):
        failed = (bad or {}).get(index, 0)
        ms = round(milliseconds * chance.lognormvariate(0, 0.35), 2)
        began = NOW - (count - index) * BUCKET_S
        found.append([began, BUCKET_S, 0.0 if failed >= 288 else ms, max(0, 288 - failed), failed])
    return found


def service(name: str, **more: Any) -> dict[str, Any]:
    """What the agent says of one of the services."""
    _name, title, group, summary, version, address, path, ms = next(one for one in (*SERVICES, *MORE) if one[0] == name)
    outside = group == "outside"
    actions = ["logs"] if name == "agent" else ["restart", "stop", "logs", "credentials"]
    return {
        "title": title, "group": group, "path": path, "summary": summary, "version": version, "address": address,
        "asks_first": title == "PostgreSQL", **_identity(name, group),
        "restarts": name != "agent", "state": "online", "since": NOW - 273_000, "latency_ms": ms, "error": "",
        "checked": NOW - 4, "failures": 0, "history": [], "uptime_24h": 1.0, "p50_ms": ms, "p95_ms": ms * 2.4,
        "last_error": None, "bars": bars(ms), "condition": "running", "actions": [] if outside else actions,
        "outside": outside, "logs": [name, f"{name}:access"] if name == "nginx" else [name], **more,
    }  # fmt: skip


def _identity(name: str, group: str) -> dict[str, Any]:
    if group != "app":
        return {"ring": "", "number": 0, "family": name, "generation": ""}
    number = 1 if name == SERVICES[0][0] else 2
    return {"ring": "app", "number": number, "family": f"app-{number}", "generation": "3-4fd2a1"}


def event(kind: str, step: str, ago: float, **more: Any) -> dict[str, Any]:
    """An event of a job or of the history."""
    return {"kind": kind, "step": step, "at": NOW - ago, "seconds": 0.0, "detail": "", **more}


def job(**more: Any) -> dict[str, Any]:
    """A job that runs, half way."""
    return {
        "id": JOB, "verb": "up", "options": {"plan": "abcd1234"}, "by": "founder", "state": "running",
        "started": NOW - 60, "ended": 0.0, "code": None, "result": None, "error": None, "steps": list(STEPS),
        "build": "b" * 20,
        "events": [
            event("started", "do:app/build", 60), event("done", "do:app/build", 20, seconds=40.2),
            event("started", "start:app-3", 20), event("progress", "start:app-3", 19, detail="GET /api/health"),
        ], **more,
    }  # fmt: skip


def revision(commit: str, subject: str, changed: int = 0) -> dict[str, Any]:
    """A commit as Git tells it."""
    author, committed = ("Ana Núñez", "2026-11-22T09:30:00+01:00") if commit else ("", "")
    return {"commit": commit, "subject": subject, "author": author, "committed": committed, "changed": changed}


def waiting(current: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What `founder deploy --preview --json` says: three commits and what is not committed."""
    commits = [
        revision("5f2c91d07be34a6c8f10", "Let people choose a photo of the day"),
        revision(
            "c0ffee12aa03491b77de",
            "Mend the calendar of February in leap years, and weeks that begin in another month",
        ),
        revision("0badcafe11d243aa9b02", "Say so when nothing was written"),
    ]
    new = {"number": 4, "digest": "4" * 20, "ref": "", "revision": {**commits[0], "changed": 2}}
    difference = {"commits": commits, "count": 3, "back": 0, "files": 12, "added": 340, "removed": 87}
    return {"v": 1, "nothing": False, "current": current, "new": new, "difference": difference, **more}


def _jobs() -> list[dict[str, Any]]:
    error = {
        "what": "The build of the app failed",
        "why": "Type error: Property 'x' does not exist.",
        "fix": "Repair it, then run founder deploy again.",
    }
    done = {"verb": "restart", "options": {"process": "redis"}, "state": "done", "code": 0}
    failed = {"verb": "deploy", "options": {"ref": "main"}, "by": "ana", "state": "failed", "code": 1, "error": error}
    return [
        job(),
        job(id="20261124T190000Z-000001", started=NOW - 3600, ended=NOW - 3597, **done),
        job(id="20261124T180000Z-000002", started=NOW - 7200, ended=NOW - 7110, **failed),
        job(id="20261123T180000Z-000003", started=NOW - 97_200, ended=NOW - 97_110, verb="backup", state="lost"),
    ]


def backup_set(number: int, days: float, **more: Any) -> dict[str, Any]:
    """A set as `founder backups --json` lists it."""
    return {
        "id": f"2026112{number}T033000Z-00000{number}", "taken_at": NOW - days * 86_400, "seconds": 12.4,
        "size": 48_200_000,
        "engine": "dump", "kind": "full", "major": "15", "os": "debian:12", "places": ["local", "s3"], "missing": [],
        "notes": [], "databases": ["app"], "proven": None, **more,
    }  # fmt: skip


def backups() -> dict[str, Any]:
    good = {"at": NOW - 50_000, "ok": True, "seconds": 21.5, "loss_s": 3600.0, "problems": [], "place": "s3"}
    bad = {**good, "at": NOW - 90_000, "ok": False, "problems": ["public.entry: 9 rows instead of 10"]}
    return {
        "v": 1, "at": NOW, "stack": "diary", "engine": "dump", "schedule": "03:30", "prove": "weekly",
        "next": NOW + 27_000, "newest": NOW - 43_200, "overdue_s": 0.0,
        "places": [
            {"name": "local", "where": "/var/lib/founder/diary/backups", "error": "", "sets": 3, "bytes": 144_600_000,
             "damaged": []},
            {"name": "s3", "where": "https://s3.example/diary", "error": "", "sets": 3, "bytes": 144_600_000,
             "damaged": [], "gone": ["20261101T033000Z-000009"]},
        ],
        "warnings": [],
        "sets": [
            backup_set(4, 0.5), backup_set(3, 1.5, proven=good), backup_set(2, 2.5, proven=bad),
            backup_set(1, 3.5, missing=["database/app.dump.age"]),
        ],
    }  # fmt: skip


def _answers() -> dict[str, Any]:
    chance = random.Random(3)
    # From a day ago to the end of this hour, whenever in it the test runs.
    began = [NOW + number * 300 for number in range(-288, 12)]
    day: list[list[Any]] = [[at, 300, round(chance.lognormvariate(0.4, 0.4), 2), 9.0, 30, 0, ""] for at in began]
    day[96:98] = [[at, 300, None, None, 0, 30, "refused"] for at in began[96:98]]
    text = (
        "2026-11-24 19:{:02}:00.123 UTC [812] LOG:  checkpoint complete: wrote {} buffers (0.4%); 0 WAL file(s) added"
    )
    lines = [[None, text.format(index, index * 7 % 97)] for index in range(60)]
    releases = [
        {"number": number, "digest": f"{number:020x}", "ref": "", "created": f"2026-11-2{number}T10:00:00+00:00",
         "restarts": 0, "by": "ana", "revision": revision(commit, subject)}
        for number, commit, subject in (
            (1, "", ""), (2, "9e107d9d372bb6826bd81d3542a419d6", "Begin"), (3, "4de4e1cb8bec461ea24ac0e0", "Greet"),
        )
    ]  # fmt: skip
    happened = [
        event("done", "restart:redis", 3600, seconds=1.3),
        event("started", "restart:redis", 3602),
        event("failed", "do:app/build", 7100, seconds=90.0, detail="npm ended with 1"),
        event("started", "do:app/build", 7190),
        event("done", "secrets show:panel.admin", 8000, detail="founder"),
        event("started", "start:postgres", 90_000),
    ]
    return {
        "history": {"buckets": day},
        "logs": {"lines": lines, "bytes": 4_300_000},
        "tail": [{"lines": lines}],
        "jobs": {"jobs": _jobs()},
        "job": job(),
        "follow": [{"event": event("started", "do:app/build", 60)}],
        "plan": {"digest": "abcd1234", "steps": list(STEPS)},
        "run": {"job": JOB},
        "backups": backups(),
        "releases": {"current": 3, "releases": releases},
        "waiting": waiting(releases[-1]),
        "build": {"at": NOW, "lines": [[None, "> next build"], [None, "Type error: 'x' does not exist."]]},
        "building": [],
        "credentials": [
            {
                "name": "PostgreSQL, the app",
                "process": "postgres",
                "component": "postgres",
                "host": "127.0.0.1",
                "port": 5432,
                "user": "app",
                "url": "postgresql://app:••••@127.0.0.1:5432/app",
                "command": "psql postgresql://app@127.0.0.1:5432/app",
                "secret": "postgres.app",
                "rotates": True,
            }
        ],
        "happened": {"events": happened},
    }


class CannedAgent:
    """Speaks the agent's protocol on a socket of its own, from a thread; what it answers are its attributes."""

    def __init__(self, path: Path, *, everything: bool = False) -> None:
        self.path = path
        self._names = [one[0] for one in ((*SERVICES, *MORE) if everything else SERVICES)]
        self.processes: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        """By verb: a value, an error's three texts under "error", or a list of lines for those that stream."""
        self.reset()
        self._loop = asyncio.new_event_loop()
        self._changed: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._ready, self._end = threading.Event(), asyncio.Event()

    def __enter__(self) -> CannedAgent:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_problem: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Everything as it was at first."""
        self.processes = {name: service(name) for name in self._names}
        self.asked, self.answers = [], _answers()

    def runs(self) -> list[dict[str, Any]]:
        """What was begun as a job, in order."""
        return [{"verb": args["verb"], **args["options"]} for verb, args in self.asked if verb == "run"]

    def change(self, name: str, **more: Any) -> None:
        """Have a service do otherwise, and tell those who watch."""
        self.processes[name] = {**self.processes[name], **more}
        self.tell()

    def tell(self) -> None:
        """Wake up every stream: what they give is looked up anew."""

        def wake() -> None:
            assert self._changed is not None
            self._changed.set()
            self._changed = asyncio.Event()

        self._loop.call_soon_threadsafe(wake)

    async def _serve(self) -> None:
        self._changed = asyncio.Event()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        listener = await asyncio.start_unix_server(self._accept, str(self.path))
        self._ready.set()
        await self._end.wait()
        listener.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                request = json.loads(await reader.readline())
                await self._answer(request["verb"], request["args"], writer)
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _answer(self, verb: str, arguments: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if verb != "ping":  # goes before whatever may take long
            self.asked.append((verb, arguments))

        async def say(result: Any) -> None:
            writer.write(json.dumps({"v": 1, "ok": True, "result": result}).encode() + b"\n")
            await writer.drain()

        answer = self.answers.get(verb)
        if isinstance(answer, dict) and set(answer) == {"error"}:
            writer.write(json.dumps({"v": 1, "ok": False, "error": answer["error"]}).encode() + b"\n")
            await writer.drain()
        elif verb == "watch":
            await self._repeat(lambda: {"at": NOW, "names": list(self.processes), "processes": self.processes}, say)
        elif verb in ("follow", "tail", "building"):
            await self._lines(verb, say)
        else:
            await say(answer)

    async def _repeat(self, value: Callable[[], Any], say: Callable[[Any], Awaitable[None]]) -> None:
        while True:
            assert self._changed is not None
            changed = self._changed
            await say(value())
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), 5)

    async def _lines(self, verb: str, say: Callable[[Any], Awaitable[None]]) -> None:
        told = 0
        while True:
            assert self._changed is not None
            changed, lines = self._changed, list(self.answers.get(verb) or [])
            for line in lines[told:]:
                await say(line)
                if "job" in line:
                    return
            told = len(lines)
            await changed.wait()
