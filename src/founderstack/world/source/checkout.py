"""The checkout that this tool runs from, as Git knows it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import founderstack
from founderstack import __version__
from founderstack.model.errors import StackError
from founderstack.model.tool import Tool
from founderstack.world.source.git import git

VERSIONS = ".versions"
"""Folder of a checkout with the versions that lie beside its own."""


def tool_folder() -> str:
    """The folder that this tool runs from: a checkout, or a version beside one."""
    return os.path.dirname(os.path.dirname(os.path.dirname(founderstack.__file__)))


def checkout_of(folder: str) -> str:
    """The checkout that a version lies beside, or that `folder` is: its launcher is the one that people start."""
    above, name = os.path.split(os.path.dirname(folder))
    return above if name == VERSIONS else folder


def this_tool() -> Tool:
    """What is known of it; without Git, or installed as a package, its folder alone."""
    return tool_in(tool_folder())


def tool_in(folder: str) -> Tool:
    """The same of the checkout in a folder."""
    try:
        if _said(folder, "rev-parse", "--show-toplevel") != os.path.realpath(folder):
            return Tool(__version__, folder)
        return Tool(
            __version__,
            folder,
            _elsewhere(without_password(_said(folder, "remote", "get-url", "origin"))),
            _said(folder, "rev-parse", "HEAD"),
            changed=bool(_said(folder, "status", "--porcelain", "--untracked-files=no")),
        )
    except StackError:  # no Git on this machine
        return Tool(__version__, folder)


def _elsewhere(address: str) -> str:
    """The address, "" for a folder of this machine: who has lost the machine has lost that, too."""
    return "" if address.startswith(("/", ".", "~", "file:")) else address


def without_password(address: str) -> str:
    """The address without what signs in to it; one by SSH keeps its user, which is part of it."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _said(folder: str, *arguments: str) -> str:
    found = git(folder, *arguments)
    return found.out.strip() if found.code == 0 else ""
