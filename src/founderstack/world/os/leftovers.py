"""Programs that a killed command left at work: ended, and known to be gone before anything else is begun."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.clock import until
from founderstack.world.os.process_table import began_with, elsewhere
from founderstack.world.os.processes import alive, all_pids, command_line, parent, signal

_END_S = 20
_TIMES = 2

Chosen = Callable[[int, tuple[str, ...]], bool]
"""Whether a process is one of them, by its pid and the words of its command line."""


def end_all(chosen: Chosen) -> None:
    """Kill every process that is one of them, and what they start meanwhile; return once there is none.

    Raises StackError, with their names, where one does not end or may not be ended.
    """

    # Twice in a row: while the kernel starts a program, it has no command line for an instant.
    looked_in_vain = 0

    def gone() -> bool:
        nonlocal looked_in_vain
        left = list(_running(chosen))
        for pid, _words in left:
            signal(pid, "KILL")
        looked_in_vain = 0 if left else looked_in_vain + 1
        return looked_in_vain == _TIMES

    if not until(gone, _END_S):
        named = ", ".join(f"{os.path.basename(words[0])} ({pid})" for pid, words in _running(chosen))
        raise StackError(
            _("What an earlier command left running cannot be ended"),
            _("Still running: {programs}.").format(programs=named),
            _("The disk may not answer: look at it, start the machine anew, then run the command again."),
        )


def writing_into(data: str, binaries: str) -> Chosen:
    """What may write into a data folder of PostgreSQL: the server and its processes, and what was begun with PGDATA.

    initdb starts shells and servers that bear no folder on their command line and outlive it.
    """
    titles, mark = ("postgres:", f"{binaries}/"), f"PGDATA={data}"

    def chosen(pid: int, words: tuple[str, ...]) -> bool:
        if words[0].startswith(titles) and (data in words or works_in(pid, data)):
            return True
        return began_with(pid, mark)

    return chosen


def orphaned(pid: int, words: tuple[str, ...]) -> bool:
    """True of a worker whose parent is not the program any more that it is a worker of."""
    return command_line(parent(pid))[:1] != words[:1]


def works_in(pid: int, folder: str) -> bool:
    """True where that is the process's working folder."""
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/cwd"), os.stat(folder))
    except OSError:
        return False


def _running(chosen: Chosen) -> Iterator[tuple[int, tuple[str, ...]]]:
    for pid in all_pids():
        words = command_line(pid)
        if words and pid != os.getpid() and chosen(pid, words) and alive(pid) and _here(pid):
            yield pid, words


def _here(pid: int) -> bool:
    """False of what a container or a chroot runs, where the same folder is another."""
    try:
        return not elsewhere(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
