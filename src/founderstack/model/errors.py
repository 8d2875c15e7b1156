"""The error that a person reads: what happened, why, and what cures it."""

from __future__ import annotations

from collections.abc import Iterable

from founderstack.locale import Sentence, joined

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CHANGES_PENDING = 2
EXIT_UNHEALTHY = 3
EXIT_AUTH_NEEDED = 4
EXIT_LOCKED = 5
EXIT_PRECONDITION = 6
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130


def showable(text: str) -> str:
    """The text as every terminal, page and file takes it: names of files are bytes, and not all are UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode(errors="replace").decode()
        if not isinstance(text, Sentence):
            return shown
        values = {name: showable(one) if isinstance(one, str) else one for name, one in text.values.items()}
        return Sentence(text.template, values, shown)
    return text  # itself: it may know how it is said in another language


class StackError(Exception):
    """One problem, in the three parts that a person needs.

    `what` names the thing and its place (`founder.toml:14`), `why` the known cause (never a guess),
    `fix` one command or one edit that cures it. `exit_code` is what the command line ends with.
    """

    def __init__(self, what: str, why: str, fix: str, *, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(what)
        self.what = showable(what)
        self.why = showable(why)
        self.fix = showable(fix)
        self.exit_code = exit_code

    @property
    def summary(self) -> str:
        """What and why, for a line of a log or as the reason of something larger."""
        return joined(": ", (self.what, self.why))

    @property
    def problems(self) -> tuple[StackError, ...]:
        """Every single problem this error stands for, itself when it is one."""
        return (self,)


class StackErrors(StackError):
    """Several problems reported at once; the exit code is the first one's."""

    def __init__(self, problems: Iterable[StackError]) -> None:
        found = tuple(problems)
        first = found[0]
        super().__init__(first.what, first.why, first.fix, exit_code=first.exit_code)
        self._problems = found

    @property
    def problems(self) -> tuple[StackError, ...]:
        return self._problems
