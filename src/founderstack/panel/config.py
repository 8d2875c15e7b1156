"""What the panel is told when it starts: one file, written by the runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from founderstack.locale import _
from founderstack.model.errors import StackError


@dataclass(frozen=True)
class Config:
    """The panel's own configuration."""

    stack: str
    cookie: str
    """Name of the session cookie; the gateway takes it out before every upstream but this one."""
    socket: str
    agent: str
    """The agent's socket."""
    accounts: str
    """File with who may sign in."""
    data: str
    """Folder of the panel's own database."""
    gateway_secret: str
    app_url: str = ""
    panel_url: str = ""
    language: str = ""
    """The stack's language; "" leaves it to the browser."""


def read_config(path: str) -> Config:
    """The configuration in a JSON file; raises StackError when it is not whole."""
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
        config = Config(**{field.name: values[field.name] for field in fields(Config) if field.name in values})
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise StackError(
            what=_("The panel cannot start with {path}").format(path=path),
            why=str(problem),
            fix=_("Run founder up, which writes the file anew."),
        ) from None
    if len(config.gateway_secret) < 16:
        raise StackError(
            what=_("The panel cannot start with {path}").format(path=path),
            why=_("It holds no secret to know the gateway by."),
            fix=_("Run founder up, which writes the file anew."),
        )
    return config
