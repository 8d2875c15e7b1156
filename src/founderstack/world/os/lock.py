"""One command at a time may change a stack; whoever comes second learns who holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.errors import EXIT_LOCKED, StackError
from founderstack.world.os.clock import SystemClock, until
from founderstack.world.os.files import NO_ROOM, cannot_write, ensure_folder


@dataclass(frozen=True)
class LockHolder:
    """Who holds a lock, as they wrote it down; pid 0 where they had not yet."""

    pid: int = 0
    host: str = ""
    user: str = ""
    command: str = ""
    since: float = 0.0
    """Seconds since the epoch."""


@contextmanager
def stack_lock(path: str, *, command: str, wait_s: float = 0) -> Iterator[None]:
    """Hold the lock while the block runs; raises StackError (EXIT_LOCKED) naming the holder after `wait_s`.

    The kernel keeps it, so it ends with its holder, however that dies.
    """
    with _opened(path) as file:
        if not until(lambda: _taken(file), wait_s, every_s=0.1):
            raise _locked(read_holder(path), command)
        _write_holder(file, command)
        try:
            yield
        finally:
            _write_note(file, b"")


def read_holder(path: str) -> LockHolder:
    """Who wrote themselves into the lock file last; nobody where they could not, as on a full disk."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return LockHolder(**json.load(file))
    except (OSError, ValueError, TypeError):
        return LockHolder()


@contextmanager
def _opened(path: str) -> Iterator[int]:
    if not os.path.isdir(os.path.dirname(path)):
        ensure_folder(os.path.dirname(path))
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise cannot_write(path, error) from None
        raise StackError(
            _("The lock {path} cannot be opened").format(path=path),
            f"{error.strerror}.",
            _("Run the command as the user who owns the stack, or as root (sudo)."),
        ) from None
    try:
        if os.fstat(file).st_uid == os.geteuid():
            os.fchmod(file, 0o600)  # whoever may read it could hold it for ever
        yield file
    finally:
        os.close(file)


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(file: int, command: str) -> None:
    import json
    import pwd

    holder = {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "command": command,
        "since": SystemClock().now(),
    }
    _write_note(file, json.dumps(holder).encode())


def _write_note(file: int, note: bytes) -> None:
    """Whole or not at all: only others' words come from it, and what makes room must run on a full disk too."""
    # Not through a temporary file: the lock is on this very file, not on its name.
    with suppress(OSError):
        os.ftruncate(file, 0)
        with suppress(OSError):
            if os.pwrite(file, note, 0) == len(note):
                return
        os.ftruncate(file, 0)


def _locked(holder: LockHolder, command: str) -> StackError:
    why = _("Another command that changes this stack is running.")
    if holder.pid:
        seconds = max(SystemClock().now() - holder.since, 0)
        why = _('"{command}" is running: process {pid} of {user}, for {seconds:.0f} seconds now.').format(
            command=holder.command, pid=holder.pid, user=holder.user, seconds=seconds
        )
    return StackError(
        _('"{command}" cannot start now').format(command=command),
        why,
        _("Wait until it has ended, then run the command again."),
        exit_code=EXIT_LOCKED,
    )
