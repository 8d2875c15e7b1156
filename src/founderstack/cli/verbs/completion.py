"""`founder completion`: scripts for bash, zsh and fish; each asks back what may come next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from founderstack.cli.terminal.shells import SCRIPTS
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK

if TYPE_CHECKING:  # a Tab does not wait for what reads options
    from founderstack.cli.terminal.options import Parser


def usage() -> Parser:
    """What may follow the verb."""
    from founderstack.cli.terminal.options import parser

    options = parser("completion", stack=False, example="founder completion bash")
    options.add_argument("shell", choices=tuple(SCRIPTS), help=_("the shell to complete in"))
    return options


def run(arguments: list[str]) -> int:
    """Print the script for a shell."""
    print(SCRIPTS[usage().parse_args(arguments).shell], end="")
    return EXIT_OK


def quick(arguments: list[str]) -> int | None:
    """`--words` is what the scripts ask: what may come after the words that follow."""
    if arguments[:1] != ["--words"]:
        return None
    from founderstack.cli.completing import words_after

    try:
        found = words_after(arguments[1:])
    except Exception:
        found = []  # whatever is wrong is told when the command is typed, never in the middle of a line
    print("\n".join(found))
    return EXIT_OK
