"""The agent: asks every process how it does, starts again what was given up on, and answers who may ask."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from founderstack.agent.alerts import EVERY_S as ALERTS_S, Alerts
from founderstack.agent.jobs.commands import Commands, OwnCommands
from founderstack.agent.jobs.jobs import Jobs
from founderstack.agent.jobs.runnable import RUNNABLE
from founderstack.agent.jobs.schedule import LOOK_S as SCHEDULE_S, Schedule
from founderstack.agent.logged import logged
from founderstack.agent.logs import logs_of
from founderstack.agent.replies import Answers, Means
from founderstack.agent.server import Server
from founderstack.agent.watching.board import Board
from founderstack.agent.watching.cures import Cures, CuringRuntime, Measure
from founderstack.agent.watching.past import Past
from founderstack.agent.watching.planned import planned
from founderstack.agent.watching.prober import Prober
from founderstack.agent.watching.records import Record, Records
from founderstack.agent.watching.revival import Revival
from founderstack.agent.watching.rotation import rotate
from founderstack.model.health import judge
from founderstack.model.process import Probe
from founderstack.model.protocols import Answer, Clock, ProcessStatus
from founderstack.model.state_folder import StateFolder
from founderstack.planner.alerts.rules import ServiceFacts
from founderstack.world.net import probes
from founderstack.world.os.files import read_text, write_atomic
from founderstack.world.os.processes import memory_mib, signal as send_signal
from founderstack.world.state.history import History
from founderstack.world.state.probe_history import Answers as Spans

TICK_S = 1.0
LOOK_S = 5.0
ROTATE_S = 60.0
PAST_S = 60.0
SAVE_S = 10.0
JUDGE_TRIES, JUDGE_PAUSE_S = 10, 0.4
RENEW_S = 6 * 3600.0
"""Certificates are made anew 30 days before they end: a few looks a day are plenty."""


class ResidentRuntime(CuringRuntime, Protocol):
    """A runtime whose own resident process can be started again after it was killed."""

    def start_resident(self) -> None:
        """Start it detached from the caller; nothing happens when it runs."""
        ...


class Agent:
    """Everything that goes on in the resident part; `tick` is one turn of it, so that tests own the time."""

    def __init__(
        self,
        state_dir: str,
        runtime: ResidentRuntime,
        fill: probes.Fill,
        clock: Clock,
        *,
        commands: Commands | None = None,
        check: Callable[[Probe, probes.Fill], Awaitable[Answer]] = probes.ask,
        spread: Callable[[], float] = random.random,
        measure: Measure = memory_mib,
    ) -> None:
        self._runtime = runtime
        self._clock = clock
        self._state_dir = state_dir
        lies = StateFolder(state_dir)
        self._state_file = lies.verdict
        self._records = Records(lies.applied, lies.tools)
        self._board = Board(self._more)
        self._past = Past(Spans(lies.probe_history))
        self._prober = Prober(lambda probe: check(probe, fill), self._heard, spread)
        self._revival = Revival()
        self._statuses: Mapping[str, ProcessStatus] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._last: dict[str, float] = {}
        self._saved_states: list[str] = []
        self._stopping = asyncio.Event()
        events = History(lies.history)
        self._cures = Cures(runtime, clock, measure, self.ask_soon, events.record)
        commands = commands or OwnCommands(state_dir)
        self.jobs = Jobs(lies.jobs, commands, clock)
        self._schedule = Schedule(state_dir, self.jobs, clock, RUNNABLE.__contains__)
        self._alerts = Alerts(state_dir, self._service_facts, self._schedule.facts, clock)
        answers = Answers(
            Means(state_dir, runtime, fill, clock, self._records, self._board, self._past, self.jobs, commands, self)
        )
        self._server = Server(lies.agent_socket, answers.single, answers.streams)

    async def run(self) -> None:
        """Serve until `stop`, then leave with the state saved."""
        self._board.restore(read_text(self._state_file) or "")
        self._cures.take_over(self._board.have_answered())
        self._past.load(self._clock.now())
        self.jobs.resume()
        await self._server.open()
        try:
            while not self._stopping.is_set():
                self.tick()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), TICK_S)
        finally:
            await self._server.close()
            await self.jobs.close()
            await asyncio.wait(self._turns.values(), timeout=2.0)
            await logged("save", self._save)
            self._past.write(self._past.new(all_of_it=True), self._clock.now())

    def stop(self) -> None:
        """End `run` soon."""
        self._stopping.set()

    def ask_soon(self, process: str) -> None:
        """Put the next question to this process now."""
        self._prober.soon(process, self._clock.monotonic())

    async def judge(self) -> list[str]:
        """Ask all that is not online until it is, for a few seconds at the most; the names of what is not.

        A command that has just seen everything ready need not leave behind a state file that knows nothing of it.
        """
        changed, done = self._board.watch()
        try:
            await self._look()
            for _try in range(JUDGE_TRIES):
                changed.clear()
                self.tick()
                if not (awaited := self._not_online()):
                    break
                for name in awaited:
                    self.ask_soon(name)
                self._prober.ask_due(self._probe_of, self._clock.monotonic())
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), JUDGE_PAUSE_S)
        finally:
            done()
        await self._save()
        return self._not_online()

    def _not_online(self) -> list[str]:
        """What runs in this stack and is not known to be well."""
        stopped = {name for name, status in self._statuses.items() if status.condition == "stopped"}
        records = self._records.by_name
        return [
            name
            for name, record in records.items()
            if not record.outside and name not in stopped and self._board.health(name).state != "online"
        ]

    def tick(self) -> None:
        """One turn: begin whatever is due. Nothing here waits."""
        now = self._clock.monotonic()
        if self._records.refresh():
            self._board.take_records(self._records.by_name)
            self._prober.keep(self._records.by_name, now)
            self._past.keep((one.identity.family for one in self._records.by_name.values()), self._clock.now())
            self._server.let_panel_in()
        self._prober.ask_due(self._probe_of, now)
        self._begin("look", LOOK_S, now, self._look)
        self._begin("cures", TICK_S, now, self._cure)
        self._begin("rotate", ROTATE_S, now, self._rotate)
        self._begin("past", PAST_S, now, self._write_past)
        self._begin("renew", RENEW_S, now, self._renew)
        self._begin("alerts", ALERTS_S, now, self._alerts.turn)
        self._begin("schedule", SCHEDULE_S, now, self._schedule.turn)
        self._begin("save", 0.0 if self._states() != self._saved_states else SAVE_S, now, self._save)

    @property
    def idle(self) -> bool:
        """True while nothing that a turn began is under way."""
        return self._prober.idle and self._cures.idle and all(turn.done() for turn in self._turns.values())

    def _probe_of(self, name: str) -> Probe | None:
        status = self._statuses.get(name)
        if status and status.condition == "stopped":
            self._pause(name)
            return None
        return self._records.by_name[name].ready

    def _pause(self, name: str) -> None:
        """Nothing is known, or held against it, of one that was stopped on purpose."""
        if record := self._records.by_name.get(name):
            self._board.put(name, self._board.health(name).paused(self._clock.now()))
            self._past.forget_pause(record.identity.family)

    def _heard(self, name: str, answer: Answer) -> None:
        now = self._clock.now()
        family = self._records.by_name[name].identity.family
        if answer.ok or not planned(self._state_dir):
            self._past.add(family, answer, now, self._clock.monotonic())
        else:
            self._past.forget_pause(family)
        self._cures.deafness.heard(name, answer)
        self._board.put(name, self._board.health(name).after(answer, now))

    def _more(self, record: Record) -> dict[str, Any]:
        status = self._statuses.get(record.name)
        condition, health = status.condition if status else "", self._board.health(record.name)
        state = judge(condition, health.state)
        return {
            "state": state,
            "since": status.since if status and state != health.state else health.since,
            "condition": condition,
            "actions": record.actions(condition),
            "logs": [] if record.outside else list(logs_of(self._state_dir, record)),
            **self._past.shown(record.identity.family, self._clock.now()),
        }

    async def _write_past(self) -> None:
        await asyncio.to_thread(self._past.write, self._past.new(), self._clock.now())

    def _service_facts(self) -> list[ServiceFacts]:
        now = self._clock.now()
        found = []
        for name, record in self._records.by_name.items():
            health = self._board.health(name)
            down_s = max(now - health.since, 0.0) if health.state == "down" else 0.0
            found.append(ServiceFacts(name, record.title or name, down_s, health.error, self._cures.outgrown(name)))
        return found

    def _states(self) -> list[str]:
        return [self._board.health(name).state for name in self._records.by_name]

    def _begin(self, name: str, every_s: float, now: float, job: Callable[[], Any]) -> None:
        """Start a job when its time has come and its last turn is over."""
        running = self._turns.get(name)
        if (running and not running.done()) or now - self._last.get(name, now - every_s) < every_s:
            return
        self._last[name] = now
        self._turns[name] = asyncio.create_task(logged(name, job))

    async def _look(self) -> None:
        """See what the supervisor says: ask at once whatever was started anew, revive what was given up on."""
        before = self._statuses
        self._statuses = {status.name: status for status in await asyncio.to_thread(self._runtime.statuses)}
        now = self._clock.monotonic()
        conditions = {name: status.condition for name, status in before.items()}
        self._board.touch(name for name, one in self._statuses.items() if one.condition != conditions.get(name))
        for name, status in self._statuses.items():
            if name in before and status.pid != before[name].pid:
                self._prober.soon(name, now)
            if status.condition == "stopped":
                self._pause(name)
        failing = [status.name for status in self._statuses.values() if status.condition == "failing"]
        if self._revival.due(failing, now):
            revived = await asyncio.to_thread(self._runtime.revive)
            self._revival.tried({*revived, *failing}, self._clock.monotonic())

    async def _cure(self) -> None:
        await self._cures.turn(self._records.by_name, self._statuses)

    async def _rotate(self) -> None:
        for record in list(self._records.by_name.values()):
            if not record.reopen_signal:  # renaming under a writer that never opens again would lose its lines
                continue
            if any([await asyncio.to_thread(rotate, path) for path in record.log_files]):
                status = self._statuses.get(record.name)
                if status and status.pid:
                    send_signal(status.pid, record.reopen_signal)

    async def _renew(self) -> None:
        await asyncio.to_thread(self._runtime.renew)

    async def _save(self) -> None:
        states = self._states()
        content = self._board.as_json(self._clock.now())
        await asyncio.to_thread(write_atomic, self._state_file, content, mode=0o644)
        self._saved_states = states
