"""The error of what did not get ready or done: by its cause, where what a program said shows a known one."""

from __future__ import annotations

from collections.abc import Sequence

from founderstack.locale import _, joined
from founderstack.model.errors import StackError
from founderstack.model.process import Sign
from founderstack.model.record import identity_of
from founderstack.runtimes.host.records import Record

_SHOWN = 15


def not_ready(record: Record, lines: Sequence[str], late: str, waited_s: float) -> StackError:
    """What to tell of an applied process from its last lines; `late` is what its probe said, "" where it ended."""
    who = identity_of(record)
    cause = (
        _("It did not answer within {seconds:.0f} s: {error}.").format(seconds=waited_s, error=late)
        if late
        else _("It ended again and again.")
    )
    error = StackError(
        _("{name} did not get ready").format(name=who.spoken(_(str(record.get("title") or "")))),
        joined("\n  | ", (cause, *once(lines)[-_SHOWN:])),
        _("Read “founder logs {name}”, mend the cause, and run the command again.").format(name=who.service),
    )
    signs = [Sign(**sign) for sign in record.get("signs", ())]
    return explained(error, signs, folder=str(record.get("folder", "")))


def once(lines: Sequence[str]) -> Sequence[str]:
    """The last lines without what was said again word for word by each life of a process that ends and is started."""
    if len(set(lines)) == 1:
        return lines[-1:]
    for size in range(len(lines) // 2, 1, -1):
        last = lines[-size:]
        if last == lines[-2 * size : -size]:
            part = next(n for n in range(1, size + 1) if size % n == 0 and list(last[:n]) * (size // n) == list(last))
            return last[:part]
    return lines


def explained(error: StackError, signs: Sequence[Sign], *, folder: str = "") -> StackError:
    """The error with the cause and the cure of the first sign that its words show; as it is without one."""
    for sign in signs:
        if sign.words in error.why:
            why, fix = (_(text).format(folder=folder) for text in (sign.why, sign.fix))
            return StackError(error.what, joined("\n", (why, error.why)), fix, exit_code=error.exit_code)
    return error
