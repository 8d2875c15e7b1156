"""`founder completion`: scripts for bash, zsh and fish, with the verbs and the services that run."""

from __future__ import annotations

from founderstack.cli import glance
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.options import parser
from founderstack.cli.terminal.shells import SCRIPTS
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK, StackError
from founderstack.world.state.stack_file import find_stack_file

TAKE_SERVICES = ("logs", "restart", "stop", "start", "open", "status")


def run(arguments: list[str]) -> int:
    """Print the script for a shell; `--words` is what the scripts ask."""
    if arguments[:1] == ["--words"]:
        print("\n".join(words_after(arguments[1:])))
        return EXIT_OK
    options = parser("completion", stack=False, example="founder completion bash >> ~/.bashrc")
    options.add_argument("shell", choices=tuple(SCRIPTS), help=_("the shell to complete in"))
    print(SCRIPTS[options.parse_args(arguments).shell], end="")
    return EXIT_OK


def words_after(before: list[str]) -> list[str]:
    """What may come next after these words."""
    if not before:
        return list(VERBS)
    if before[0] not in TAKE_SERVICES:
        return []
    try:
        return glance.service_names(list(glance.records(glance.state_of(find_stack_file()))))
    except StackError:
        return []  # Outside a stack there are no services to offer.
