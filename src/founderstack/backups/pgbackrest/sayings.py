"""What pgBackRest says: its backups as values, its lines as progress, its failures as errors with a cure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.point_in_time import StoredBackup
from founderstack.world.os.processes import Result

# "P01 DETAIL: backup file /…/base/1/2619 (32KB, 4.99%) checksum …". Source: pgBackRest 2.45 and 2.55, run.
_PASSED = re.compile(r"(?:backup|restore) file .* \(.*?, (\d+(?:\.\d+)?)%\)")

Progress = Callable[[str, float], None]
"""Told what is worked on and how far it is, 0 to 100."""


def nothing_to_tell(_what: str, _percent: float) -> None:
    """Nobody wants to know how far it is."""


def told(what: str, progress: Progress) -> Callable[[str], None]:
    """Takes each line of a command and tells how far it is, whole percents only."""
    before = -1

    def line(text: str) -> None:
        nonlocal before
        if (found := _PASSED.search(text)) and int(float(found[1])) > before:
            before = int(float(found[1]))
            progress(what, float(before))

    return line


def backup_of(found: dict[str, Any], stanza: dict[str, Any]) -> StoredBackup:
    """One backup of `pgbackrest info --output=json`."""
    server = found["database"]
    majors = {(one["id"], one["repo-key"]): str(one["version"]) for one in stanza["db"]}
    return StoredBackup(
        label=found["label"],
        repository=int(found["database"]["repo-key"]),
        kind=found["type"],
        began=float(found["timestamp"]["start"]),
        ended=float(found["timestamp"]["stop"]),
        needs=tuple(found.get("reference") or ()),
        major=majors.get((server["id"], server["repo-key"]), ""),
        size=int(found["info"]["size"]),
        stored=int(found["info"]["repository"].get("delta") or 0),
    )


def silent(number: int, why: str) -> StackError:
    """The error for a repository that does not say what it holds."""
    return StackError(
        _("pgBackRest cannot say what its repository {number} holds").format(number=number),
        why,
        _("Cure what it says, then run the command again."),
    )


def failure(command: str, said: Result) -> StackError:
    """The error for a command that failed, in its own words."""
    lines = [line for line in f"{said.out}\n{said.err}".splitlines() if "ERROR" in line or line.startswith("  ")]
    why = "\n".join(line.partition("ERROR: ")[2] or line.strip() for line in lines[-6:])
    # What a wrong key makes of a file is chance; pgBackRest names one of these. It also repeats its options, which do.
    if any(word in line for line in lines for word in ("CryptoError", "FormatError", "cipher")):
        fix = _("Its key is another one: put back the secrets with which it was written, or set another `folder`.")
    elif "unable to write" in why or "No space left" in why:
        # It names the error of whatever it did last, "No such file or directory" for a full disk (2.45, run).
        fix = _("The disk may be full: make room on it, then run the command again.")
    else:
        fix = _("Cure what it says, then run the command again.")
    return StackError(
        _("pgBackRest could not do “{command}”").format(command=command),
        why or _("It gave no reason."),
        fix,
    )
