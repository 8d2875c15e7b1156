"""Finds the module of a verb, and ends every command the same way."""

from __future__ import annotations

import importlib
import os
import sys

from founderstack import __version__
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, StackError

_FOR_ALL = ("--help", "-h", "--version", "-V")
"""Options that are a command of their own."""


def dispatch(words: list[str]) -> int:
    """Run the verb that `words` name; returns the exit code."""
    before, verb, rest = _split(words)
    if verb in ("", "--help", "-h") and not before:
        return _help()
    if verb in ("--version", "-V"):
        print(f"founder {__version__}")
        return EXIT_OK
    if verb == "help" and not rest:
        return _help()
    if verb not in VERBS:
        error = _unknown(verb)
        _show(error, words)
        return error.exit_code
    return _run(verb, [*before, *rest])


def _split(words: list[str]) -> tuple[list[str], str, list[str]]:
    """(options given before the verb, the verb, what follows): `founder --json status` is `founder status --json`."""
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] not in _FOR_ALL:
        index += 2 if words[index] == "--file" and index + 1 < len(words) else 1
    if index < len(words):
        return words[:index], words[index], words[index + 1 :]
    return [], words[0] if words else "", words[1:]


def _run(verb: str, arguments: list[str]) -> int:
    try:
        module = importlib.import_module(f"founderstack.cli.verbs.{verb.replace('-', '_')}")
        # A verb that must answer at once reads its plain options itself.
        answered: int | None = module.quick(arguments) if hasattr(module, "quick") else None
        if answered is not None:
            return answered
        _heed_signals()
        code: int = module.run(arguments)
        return code
    except StackError as error:
        _show(error, arguments)
        return error.exit_code
    except KeyboardInterrupt:
        print(_("Interrupted. Run the same command again to go on where it stopped."), file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`| head`); Python must not complain while it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:
        if "--debug" in arguments:
            raise
        _show_unforeseen(error, arguments)
        return EXIT_FAILED


def _show_unforeseen(error: Exception, arguments: list[str]) -> None:
    """A disk that takes nothing more is the machine's trouble, wherever it is met; all else is a defect of ours."""
    from founderstack.world.os import disk

    if not isinstance(error, OSError) or error.errno not in disk.NO_ROOM:
        from founderstack.cli.terminal.render import show_defect

        show_defect(error)
        return
    import tempfile

    from founderstack.world.os.ambient import state_root

    places = (state_root(), tempfile.gettempdir(), ".")
    written = error.filename if isinstance(error.filename, str) else disk.full_one(places)
    _show(disk.no_room(written, error), arguments)


def _heed_signals() -> None:
    """A closed terminal and a `kill` end a command as Ctrl-C does: with what it has started."""
    import signal  # the quick verbs do not pay for it

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup has said otherwise
            signal.signal(number, interrupt)


def _show(error: StackError, arguments: list[str]) -> None:
    if "--events" in arguments:
        from founderstack.cli.terminal.events import tell_error

        tell_error(error)
        return
    from founderstack.cli.terminal.render import show_error

    show_error(error, as_json="--json" in arguments)


def _help() -> int:
    width = max(len(name) for name in VERBS) + 2
    print(_("founder — one command that runs the whole infrastructure of an app on a machine you own"))
    print("\n" + _("Usage: founder [--file FILE] VERB [OPTIONS]") + "\n")
    for name, summary in VERBS.items():
        print(f"  {name:<{width}}{_(summary)}")
    print("\n" + _("“founder VERB --help” says more about one of them. Start with: founder up"))
    return EXIT_OK


def _unknown(verb: str) -> StackError:
    from difflib import get_close_matches

    near = get_close_matches(verb, VERBS, n=1)
    return StackError(
        _("There is no verb “{verb}”").format(verb=verb),
        _("“founder --help” lists them."),
        _("Did you mean “founder {verb}”?").format(verb=near[0]) if near else _("Choose one of them."),
        exit_code=EXIT_USAGE,
    )
