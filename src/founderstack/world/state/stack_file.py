"""Where the stack file is."""

from __future__ import annotations

import os

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError

STACK_FILE = "founder.toml"


def find_stack_file(given: str = "") -> str:
    """Absolute path of the stack file: the one given, else the nearest founder.toml from this folder upwards."""
    if given:
        path = os.path.abspath(os.path.join(given, STACK_FILE) if os.path.isdir(given) else given)
    else:
        folder = os.getcwd()
        while not os.path.exists(os.path.join(folder, STACK_FILE)) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        path = os.path.join(folder, STACK_FILE)
    if os.path.exists(path):
        return path
    raise StackError(
        _("There is no stack file at {path}").format(path=path if given else os.path.join(os.getcwd(), STACK_FILE)),
        _("A stack is described by a file named founder.toml; an empty one will do."),
        _("Make one here with “founder init”, or name one: founder --file PATH …"),
        exit_code=EXIT_PRECONDITION,
    )
