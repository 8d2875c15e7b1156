"""Questions at the terminal. Whoever ends the input (Ctrl-D) has not answered, and what was asked for is not done."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from founderstack.cli.terminal.typed import _

_YES = ("y", "yes", "s", "si", "sí")


def somebody_there() -> bool:
    """True where somebody can be asked; a closed input is nobody."""
    return sys.stdin is not None and sys.stdin.isatty()


def typed(question: str) -> str:
    """What is answered, "" for nothing, where nobody can be asked, and at the end of the input."""
    return _answer(lambda: input(question)) if somebody_there() else ""


def unseen(question: str) -> str:
    """As `typed`, for what nobody else shall see; as it was typed, spaces too."""
    return _answer(lambda: getpass.getpass(question), strip=False) if somebody_there() else ""


def piped() -> str:
    """The first line of what another program pipes in, "" where the input is closed."""
    return sys.stdin.readline().strip() if sys.stdin else ""


def agreed(question: str) -> bool:
    """True where somebody sits there and says yes."""
    return typed(question).lower() in _YES


def _answer(ask: Callable[[], str], *, strip: bool = True) -> str:
    if sys.stderr is not None and sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)  # else it would stand behind a line of progress
    try:
        answer = ask()
    except EOFError:
        print("\n" + _("The input has ended: nothing was answered."), file=sys.stderr)
        return ""
    return answer.strip() if strip else answer
