"""An agent for tests: its runtime notes what it is told, and the test owns its clock and its processes' answers."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from founderstack.agent.agent import Agent
from founderstack.agent.jobs.commands import Child
from founderstack.model.errors import StackError
from founderstack.model.plan import Step
from founderstack.model.process import Desired, Probe, State
from founderstack.model.protocols import Answer, ProcessCondition, ProcessStatus

ONLINE = Answer(True, 2.0)
SILENT = Answer(False, 5000.0, "no answer in time")


class ManualClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.steady = 50.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def wait(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class NotingRuntime:
    """A runtime that runs nothing and notes what it was told."""

    def __init__(self) -> None:
        self.conditions: dict[str, ProcessCondition] = {}
        self.since: dict[str, float] = {}
        """Process → when it was started; long ago where there is nothing."""
        self.told: list[str] = []
        self.broken: str = ""

    def observe(self) -> State:
        return State()

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        raise AssertionError(step)

    def last_lines(self, process: str, count: int) -> list[str]:
        return []

    def forget(self) -> None:
        self.told.append("forget")

    def statuses(self) -> Sequence[ProcessStatus]:
        return [
            ProcessStatus(name, condition, 1, self.since.get(name, 0.0)) for name, condition in self.conditions.items()
        ]

    def restart(self, process: str) -> None:
        if self.broken:
            raise StackError(f"{process} did not become ready", self.broken, "founder logs")
        self.told.append(f"restart {process}")

    def pause(self, process: str) -> None:
        self.told.append(f"pause {process}")

    def resume(self, process: str) -> None:
        self.told.append(f"resume {process}")

    def renew(self) -> Sequence[str]:
        """Nothing ends by itself here."""
        return ()

    def break_off(self) -> None:
        pass

    def set_aside(self, processes: Sequence[str]) -> None:
        self.told.append(f"set aside {' '.join(processes)}")

    def take_back(self, process: str) -> None:
        self.told.append(f"take back {process}")

    def revive(self) -> Sequence[str]:
        failing = [name for name, condition in self.conditions.items() if condition == "failing"]
        self.told.append(f"revive {' '.join(failing)}")
        return failing

    def shut_down(self) -> None:
        self.told.append("shut down")

    def start_resident(self) -> None:
        self.told.append("start supervisor")


class NotingCommands:
    """A command line that runs nothing: it notes the words, and says what the test wrote down for the verb."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.says: dict[str, list[dict[str, Any]]] = {}
        """Verb → the documents that its job says; one step that goes well where there is nothing."""
        self.documents: dict[str, dict[str, Any]] = {"plan": {"v": 1, "digest": "0123456789", "changes": []}}
        """Verb → what a quick command answers."""
        self.open: set[str] = set()
        """Verbs whose jobs go on until the test takes them out of here (or uses `say` and then does)."""
        self._verbs: dict[int, tuple[str, str]] = {}

    def begin(self, words: Sequence[str], out: str, *, language: str, nice: int, by: str = "") -> Child:
        self.told.append(tuple(words))
        pid = len(self.told)
        self._verbs[pid] = (words[0], out)
        good = [
            {"v": 1, "kind": "started", "step": f"{words[0]}:it", "title": words[0], "at": 1.0, "seconds": 0.0},
            {"v": 1, "kind": "done", "step": f"{words[0]}:it", "title": words[0], "at": 2.0, "seconds": 1.0},
            {"v": 1, "result": {}, "code": 0},
        ]
        for document in self.says.get(words[0], good):
            self.say(pid, document)
        return Child(pid, 0.0)

    def say(self, pid: int, document: dict[str, Any]) -> None:
        """Let the command of the `pid`-th job (from 1) say one more line."""
        with open(self._verbs[pid][1], "a") as file:
            file.write(json.dumps(document) + "\n")

    def runs(self, child: Child) -> bool:
        return self._verbs.get(child.pid, ("", ""))[0] in self.open

    def answer(self, words: Sequence[str], *, language: str) -> dict[str, Any]:
        document = self.documents[words[0]]
        if "error" in document:
            raise StackError(**document["error"])
        return document


class Bench:
    """An agent under test: its folder, its clock, and what each process answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "applied").mkdir()
        (folder / "agent").mkdir()
        self.clock = ManualClock()
        self.runtime = NotingRuntime()
        self.commands = NotingCommands()
        self.answers: dict[str, Answer | None] = {}
        """Process → its answer, one that is well where there is nothing; None never comes."""
        self.asked: dict[str, int] = {}
        self.memory_mib = 100
        """What every process takes."""
        self.agent = self.new_agent()

    @property
    def socket(self) -> str:
        return str(self.folder / "agent" / "agent.sock")

    def new_agent(self) -> Agent:
        return Agent(
            str(self.folder),
            self.runtime,
            str,
            self.clock,
            commands=self.commands,
            check=self._check,
            spread=random.Random(7).random,
            measure=lambda pids: dict.fromkeys(pids, self.memory_mib),
        )

    def process(self, name: str, **more: Any) -> None:
        record = {"v": 1, "name": name, "component": name, "ready": asdict(Probe("tcp", name)), "title": name, **more}
        path = self.folder / "applied" / f"{name}.json"
        path.with_suffix(".new").write_text(json.dumps(record))
        path.with_suffix(".new").rename(path)

    async def _check(self, probe: Probe, fill: Callable[[str], str]) -> Answer:
        self.asked[probe.target] = self.asked.get(probe.target, 0) + 1
        answer = self.answers.get(probe.target, ONLINE)
        if answer is None:
            await asyncio.Event().wait()
        assert answer
        return answer

    async def forward(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, `step` seconds a turn, and wait for what each turn began; hung probes are not waited for."""
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            self.agent.tick()
            for _ in range(200):
                await asyncio.sleep(0)
                if self.agent.idle or None in self.answers.values():
                    break
                await asyncio.sleep(0.001)
            await asyncio.sleep(0)

    def state(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.agent._board.since(0)["processes"][name]
        return found


def served(bench: Bench, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` while the agent serves in the same loop."""

    async def both() -> None:
        running = asyncio.create_task(bench.agent.run())
        while not os.path.exists(bench.socket):
            await asyncio.sleep(0.005)
        try:
            await asyncio.wait_for(work(), 20)
        finally:
            bench.agent.stop()
            await running

    asyncio.run(both())
