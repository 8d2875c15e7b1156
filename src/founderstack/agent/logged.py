"""Work of a turn that may fail: a line in the log, and the next turn tries again."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

from founderstack.model.errors import StackError


async def logged(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Run a job; a failure is a line in the log and the next turn tries again."""
    try:
        await job()
    except (StackError, OSError) as problem:
        why = problem.summary if isinstance(problem, StackError) else str(problem)
        sys.stderr.write(f"{name}: {why}\n")
