"""How this command was called, and what has to be typed to call it again."""

from __future__ import annotations

import os
import sys

NAME = "founder"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@,")


def as_typed() -> str:
    """What calls this command from where its caller stands: `./founder` as it was typed, its name, or its whole path.

    Its name alone too where nobody typed anything: the agent runs commands for the panel.
    """
    called = _called()
    if not called or on_path() == os.path.realpath(called):
        return NAME if not called or called.startswith("/") else _quoted(called)
    if not os.path.exists(called):  # a link that `destroy` has just taken away
        called = launcher()
    return _quoted(called) if called else NAME


def launcher() -> str:
    """The real path of the program that starts this tool; "" where there is none, as in the agent's copy."""
    called = os.path.realpath(_called()) if _called() else ""
    if os.path.isfile(called):
        return called
    beside = os.path.abspath(f"{os.path.dirname(__file__)}/../../../../{NAME}")
    return beside if os.access(beside, os.X_OK) else ""


def on_path() -> str:
    """The real path of what runs when somebody types the name alone, "" where nothing does."""
    for folder in path_folders():
        path = os.path.join(folder, NAME)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.realpath(path)
    return ""


def path_folders() -> list[str]:
    """The folders in which the caller's shell looks for commands."""
    return [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]


def _called() -> str:
    """The launcher as the shell was given it: it tells us, since Python only knows of the package."""
    told = sys._xoptions.get(NAME, "")
    called = told if isinstance(told, str) and told else sys.argv[0]
    if os.path.basename(called) != NAME:
        return ""
    return called if "/" in called else f"./{called}"


def _quoted(path: str) -> str:
    """The path as a shell takes it, without loading what can quote anything for a path that needs nothing."""
    if _PLAIN.issuperset(path):
        return path
    import shlex

    return shlex.quote(path)
