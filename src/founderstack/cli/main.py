"""Entry of the command line: finds the verb, runs it, and turns errors into exit codes."""

from __future__ import annotations

import sys
import time

_BEGAN = time.perf_counter()


def main(arguments: list[str] | None = None) -> int:
    """Run `founder ARGUMENTS`; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["up"], ["up", "--yes"], ["up", "-y"]):
        # The most frequent command, and nothing to do: answered before anything else is imported.
        from founderstack.cli.unchanged import nothing_to_do

        if nothing_to_do(_BEGAN):
            return 0
    from founderstack.cli.dispatch import dispatch

    return dispatch(words)
