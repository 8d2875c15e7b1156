"""Pages that ask for what takes long keep nobody else from an answer, and not the agent from its own turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from founderstack.agent.jobs.commands import Child
from founderstack.agent.quick_commands import MOST_WAITING, QuickCommands
from founderstack.model.errors import StackError


class Slow:
    """Commands that answer when they may, and note what was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may = threading.Semaphore(0)

    def answer(self, words: Sequence[str], *, language: str) -> dict[str, Any]:
        self.begun.append(words[-1])
        assert self.may.acquire(timeout=20)
        return {"answer": words[-1], "language": language}

    def begin(self, words: Sequence[str], out: str, *, language: str, nice: int, by: str = "") -> Child:
        raise NotImplementedError

    def runs(self, child: Child) -> bool:
        raise NotImplementedError


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def test_one_of_a_kind_is_under_way_and_few_wait() -> None:
    async def forty_previews() -> None:
        slow = Slow()
        asked = QuickCommands(slow)
        previews = [asyncio.create_task(asked.answer("deploy", f"--ref={number}")) for number in range(40)]
        await _until(lambda: slow.begun)
        plan = asyncio.create_task(asked.answer("plan", "--json"))
        await _until(lambda: len(slow.begun) == 2)
        assert slow.begun == ["--ref=0", "--json"], "another kind has its own turn"
        refused = [preview for preview in previews if preview.done()]
        assert len(refused) == 40 - MOST_WAITING
        assert all(isinstance(preview.exception(), StackError) for preview in refused)
        slow.may.release(40)
        assert (await plan)["answer"] == "--json"
        served = [(await preview)["answer"] for preview in previews if preview not in refused]
        assert served == [f"--ref={number}" for number in range(MOST_WAITING)]

    asyncio.run(forty_previews())


@pytest.mark.parametrize("leaves", [False, True])
def test_who_asks_the_same_while_it_waits_shares_the_answer_and_may_leave(leaves: bool) -> None:
    async def three() -> None:
        slow = Slow()
        asked = QuickCommands(slow)
        first = asyncio.create_task(asked.answer("plan", "--json", language="es"))
        await _until(lambda: slow.begun)
        second, third = (asyncio.create_task(asked.answer("plan", "--json", language="es")) for _ in "ab")
        await asyncio.sleep(0)
        if leaves:
            second.cancel()
        slow.may.release(2)
        wanted = {"answer": "--json", "language": "es"}
        assert [await one for one in ((first, third) if leaves else (first, second, third))] == [wanted] * (3 - leaves)
        assert slow.begun == ["--json", "--json"]

    asyncio.run(three())
