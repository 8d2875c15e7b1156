"""Runs the commands that tasks and restarts are made of, as a component's system user."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from founderstack.model.errors import StackError
from founderstack.model.process import Around, Command
from founderstack.world.os.processes import run

Fill = Callable[[str], str]
RunAs = Callable[[Command, str], None]
"""Runs a command as the system user of an account."""


def run_command(command: Command, user: str, fill: Fill) -> None:
    """Run one command to its end, secrets filled in; raises StackError with its words where it fails."""
    if command.unless_exists and os.path.exists(command.unless_exists):
        return
    run(
        command.argv,
        cwd=command.cwd,
        env={name: fill(value) for name, value in command.env},
        stdin=fill(command.stdin),
        timeout_s=command.timeout_s,
        user=user,
    )


@contextmanager
def around_restart(arounds: Sequence[Around], runs: Callable[[str], bool], run_as: RunAs) -> Iterator[None]:
    """Do what is to be done before the block and, in the other order, after it, whatever happened in it.

    `runs` is asked whether a process runs: one that does not holds nobody back. Raises the first error that was met.
    """
    begun: list[Around] = []
    errors: list[StackError] = []
    try:
        for around in arounds:
            if runs(around.process):
                begun.append(around)
                run_as(around.before, around.account)
        yield
    except StackError as error:
        errors.append(error)
    finally:
        for around in reversed(begun):
            try:
                run_as(around.after, around.account)
            except StackError as error:
                errors.append(error)
    if errors:
        raise errors[0]
