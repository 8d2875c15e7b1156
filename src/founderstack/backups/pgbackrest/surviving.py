"""The log of changes of a lost server: its pieces are counted before anything begins, and copied one by one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
from contextlib import suppress
from typing import BinaryIO

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.point_in_time import SurvivingLog
from founderstack.world.os.files import cannot_write

_PIECE = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")


def surviving(folder: str, *, named: bool) -> SurvivingLog:
    """What lies in a folder `pg_wal`; nothing where it is gone and nobody `named` it. Raises StackError where it was
    named and is none, or cannot be read: what was committed last may lie in it."""
    sizes = []
    try:
        for name in _pieces(folder):
            with suppress(FileNotFoundError):  # a running server has removed it
                sizes.append(os.stat(f"{folder}/{name}").st_size)
    except OSError as error:
        if not named and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return SurvivingLog()
        raise _refused(folder, error.strerror or str(error)) from None
    if named and not sizes:
        raise _refused(folder, _("No piece of a log lies in it."))
    return SurvivingLog(folder, len(sizes), sum(sizes))


def copy(folder: str, into: str, uid: int, gid: int) -> int:
    """Copy what is not there yet, as this user's, because the server writes over what it has read; how many came over.

    Raises StackError where one cannot be read or written. One that a running server has removed meanwhile is none.
    """
    count = 0
    for name in _pieces(folder):
        target = f"{into}/{name}"
        if os.path.lexists(target):
            continue
        try:
            source = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(f"{folder}/{name}", error.strerror or str(error)) from None
        with open(source, "rb") as piece:
            if stat.S_ISREG(os.fstat(source).st_mode):
                _written(piece, target, uid, gid)
                count += 1
    return count


def _written(piece: BinaryIO, target: str, uid: int, gid: int) -> None:
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(file, "wb") as written:
            os.fchown(file, uid, gid)
            shutil.copyfileobj(piece, written, 2**20)
    except OSError as error:
        raise cannot_write(target, error) from None


def _pieces(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if _PIECE.fullmatch(name))


def _refused(folder: str, why: str) -> StackError:
    inside = os.path.join(folder, "pg_wal")
    fix = _("Name the folder pg_wal of the lost server: --log FOLDER")
    if os.path.isdir(inside):
        fix = _("Did you mean this one? --log {folder}").format(folder=shlex.quote(inside))
    return StackError(
        _("The log in {folder} cannot be used").format(folder=folder), why, fix, exit_code=EXIT_PRECONDITION
    )
