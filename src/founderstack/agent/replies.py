"""What the agent answers to each verb."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from founderstack.agent import credentials, logs
from founderstack.agent.jobs.commands import Commands
from founderstack.agent.jobs.jobs import Jobs
from founderstack.agent.jobs.runnable import DIGEST, REF
from founderstack.agent.quick_commands import QuickCommands
from founderstack.agent.verbs import refused
from founderstack.agent.watching.board import Board
from founderstack.agent.watching.past import MOST_HOURS, Past
from founderstack.agent.watching.records import Record, Records
from founderstack.locale import _, wire
from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.model.process import secret
from founderstack.model.protocols import Clock, Runtime
from founderstack.model.state_folder import StateFolder
from founderstack.planner.backups.warnings import standing
from founderstack.world.os.files import read_json
from founderstack.world.state.history import History

HEARTBEAT_S = 10.0
COALESCE_S = 0.25
MOST_EVENTS = 500

Arguments = Mapping[str, Any]


class Life(Protocol):
    """What of the agent's own life a verb may reach."""

    def ask_soon(self, process: str) -> None:
        """Put the next question to this process now."""
        ...

    async def judge(self) -> list[str]:
        """Ask all that is not online until it is, for a few seconds at the most; the names of what is not."""
        ...

    def stop(self) -> None:
        """End soon."""
        ...


@dataclass(frozen=True)
class Means:
    """What the answers are taken from."""

    state_dir: str
    runtime: Runtime
    fill: Callable[[str], str]
    clock: Clock
    records: Records
    board: Board
    past: Past
    jobs: Jobs
    commands: Commands
    life: Life


