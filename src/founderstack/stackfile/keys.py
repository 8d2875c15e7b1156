"""The keys of a stack file that belong to no component."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from founderstack.locale import _
from founderstack.model.component import Component
from founderstack.model.settings import setting
from founderstack.model.stack import FORMAT, Role

USE = "use"
"""The key of a table that names the component."""
TOOLS = "tools"
"""The table of tables for tools elsewhere."""
LABEL = r"^[a-z][a-z0-9-]{0,15}$"
"""What tells parts of one role apart: NAME of `[role.NAME]`."""
NONE = "none"
"""The value of `use` for a role that shall stay empty."""
RESERVED_NAMES = frozenset({"shared", "receipts", "installing"})
"""What lies beside the stacks' own folders: what the stacks of a machine share, and what is noted of them."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?=.{{4,253}}$)({_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}"
_PAGE = r"https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?(/[^\s\"'<>\\]{0,500})?"
_NAME_LENGTH = 16


@dataclass(frozen=True)
class StackSettings:
    """The keys at the top of the file."""

    format: int = setting(FORMAT, least=1)
    """Format of the file."""
    name: str = setting("", pattern=r"[a-z][a-z0-9-]{0,15}", example="diary")
    """Name of the stack on its machine: small letters, digits and dashes, 16 characters at the most. When it is
    left out, the name of the folder serves. Data is kept under this name: choose it before the first `founder up`."""
    domain: str = setting("", pattern=_HOST, example="diary.example.com")
    """Host name under which people reach the app. With one, the gateway listens on all addresses on 80 and 443;
    without one, it answers on this machine only."""
    language: Literal["", "en", "es"] = setting("")
    """Language of the terminal and the panel: `en` or `es`. When it is left out, each reader's own."""
    admin_email: str = setting("", pattern=rf"[^@\s\"']{{1,64}}@{_HOST}", example="ana@example.com")
    """E-mail address of the person in charge; the app gets it as `ADMIN_EMAIL`."""


@dataclass(frozen=True)
class ToolSettings:
    """A tool that lives elsewhere: `[tools.grafana]`. It gets a tile and is asked like everything else."""

    url: str = setting("", pattern=_PAGE, example="https://grafana.example.com")
    """Address of a page of it that answers; a person opens the same."""
    title: str = setting("", pattern=r".{1,40}", example="Grafana")
    """What its tile is called; the name of the table when empty."""
    accept: tuple[int, ...] = setting((), least=100, most=599, example="401")
    """HTTP statuses that count as up, such as 401 and 403 for a tool that asks for a sign-in of its own. When it is
    left out, those of success and redirection."""
    check_certificate: bool = setting(True)
    """`false` where its certificate is not from an authority that this machine trusts."""


def roles(components: Mapping[str, Component]) -> Mapping[Role, Component]:
    """Every role → the component that stands first in it, and says what all of them say of it."""
    found: dict[Role, Component] = {}
    for component in components.values():
        found.setdefault(component.role, component)
    return found


def tables(components: Mapping[str, Component]) -> Mapping[Role, Component]:
    """Those of the roles that have a table in the stack file."""
    return {role: component for role, component in roles(components).items() if component.table}


def slug(folder_name: str) -> str:
    """The name of a stack in a folder of that name."""
    letters = re.sub(r"[^a-z0-9]+", "-", folder_name.lower()).lstrip("-0123456789")
    name = letters[:_NAME_LENGTH].rstrip("-") or "stack"
    return f"{name}-stack" if name in RESERVED_NAMES else name


def form_of(key: str, written: str) -> tuple[str, str]:
    """What a text at the top of the file must look like, and the right form of the one that was written."""
    if key == "name":
        return _(
            "A name starts with a letter and has small letters, digits and dashes, 16 characters at the most"
        ), slug(written)
    if key == "domain":
        host = re.split("[:/]", written.strip().lower().rpartition("://")[2])[0].replace("_", "-")
        why = _("A domain is a host name alone, in small letters: no https://, no port, no path, no underscore")
        return why, host if re.fullmatch(_HOST, host) else "diary.example.com"
    return _("It is not an e-mail address"), "ana@example.com"
