"""Everything long: verbs of the command line as programs of their own, their events kept and told.

A job's program is set free and writes to a file that the agent reads, so both may end and begin again without the
other: an `up` may restart the very agent that started it.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any

from founderstack.agent.jobs.commands import Child, Commands
from founderstack.agent.jobs.job import Job, read_job
from founderstack.agent.jobs.runnable import command_of
from founderstack.locale import _, wire
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.world.os.files import list_files, read_json, remove_tree, write_atomic

KEPT = 50
MOST_RUNNING = 4
"""Only one at a time changes the stack, and a backup may run beside it: more than a few are a mistake or an attack."""
LOOK_S = 0.2
HEARTBEAT_S = 10.0
_CHUNK = 1 << 18
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_LONGEST_NAME = 64


class Jobs:
    """The jobs of one stack, each in a file `ID.json` of the folder, with its output in `ID.out` while it runs."""

    def __init__(self, folder: str, commands: Commands, clock: Clock) -> None:
        self._folder = folder
        self._commands = commands
        self._clock = clock
        self._running: dict[str, Job] = {}
        self._news: dict[str, asyncio.Event] = {}
        """Of each running job: set, and replaced by a new one, when there is something to tell."""
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Take up the jobs that an earlier agent left; one whose end nobody saw and that did not say it is lost."""
        for job in self._all():
            if job.state == "running":
                job.events.clear()
                self._follow_program(job, watched=False)

    async def close(self) -> None:
        """Look no longer; the programs go on."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs that have not ended."""
        return tuple(self._running.values())

    async def run(self, verb: str, options: Mapping[str, Any], by: str, language: str = "") -> str:
        """The id of a job that was begun; raises StackError for what is not in the table or too much at once."""
        words, nice = command_of(verb, options)
        if len(self._running) >= MOST_RUNNING:
            raise _too_many([job.verb for job in self._running.values()])
        now = self._clock.now()
        job = Job(_new_id(now), verb, dict(options), _plain(by), started=round(now, 1))
        self._running[job.id] = job
        try:
            await asyncio.to_thread(self._begin, job, words, language, nice)
        except BaseException:
            del self._running[job.id]
            raise
        sys.stderr.write(f"job {job.id}: {' '.join(words)} (asked by {job.by or 'nobody named'})\n")
        self._follow_program(job, watched=True)
        return job.id

    def newest(self) -> list[dict[str, Any]]:
        """The kept jobs, newest first, without their events."""
        return [job.shown(events=False) for job in self._all()[:KEPT]]

    def get(self, job_id: str) -> dict[str, Any]:
        """One job with its events; raises StackError where there is none of this id."""
        return self._find(job_id).shown()

    async def follow(self, job_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """`{"event": …}` for each event, past and to come, then `{"job": …}`, the job as it ended.

        `{"at": …}` comes every ten seconds in which nothing happens, as a sign of life.
        """
        job = self._find(job_id)
        told = 0
        while True:
            news = self._news.get(job_id)
            for event in [event for event in job.events if event["n"] > told]:
                told = event["n"]
                yield {"event": event}
            if news is None:
                break
            try:
                await asyncio.wait_for(news.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield {"at": round(self._clock.now(), 1)}
        yield {"job": job.shown(events=False)}

    def _begin(self, job: Job, words: tuple[str, ...], language: str, nice: int) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._save(job)
        child = self._commands.begin(words, self._out(job), language=language, nice=nice, by=job.by)
        job.pid, job.pid_started = child.pid, child.started
        self._save(job)
        self._prune()

    def _follow_program(self, job: Job, *, watched: bool) -> None:
        self._running[job.id] = job
        self._news[job.id] = asyncio.Event()
        task = asyncio.create_task(self._listen(job, watched=watched))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, job: Job, *, watched: bool) -> None:
        """Take in what the program says until it is gone, then keep how it ended."""
        child, output = Child(job.pid, job.pid_started), _Lines(self._out(job))
        while True:
            gone = not self._commands.runs(child)
            watched = watched or not gone
            lines = output.more()
            for line in lines:
                job.hears(line)
            if gone and not lines:
                break
            if lines:
                self._tell(job)
            else:
                await asyncio.sleep(LOOK_S)
        job.ends(self._clock.now(), watched=watched)
        try:
            await asyncio.to_thread(self._finish, job)
        except StackError as problem:
            sys.stderr.write(f"job {job.id}: {problem.summary}\n")
        del self._running[job.id]
        self._news.pop(job.id).set()

    def _tell(self, job: Job) -> None:
        news, self._news[job.id] = self._news[job.id], asyncio.Event()
        news.set()

    def _finish(self, job: Job) -> None:
        self._save(job)
        remove_tree(self._out(job))

    def _save(self, job: Job) -> None:
        write_atomic(f"{self._folder}/{job.id}.json", wire.dumps({"v": 1, **job.as_values()}), mode=0o600)

    def _prune(self) -> None:
        for job in self._all()[KEPT:]:
            if job.id not in self._running:
                remove_tree(f"{self._folder}/{job.id}.json")
                remove_tree(self._out(job))

    def _all(self) -> list[Job]:
        """Every job, newest first."""
        names = [os.path.basename(path) for path in list_files(self._folder) if path.endswith(".json")]
        found = [self._load(name.removesuffix(".json")) for name in sorted(names, reverse=True)]
        return [job for job in found if job]

    def _load(self, job_id: str) -> Job | None:
        if job_id in self._running:
            return self._running[job_id]
        try:
            return read_job(wire.revived(read_json(f"{self._folder}/{job_id}.json")))
        except StackError:  # damaged: that job is lost, and nothing else
            return None

    def _find(self, job_id: str) -> Job:
        job = self._load(job_id) if _ID.fullmatch(job_id) else None
        if job is None:
            raise StackError(
                what=_("There is no such job"),
                why=_("The newest {count} are kept.").format(count=KEPT),
                fix=_("Look at the list of jobs."),
            )
        return job

    def _out(self, job: Job) -> str:
        return f"{self._folder}/{job.id}.out"


class _Lines:
    """The whole lines that were added to a file since the last look."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def more(self) -> list[bytes]:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                chunk = file.read(_CHUNK)
        except OSError:
            return []
        self._offset += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return lines


def _new_id(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _plain(name: str) -> str:
    """A name as it may stand in a log: short and on one line."""
    return "".join(letter for letter in name if letter.isprintable())[:_LONGEST_NAME]


def _too_many(verbs: list[str]) -> StackError:
    return StackError(
        what=_("Too much is going on"),
        why=_("These run now: {verbs}.").format(verbs=", ".join(verbs)),
        fix=_("Wait until one of them has ended, then try again."),
    )
