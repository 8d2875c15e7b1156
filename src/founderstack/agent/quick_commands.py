"""Quick commands of the tool that pages ask for: one of a kind at a time, and never more waiting than can be served."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import Any

from founderstack.agent.jobs.commands import Commands
from founderstack.locale import _
from founderstack.model.errors import StackError

MOST_WAITING = 4
"""Of one kind, besides the one under way; each takes a processor for seconds."""


class QuickCommands:
    """Answers of `founder WORDS`. Who asks the same while it waits for its turn gets the same answer."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[tuple[str, ...], asyncio.Task[dict[str, Any]]] = {}

    async def answer(self, *words: str, language: str = "") -> dict[str, Any]:
        """The document that the command prints; raises StackError with its own words, or where too many wait."""
        key = (*words, language)
        if key not in self._waiting:
            if Counter(first for first, *_rest in self._waiting)[words[0]] >= MOST_WAITING:
                raise _busy()
            self._waiting[key] = asyncio.create_task(self._in_turn(key))
        return await asyncio.shield(self._waiting[key])

    async def _in_turn(self, key: tuple[str, ...]) -> dict[str, Any]:
        *words, language = key
        async with self._turns[words[0]]:
            del self._waiting[key]  # what is under way may have looked before the next who asks changed something
            return await asyncio.to_thread(self._commands.answer, tuple(words), language=language)


def _busy() -> StackError:
    return StackError(
        what=_("The agent has enough to look up at the moment"),
        why=_("{count} pages wait for an answer of the same kind already.").format(count=MOST_WAITING),
        fix=_("Load this page again in a minute."),
    )