class Answers:
    """One method for each verb of the table; `single` and `streams` are what the server looks them up in."""

    def __init__(self, means: Means) -> None:
        self._state_dir = means.state_dir
        self._runtime = means.runtime
        self._fill = means.fill
        self._clock = means.clock
        self._records = means.records
        self._board = means.board
        self._past = means.past
        self._jobs = means.jobs
        self._asked = QuickCommands(means.commands)
        self._life = means.life
        self._events = History(StateFolder(means.state_dir).history)
        self._restarting = asyncio.Lock()
        self.single: Mapping[str, Callable[[Arguments], Awaitable[Any]]] = {
            "ping": self._ping,
            "status": self._status,
            "judge": self._judge,
            "history": self._history,
            "happened": self._happened,
            "logs": self._logs,
            "plan": self._plan,
            "run": self._run,
            "jobs": self._newest_jobs,
            "job": self._job,
            "releases": self._releases,
            "waiting": self._waiting,
            "build": self._build,
            "backups": self._backups,
            "restart": self._restart,
            "credentials": self._credentials,
            "reveal": self._reveal,
            "stop": self._stop,
        }
        self.streams: Mapping[str, Callable[[Arguments], AsyncGenerator[Any, None]]] = {
            "watch": lambda given: self.watch(),
            "follow": lambda given: means.jobs.follow(given["id"]),
            "tail": self._tail,
            "building": self._building,
        }

    async def watch(self) -> AsyncGenerator[dict[str, Any], None]:
        """Everything, then what changed, and a sign of life where nothing did; a burst of changes comes as one."""
        changed, done = self._board.watch()
        version = 0
        try:
            while True:
                changed.clear()
                since, version = version, self._board.version
                yield self._page(since)
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                await asyncio.sleep(COALESCE_S)
        finally:
            done()

    def _page(self, since: int) -> dict[str, Any]:
        return {"at": round(self._clock.now(), 1), **self._board.since(since)}

    async def _ping(self, given: Arguments) -> str:
        return "pong"

    async def _status(self, given: Arguments) -> dict[str, Any]:
        return self._page(0)

    async def _judge(self, given: Arguments) -> dict[str, list[str]]:
        return {"not_online": await self._life.judge()}

    async def _history(self, given: Arguments) -> dict[str, Any]:
        """`{"buckets": [[began_at, seconds, median_ms, p95_ms, ok, failed, error] …]}`, oldest first, gaps left out."""
        name, now = self._record(given["process"]).identity.family, self._clock.now()
        hours = min(max(given.get("hours", 24), 1), MOST_HOURS)
        return {"buckets": await asyncio.to_thread(self._past.buckets, name, hours, now)}

    async def _happened(self, given: Arguments) -> dict[str, Any]:
        limit = min(max(given.get("limit", 100), 1), MOST_EVENTS)
        events = await asyncio.to_thread(self._events.recent, limit)
        return {"events": [asdict(event) for event in events]}

    async def _logs(self, given: Arguments) -> dict[str, Any]:
        path = self._log(given["process"])
        lines, _place = await asyncio.to_thread(logs.last_lines, path, _count(given))
        return {"lines": lines, "bytes": await asyncio.to_thread(logs.room, path)}

    async def _tail(self, given: Arguments) -> AsyncGenerator[dict[str, Any], None]:
        """`{"lines": [[at, text] …]}`: first the last lines, then each burst of new ones; `{"at": …}` in silence."""
        path = self._log(given["process"])
        lines, place = await asyncio.to_thread(logs.last_lines, path, _count(given))
        yield {"lines": lines}
        spoken = self._clock.monotonic()
        async for lines in logs.new_lines(path, place):
            now = self._clock.monotonic()
            if lines:
                yield {"lines": lines}
            elif now - spoken >= HEARTBEAT_S:
                yield {"at": round(self._clock.now(), 1)}
            else:
                continue
            spoken = now

    async def _plan(self, given: Arguments) -> dict[str, Any]:
        document = await self._asked.answer("plan", "--json", language=given.get("language", ""))
        return {"digest": document.get("digest", ""), "steps": document.get("changes", [])}

    async def _run(self, given: Arguments) -> dict[str, str]:
        process = self._records.by_name.get(str(given["options"].get("process", "")))
        if given["verb"] == "stop" and process and not process.stops:
            raise StackError(
                what=_("{name} is not stopped from here").format(name=process.name),
                why=_("This page, or what starts it again, would go with it."),
                fix=_("Run in the terminal: founder stop {name}").format(name=process.name),
            )
        started = await self._jobs.run(given["verb"], given["options"], given["by"], given.get("language", ""))
        return {"job": started}

    async def _newest_jobs(self, given: Arguments) -> dict[str, Any]:
        return {"jobs": await asyncio.to_thread(self._jobs.newest)}

    async def _job(self, given: Arguments) -> dict[str, Any]:
        return self._jobs.get(given["id"])

    async def _releases(self, given: Arguments) -> dict[str, Any]:
        kept = await asyncio.to_thread(read_json, StateFolder(self._state_dir).releases)
        return {"current": kept.get("current", 0), "releases": kept.get("releases", [])}

    async def _waiting(self, given: Arguments) -> dict[str, Any]:
        """As `founder deploy --preview --json` says it."""
        ref = given.get("ref", "")
        if not REF.fullmatch(ref):
            raise refused(_("Its arguments are not those of the verb {verb}.").format(verb="waiting"))
        return await self._asked.answer(
            "deploy", "--preview", "--json", f"--ref={ref}", language=given.get("language", "")
        )

    async def _build(self, given: Arguments) -> dict[str, Any]:
        """`{"lines": …, "at": …}`: the last lines, and when the newest was written; none where nothing is kept."""
        if not DIGEST.fullmatch(given["digest"]):
            raise refused(_("There is no such log."))
        path = await asyncio.to_thread(logs.build_log, self._state_dir, given["digest"])
        lines, _place = await asyncio.to_thread(logs.last_lines, path, logs.MOST_LINES)
        return {"lines": lines, "at": logs.written(path)}

    async def _building(self, given: Arguments) -> AsyncGenerator[dict[str, Any], None]:
        """`{"lines": …}`: all said so far, then each burst; `{"at": …}` in silence; `{"job": ID}` at the end."""
        path, place, spoken = "", logs.Place(), self._clock.monotonic()
        while True:
            job, now = self._jobs.get(given["id"]), self._clock.monotonic()
            # One that is older was left by an earlier build of the same.
            path = path or logs.build_log(self._state_dir, job["build"], job["started"])
            lines, place = logs.more(path, place, timed=False)
            if lines:
                yield {"lines": lines}
            elif job["state"] != "running":
                yield {"job": job["id"]}
                return
            elif now - spoken >= HEARTBEAT_S:
                yield {"at": round(self._clock.now(), 1)}
            else:
                await asyncio.sleep(logs.LOOK_S)
                continue
            spoken = now

    async def _backups(self, given: Arguments) -> dict[str, Any]:
        """As the last command that touched backups left them; before the first, as a look finds them."""
        kept: dict[str, Any] = wire.revived(
            await asyncio.to_thread(read_json, StateFolder(self._state_dir).backup_index)
        )
        if not kept:
            return await self._asked.answer("backups", "--json")
        about = await asyncio.to_thread(read_json, StateFolder(self._state_dir).backup_settings)
        if about.get("schedule"):
            kept["warnings"] = standing(kept, about, self._clock.now(), os.path.exists)
        return kept

    async def _credentials(self, given: Arguments) -> list[dict[str, Any]]:
        return credentials.shown(self._records.by_name.values())

    async def _reveal(self, given: Arguments) -> dict[str, str]:
        """The secret of a sign-in. That somebody saw it is written down before it is told."""
        credential = credentials.find(self._records.by_name, given["name"])
        who = "".join(letter for letter in given["by"] if letter.isprintable())[:64]
        told = {"value": self._fill(secret(credential.secret)), "url": self._fill(credential.url)}
        sys.stderr.write(f"secret {credential.secret} shown to {who}\n")
        seen = Event("done", f"secrets show:{credential.secret}", self._clock.now(), detail=who)
        await asyncio.to_thread(self._events.record, seen)
        return told

    async def _stop(self, given: Arguments) -> None:
        self._life.stop()

    async def _restart(self, given: Arguments) -> None:
        name = given["process"]
        if not self._record(name).restarts:
            raise StackError(
                what=_("The agent cannot restart itself"),
                why=_("It would be stopped before it could start again."),
                fix=_("Run in the terminal: founder restart {name}").format(name=name),
            )
        async with self._restarting:
            await asyncio.to_thread(self._runtime.restart, name)
        self._life.ask_soon(name)

    def _record(self, name: str) -> Record:
        record = self._records.by_name.get(name)
        if record is None:
            raise StackError(
                what=_("There is no process {name}").format(name=name[:64]),
                why=_("It is not among the processes of this stack."),
                fix=_("See their names: founder status"),
            )
        return record

    def _log(self, name: str) -> str:
        """The path of a log by its name, `nginx` or `nginx:access`; raises StackError where there is none."""
        found = logs.logs_of(self._state_dir, self._record(name.partition(":")[0]))
        if name not in found:
            raise refused(_("There is no such log."))
        return found[name]


def _count(given: Arguments) -> int:
    return min(max(int(given.get("lines", 200)), 1), logs.MOST_LINES)
